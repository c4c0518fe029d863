"""What a reduction is fitted to, and what a fit finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """What was measured on cells of one level: potentials in mV above rest, times in ms.

    Attributes
    ----------
    synapses : ndarray of shape (n,)
        Numbers of synapses that fire together on one branch.
    threshold : float
        Their number at which one more adds most to the soma's peak.
    soma_peak, soma_half_width, branch_peak, branch_half_width : ndarray of shape (n,)
    branches_peak : ndarray of shape (n_branches,)
        Of the soma, by as many synapses as are standard on each of one, two and more branches.
    depolarisation, threshold_of_depolarisation : ndarray
        The threshold of a cell that is held depolarised.
    peak_of_hold : ndarray of shape (n_depolarisations, n)
        Of its soma.
    spread, threshold_of_spread : ndarray
        The threshold when the synapses fire one after the other, evenly over a time.
    peak_of_spread : ndarray of shape (n_spreads, n)
        Of the soma.
    half_width_of_spread : ndarray
        Of the soma, by as many synapses as are standard.
    strength, lead_of_strength : ndarray
        Volleys, in smallest ones that fire the resting cell, and how much sooner the spike comes.
    delay, lead_of_delay : ndarray
        The same for times from the branch's synapses to the volley's onset.
    lead_of_synapses : ndarray of shape (n,)
        The same for numbers of synapses on the branch.
    standard : dict of str to float
        ``synapses``, ``delay`` and ``strength`` of the leads where they do not vary.
    tuft_synapses, earliest, latest : ndarray
        First and last time of synapses on the tuft, after a spike, that make a burst of it.
    tuft_count, tuft_ahead : float
        How many make one when they are so many ms ahead of the spike.
    burst_spikes, burst_interval : float
        Number of spikes of such a burst, and their interval.
    """

    synapses: Array
    threshold: float
    soma_peak: Array
    soma_half_width: Array
    branch_peak: Array
    branch_half_width: Array
    branches_peak: Array
    depolarisation: Array
    threshold_of_depolarisation: Array
    peak_of_hold: Array
    spread: Array
    threshold_of_spread: Array
    peak_of_spread: Array
    half_width_of_spread: Array
    strength: Array
    lead_of_strength: Array
    delay: Array
    lead_of_delay: Array
    lead_of_synapses: Array
    standard: dict[str, float]
    tuft_synapses: Array
    earliest: Array
    latest: Array
    tuft_count: float
    tuft_ahead: float
    burst_spikes: float
    burst_interval: float


@dataclass(frozen=True)
class Fit:
    """What a fit found.

    Attributes
    ----------
    values : dict of str to float
        Of the fitted parameters, by path, in SI units.
    window : float
        Seconds for which a synapse counts towards an event; it belongs to the network.
    errors : dict of str to float
        Root mean square of each curve's residuals.
    """

    values: dict[str, float]
    window: float
    errors: dict[str, float]

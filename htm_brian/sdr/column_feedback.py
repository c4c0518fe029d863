"""What a cell hears of its column, and its axon shows: who was first in a column that burst.

A column that bursts recruits interneurons that a single spike does not: the inhibition of
Martinotti cells begins some time after the first spike, and grows more than in proportion with the
number of cells that fire (Kapfer et al. 2007, Nat Neurosci 10:743; Silberberg & Markram 2007,
Neuron 53:735). It comes to all cells of the column at one time. So a cell need not see the others
to know that it was first: it is the one for which the time from its own spike to that inhibition is
the longest that there can be.

A cell that fired in a plateau, or was first in a burst, *offers* its axon to new synapses, and to
nobody in particular. Branches of all cells meet the axon, and can tell how long ago that was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from htm_brian.sdr.readout import BranchState, Events, first_spike_of_each

Times = NDArray[np.float64]

LATENCY = 0.02
"""Seconds from the first spike of a column to the inhibition that follows a burst: assumed, within
the tens of milliseconds of Silberberg & Markram 2007. Only differences from it are read."""

PRECISION = 1e-9
"""Seconds by which a wait may fall short of the longest and still be it: chance decides who is
first, not the cell's sense of time."""


def feedback(spike: Times, cells_per_column: int) -> Times:
    """Return when the inhibition that follows a burst of its column comes to each cell.

    Parameters
    ----------
    spike : ndarray of float, shape (n_cells,)
        First spike of each cell; infinite without one.
    cells_per_column : int

    Returns
    -------
    ndarray of float, shape (n_cells,)
        Infinite in columns of which no more than half of the cells fired.

    Examples
    --------
    >>> feedback(np.array([0.012, 0.01, np.inf, 0.01]), cells_per_column=2).tolist()
    [0.03, 0.03, inf, inf]
    """
    columns = spike.reshape(-1, cells_per_column)
    bursts = 2 * np.isfinite(columns).sum(axis=1) > cells_per_column
    return np.repeat(np.where(bursts, columns.min(axis=1) + LATENCY, np.inf), cells_per_column)


def waited_longest(spike: Times, inhibited: Times) -> NDArray[np.bool_]:
    """Return which cells waited for that inhibition as long as a cell can: they were first."""
    waited = np.isfinite(inhibited) & np.isfinite(spike)
    longest = np.zeros(len(spike), dtype=np.bool_)
    longest[waited] = inhibited[waited] - spike[waited] > LATENCY - PRECISION
    return longest


@dataclass(frozen=True)
class Seen:
    """What a cell knows of itself, and its axon shows to branches; one value a cell, in seconds.

    Attributes
    ----------
    spike : ndarray of float, shape (n_cells,)
        First spike of the cell in the element; infinite without one.
    feedback : ndarray of float
        When the inhibition that follows a burst of its column came to the cell; infinite
        without one.
    last_spike : ndarray of float
        Latest spike of its axon before the element.
    last_offer : ndarray of float
        Latest spike before the element with which the axon offered itself to new synapses.
    stop : float
        End of the element.
    """

    spike: Times
    feedback: Times
    last_spike: Times
    last_offer: Times
    stop: float


@dataclass(frozen=True)
class Axons:
    """When each axon spiked last, and when it last offered itself.

    Parameters
    ----------
    last_spike, last_offer : ndarray of float, shape (n_cells,)
        Seconds; minus infinity for never.
    """

    last_spike: Times
    last_offer: Times

    @classmethod
    def silent(cls, n_cells: int) -> Axons:
        """Return axons of which no spike is remembered."""
        return cls(np.full(n_cells, -np.inf), np.full(n_cells, -np.inf))

    def seen(self, events: Events, cells_per_column: int) -> Seen:
        """Return what cells and axons can tell when an element is over."""
        spike = first_spike_of_each(events, len(self.last_spike))
        told = feedback(spike, cells_per_column)
        return Seen(spike, told, self.last_spike, self.last_offer, events.stop)

    def after(self, seen: Seen, before: BranchState) -> Axons:
        """Return the axons after an element; `before` are the branches when its volley came."""
        spike = seen.spike
        fired = np.isfinite(spike)
        offers = waited_longest(spike, seen.feedback)
        offers[before.predicted_cells()] = True
        offers &= fired
        return replace(
            self,
            last_spike=np.where(fired, spike, self.last_spike),
            last_offer=np.where(offers, spike, self.last_offer),
        )

"""Volleys and basal synapses of every condition; each condition is a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from brian2 import ms
from numpy.typing import NDArray

from htm_brian.cells import tree
from htm_brian.cells.biophysical import on_glutamate
from htm_brian.electrophysiology.stimulation import Stimulus, evenly
from htm_brian.parameters import Model

if TYPE_CHECKING:
    from htm_brian.protocols.prediction_lead import PredictionLeadParameters

STRENGTHS = np.array([1.05, 1.1, 1.2, 1.4, 1.7, 2.0])
"""Of the volley, in smallest volleys that fire the resting cell."""

DELAYS = np.arange(0.0, 151.0, 10.0)
"""ms, from the basal synapses to the volley's onset."""

ONSET = 160.0
"""ms; begin of the volley."""
ALONE = 100.0
"""ms before a volley's onset, at which basal synapses fire that no volley follows."""


@dataclass(frozen=True)
class Condition:
    """What one cell gets.

    Attributes
    ----------
    strength : float
        Of the volley, in smallest ones; 0 for none.
    synapses, branches : int
        As many coincident synapses on each of as many basal branches.
    delay : float
        ms from these to the volley's onset.
    """

    strength: float = 0.0
    synapses: int = 0
    branches: int = 1
    delay: float = 0.0


def conditions(parameters: PredictionLeadParameters, n_branches: int) -> dict[str, list[Condition]]:
    """Return the conditions by the curve that they belong to."""
    n, strength = parameters.n_basal, parameters.volley_strength
    delay = float(parameters.delay / ms)
    numbers = range(1, parameters.most_basal + 1)
    return {
        "latency": [Condition(float(s)) for s in STRENGTHS],
        "predicted_latency": [Condition(float(s), n, delay=delay) for s in STRENGTHS],
        "by_delay": [Condition(strength, n, delay=float(d)) for d in DELAYS],
        "silent": [Condition(0.0, k, delay=ALONE) for k in numbers],
        "by_basal": [Condition(strength, k, delay=delay) for k in numbers],
        "branches": [Condition(0.0, n, b, ALONE) for b in range(1, n_branches + 1)],
        # Their traces are drawn together: the same synapses at the same time, the same volley.
        "shown": [
            Condition(strength),
            Condition(strength, n, delay=delay),
            Condition(0.0, n, delay=delay),
        ],
    }


def make_stimulus(
    model: Model, parameters: PredictionLeadParameters, given: Sequence[Condition], least: int
) -> Stimulus:
    """Return the synapses of every cell; `least` is the smallest volley, in synapses."""
    stimulus = Stimulus(len(given))
    for cell, condition in enumerate(given):
        n = round(condition.strength * least)
        if n:
            stimulus.synapses(cell, on_glutamate("soma"), volley(parameters, n))
        for number in range(condition.branches if condition.synapses else 0):
            arrival = np.full(condition.synapses, (ONSET - condition.delay) * 1e-3)
            stimulus.glutamate(cell, tree.outermost(model, "basal", number), arrival)
    return stimulus


def volley(parameters: PredictionLeadParameters, n: int) -> NDArray[np.float64]:
    """Return when the `n` synapses of a volley fire, in seconds: evenly over the window."""
    return evenly(ONSET * 1e-3, float(parameters.volley_window), n)

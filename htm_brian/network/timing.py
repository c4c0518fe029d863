"""What the interval between two elements asks of a branch: which plateaus reach the next volley.

Where plateaus have one length, a branch predicts if enough synapses start one. Where their length
grows with the synapses, as at level 2, the interval decides: just above its threshold a plateau is
over before the next volley. Its depolarisation is not over at once, though, and half of it still
advances the cell's spike by more than inhibition takes. So a branch predicts at a volley if its
plateau ended at most `fading_time` before, and the number of synapses from which it does is a
memory's activation threshold, if the branch's own threshold is `branch_threshold`.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import expm

from htm_brian.cells.pyramidal import COMPARTMENTS
from htm_brian.fitting.reduced_response import graded_conductance, values_of
from htm_brian.mechanisms.branch import TABLE, grows, is_graded
from htm_brian.parameters import Model

STEP = 0.125e-3
"""Seconds."""
ONE_PLATEAU = {
    "branch.plateau_conductance": 1.0,
    "branch.match_conductance": 0.0,
    "branch.plateau_duration": 0.0,
}
"""With these `graded_conductance` gives the share of a plateau that is on."""


def fading_time(model: Model) -> float:
    """Return how long after a lasting plateau half its depolarisation of the soma is left.

    A graded plateau ends when half of its conductance is left.

    Parameters
    ----------
    model : Model
        Of a cell of level 1.

    Returns
    -------
    float
        Seconds.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> round(1e3 * fading_time(load_model("l5_reduced")), 1)
    18.6
    """
    values = values_of(model)
    graded = is_graded(model[TABLE])
    change = np.zeros((1 + len(COMPARTMENTS),) * 2)
    change[0, 0] = -values["soma.leak_conductance"]
    capacitance = [values["soma.membrane_capacitance"]]
    for k, name in enumerate(COMPARTMENTS, start=1):
        coupling = values[f"{name}.coupling_conductance"]
        change[0, 0] -= coupling
        change[0, k] = change[k, 0] = coupling
        change[k, k] = -coupling - values[f"{name}.leak_conductance"]
        capacitance.append(values[f"{name}.capacitance"])
    basal = 1 + COMPARTMENTS.index("basal")
    conductance, saturation = values["branch.plateau_conductance"], values["plateau.saturation"]
    felt = np.zeros_like(change)
    felt[basal, basal] = saturation * conductance
    drive = np.zeros(len(change))
    drive[basal] = conductance  # of a driving force of 1
    potential = np.linalg.solve(felt - change, drive)
    one_step = expm(change / np.array(capacitance)[:, None] * STEP)
    half, time = potential[0] / 2, 0.0
    if graded:  # from a full plateau; it ends when half is left
        time = -values["branch.plateau_growth"] * math.log1p(values["branch.transition_width"] / 2)
    while potential[0] > half:
        charge = 0.0
        if graded:
            left = np.array(math.exp(-time / values["branch.plateau_growth"]))
            share = float(graded_conductance(values | ONE_PLATEAU, left, np.array(1.0)))
            charge = share * conductance * (1 - saturation * potential[basal]) * STEP
        potential = one_step @ potential
        potential[basal] += charge / capacitance[basal]
        time += STEP
    return time


def predicts_after(model: Model) -> float:
    """Return for how many seconds a plateau that has ended predicts: not at all if all last alike.

    Parameters
    ----------
    model : Model
        Of a cell of level 1.
    """
    return fading_time(model) if grows(model) else 0.0


def branch_threshold(model: Model, activation_threshold: int, interval: float) -> float:
    """Return the threshold of a branch whose plateau predicts from a number of synapses on.

    Half a synapse less would make a plateau that predicts just no longer.

    Parameters
    ----------
    model : Model
        Of a cell of level 1.
    activation_threshold : int
        Of the memory: synapses from which a branch predicts.
    interval : float
        Seconds from the synapses to the next volley.

    Returns
    -------
    float
        The activation threshold itself where every plateau has one length, or lasts long enough.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> branch_threshold(load_model("l5_reduced"), 8, 40e-3)
    8.0
    """
    if not grows(model):
        return float(activation_threshold)
    values = values_of(model)
    missing = interval - fading_time(model) - values["branch.plateau_duration"]
    if missing <= 0:
        return float(activation_threshold)
    return (activation_threshold - 0.5) * math.exp(-missing / values["branch.plateau_growth"])

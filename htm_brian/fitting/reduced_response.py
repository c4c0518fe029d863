"""What the cell of level 1 does with one branch and one volley, without Brian2, in many copies.

Branches are graded ones. They, soma and compartments are integrated for many conditions and sets of
parameters at once, which is what a fit needs. It ends with the first spike: what a spike changes is
left out. Potentials are in volts above rest. `Values` are a model's parameters by path, in SI
units; each is a number or an array of shape (n_sets, 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.cells.pyramidal import COMPARTMENTS
from htm_brian.mechanisms import feedforward
from htm_brian.parameters import Model

Array: TypeAlias = NDArray[np.float64]
Values: TypeAlias = Mapping[str, ArrayLike]

UNBLOCKED = float(feedforward.UNBLOCKED)
"""Volts."""
FIRES_WITHIN = 40e-3
"""Seconds; a volley that has not fired the cell by then does not."""


def values_of(model: Model) -> dict[str, float]:
    """Return the parameters of a model by path, in SI units."""
    return {
        f"{table.name}.{key}": float(value)
        for table in model.tables
        for key, value in table.items()
    }


def plateau_duration(values: Values, synapses: ArrayLike) -> Array:
    """Return how long the plateau of coincident synapses lasts, in seconds; 0 below threshold."""
    threshold = np.asarray(values["branch.activation_threshold"], float)
    k = np.asarray(synapses, float)
    above = np.log(np.maximum(k, threshold) / threshold)
    longest = (
        values["branch.plateau_duration"] + np.asarray(values["branch.plateau_growth"]) * above
    )
    return np.where(k > threshold - 0.5, longest, 0.0)


@dataclass(frozen=True)
class Conditions:
    """What each cell gets, in conditions that run side by side.

    Attributes
    ----------
    released : ndarray of shape (n_times, n_conditions)
        Synapses of each branch that release in a step.
    branches : array_like of shape (n_conditions,)
        On how many branches they do, alike.
    volley : array_like of shape (n_conditions,) or (n_sets, n_conditions)
        Siemens; 0 for none.
    at : array_like of shape (n_conditions,)
        The volley's onset, seconds.
    hold : array_like of shape (n_conditions,)
        Depolarisation of the resting soma by a constant current, volts.
    """

    released: Array
    branches: ArrayLike = 1.0
    volley: ArrayLike = 0.0
    at: ArrayLike = 0.0
    hold: ArrayLike = 0.0


def releases(times: Sequence[ArrayLike], n_times: int, step: float) -> Array:
    """Return how many synapses release in each step, of shape (n_times, n_conditions).

    Parameters
    ----------
    times : sequence of array_like
        Seconds, of the synapses of each condition.
    n_times : int
        Number of steps.
    step : float
        Seconds.
    """
    made = np.zeros((n_times, len(times)))
    for condition, some in enumerate(times):
        at = np.round(np.asarray(some, float) / step).astype(int)
        np.add.at(made[:, condition], at[at < n_times], 1.0)
    return made


def graded_conductance(values: Values, still_open: Array, needed: Array) -> Array:
    """Return the conductance of a branch with so many open synapses, in siemens.

    Parameters
    ----------
    values : mapping
        See the module.
    still_open, needed : ndarray
        Synapses: those whose receptors are open, and those that start a plateau.
    """
    remaining = np.exp(
        -np.asarray(values["branch.plateau_duration"]) / values["branch.plateau_growth"]
    )
    over = still_open / (needed * remaining) - 1
    risen = np.clip(0.5 + over / values["branch.transition_width"], 0, 1)
    full = values["branch.plateau_conductance"] * risen * risen * (3 - 2 * risen)
    return np.asarray(full + np.asarray(values["branch.match_conductance"]) * still_open)


def integrate(
    values: Values, step: float, conditions: Conditions, place: str = "basal"
) -> tuple[Array, Array]:
    """Return the potential of the soma and of the branch's compartment at the end of each step.

    Parameters
    ----------
    values : mapping
        See the module.
    step : float
        Of Euler's method, seconds.
    conditions : Conditions
        What the cells get.
    place : str
        Compartment of the branches; the soma tells them of its depolarisation if it is the basal
        one.

    Returns
    -------
    soma, branch : ndarray of shape (n_times, n_sets, n_conditions)
    """
    v = {path: np.asarray(value, float) for path, value in values.items()}
    given = (conditions.branches, conditions.volley, conditions.at, conditions.hold)
    branches, strength, at, hold = (np.asarray(each, float) for each in given)
    released = conditions.released
    shape = np.broadcast_shapes(
        released.shape[1:], strength.shape, hold.shape, *(value.shape for value in v.values())
    )
    rest = v["soma.resting_potential"]
    to_nmda = v["plateau.reversal_potential"] - rest
    to_ampa = v["feedforward.reversal_potential"] - rest
    gain = {name: step / v[f"{name}.capacitance"] for name in COMPARTMENTS}
    leak = {name: v[f"{name}.leak_conductance"] for name in COMPARTMENTS}
    coupling = {name: v[f"{name}.coupling_conductance"] for name in COMPARTMENTS}
    soma = np.broadcast_to(hold, shape).copy()
    potential = {
        name: soma * coupling[name] / (coupling[name] + leak[name]) for name in COMPARTMENTS
    }
    injected = hold * sum(
        (leak[name] * coupling[name] / (coupling[name] + leak[name]) for name in COMPARTMENTS),
        v["soma.leak_conductance"],
    )
    fall = v["branch.threshold_fall"] if place == "basal" else np.array(0.0)
    # Only a model of graded plateaus has what a synapse needs.
    releasing = bool(released.any())
    closing = np.exp(-step / v["branch.plateau_growth"]) if releasing else 1.0
    onset = np.broadcast_to(np.round(at / step), shape[1:])
    fast_decay = 1 - step / v["feedforward.time_constant"]
    slow_decay = 1 - step / v["feedforward.slow_time_constant"]
    following = v["feedforward.slow_share"] * step / v["feedforward.time_constant"]
    still_open, fast, slow = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    somata, locally = np.empty((len(released), *shape)), np.empty((len(released), *shape))
    for now in range(len(released)):
        fast = fast + strength * (onset == now)
        proximal = potential["proximal"]
        lifted = np.exp(np.clip(proximal, 0, UNBLOCKED) / v["feedforward.unblocking_potential"])
        drive = {"proximal": (fast + slow * lifted) * (to_ampa - proximal)}
        if releasing:
            still_open = still_open * closing + released[now]
            needed = np.maximum(v["branch.activation_threshold"] - fall * soma, 1.0)
            nmda = branches * graded_conductance(v, still_open, needed)
            drive[place] = nmda * (to_nmda - v["plateau.saturation"] * potential[place])
        inward = injected - v["soma.leak_conductance"] * soma
        for name, here in potential.items():
            axial = coupling[name] * (here - soma)
            inward = inward + axial
            potential[name] = here + gain[name] * (drive.get(name, 0.0) - leak[name] * here - axial)
        soma = soma + step / v["soma.membrane_capacitance"] * inward
        slow = slow * slow_decay + following * fast
        fast = fast * fast_decay
        somata[now], locally[now] = soma, potential[place]
    return somata, locally


def half_width(trace: Array, step: float) -> Array:
    """Return how long traces, with time along the first axis, are above half their peak."""
    over = trace - trace.max(axis=0) / 2
    left, right = over[:-1], over[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.maximum(left, right) / np.abs(right - left)
    share = np.where((left > 0) & (right > 0), 1.0, np.where((left > 0) | (right > 0), share, 0.0))
    return np.asarray(share.sum(axis=0) * step)


def first_crossing(trace: Array, level: Array, step: float) -> Array:
    """Return when traces first exceed a level, in seconds since their start; NaN where never."""
    over = trace > level
    at = np.argmax(over, axis=0)
    after = np.take_along_axis(trace, at[None], axis=0)[0]
    before = np.take_along_axis(trace, np.maximum(at - 1, 0)[None], axis=0)[0]
    rise = np.where(after > before, after - before, 1.0)
    return np.where(over.any(axis=0), (at + 1 - (after - level) / rise) * step, np.nan)


def smallest_volley(values: Values, step: float, n: int = 32) -> Array:
    """Return the smallest volley that fires the resting cell, in siemens, shape (n_sets, 1).

    Parameters
    ----------
    values : mapping
        See the module.
    step : float
        Seconds.
    n : int
        Volleys to try, between which the peak is interpolated.
    """
    n_times = round(FIRES_WITHIN / step)
    tried = np.geomspace(5e-9, 0.6e-6, n)
    soma, _ = integrate(values, step, Conditions(np.zeros((n_times, n)), volley=tried))
    level = np.asarray(values["spike.threshold"]) - np.asarray(values["soma.resting_potential"])
    over = soma.max(axis=0) - level
    return np.exp([[_where(row, np.log(tried))] for row in np.atleast_2d(over)])


def _where(over: Array, logs: Array) -> float:
    """Return where rising values reach 0, by the parabola through the points around it."""
    at = int(np.clip(np.searchsorted(over, 0.0), 2, len(over) - 1))
    parabola = np.polyfit(over[at - 2 : at + 1], logs[at - 2 : at + 1], 2)
    return float(np.polyval(parabola, 0.0))

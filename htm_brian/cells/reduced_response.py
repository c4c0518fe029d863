"""What the cell of level 1 does with one branch and one volley, without Brian2, in many copies.

The branch is in closed form, soma and compartments are linear but for its conductance and that of
the volley. They are integrated for many conditions and sets of parameters at once, which is what a
fit needs. It ends with the first spike: what a spike changes is left out. Potentials are in volts
above rest. `Values` are a model's parameters by path, in SI units; each is a number or an array of
shape (n_sets, 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.cells.pyramidal import COMPARTMENTS
from htm_brian.parameters import Model

Array: TypeAlias = NDArray[np.float64]
Values: TypeAlias = Mapping[str, ArrayLike]

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


def branch_conductance(
    values: Values, time: Array, step: float, synapses: ArrayLike, window: float
) -> Array:
    """Return the conductance of a branch on which synapses fire together at time 0.

    Parameters
    ----------
    values : mapping
        See the module.
    time : ndarray of shape (n_times,)
        Beginnings of the steps, seconds.
    step : float
        Seconds; a plateau that ends within a step counts for its share of it.
    synapses : array_like of shape (n_conditions,)
        Their number.
    window : float
        For how long they count, seconds.

    Returns
    -------
    ndarray of shape (n_times, n_sets, n_conditions)
        In siemens.
    """
    k = np.asarray(synapses, float)
    t = np.reshape(time, (-1, 1, 1))
    end = plateau_duration(values, k)
    plateau = np.clip((np.minimum(t + step, end) - np.maximum(t, 0)) / step, 0, 1)
    tau = np.asarray(values["branch.match_time_constant"], float)
    rising = 1 - np.exp(-np.clip(t, 0, window) / tau)
    share = rising * np.exp(-np.clip(t - window, 0, None) / tau)
    matched = k * (k > np.asarray(values["branch.match_threshold"]) - 0.5)
    return (
        np.asarray(values["branch.plateau_conductance"]) * plateau
        + np.asarray(values["branch.match_conductance"]) * share * matched
    )


def volley_conductance(values: Values, time: Array, conductance: ArrayLike, at: ArrayLike) -> Array:
    """Return the feedforward conductance of volleys, of shape (n_times, n_sets, n_conditions)."""
    since = np.reshape(time, (-1, 1, 1)) - np.asarray(at, float)
    decay = np.exp(-np.clip(since, 0, None) / np.asarray(values["feedforward.time_constant"]))
    return np.where(since >= -1e-9, decay, 0.0) * np.asarray(conductance, float)


def integrate(
    values: Values,
    step: float,
    branch: Array | None = None,
    volley: Array | None = None,
    place: str = "basal",
) -> tuple[Array, Array]:
    """Return the potential of the soma and of the branch's compartment at the end of each step.

    Parameters
    ----------
    values : mapping
        See the module.
    step : float
        Of Euler's method, seconds.
    branch, volley : ndarray of shape (n_times, n_sets, n_conditions), optional
        Conductances; at least one is needed.
    place : str
        Compartment of the branch.
    """
    given = branch if branch is not None else volley
    assert given is not None
    shape = np.broadcast_shapes(given.shape[1:], *(np.shape(value) for value in values.values()))
    soma = np.zeros(shape)
    potential = {name: np.zeros(shape) for name in COMPARTMENTS}
    gain = {
        name: (
            step / np.asarray(values[f"{name}.capacitance"]),
            np.asarray(values[f"{name}.leak_conductance"]),
            np.asarray(values[f"{name}.coupling_conductance"]),
        )
        for name in COMPARTMENTS
    }
    soma_gain = step / np.asarray(values["soma.membrane_capacitance"])
    leak = np.asarray(values["soma.leak_conductance"])
    rest = np.asarray(values["soma.resting_potential"])
    drives = {
        place: (branch, values["plateau.reversal_potential"] - rest),
        "proximal": (volley, values["feedforward.reversal_potential"] - rest),
    }
    somata, branches = np.empty((len(given), *shape)), np.empty((len(given), *shape))
    for now in range(len(given)):
        inward = -leak * soma
        for name, v in potential.items():
            by_step, own_leak, coupling = gain[name]
            axial = coupling * (v - soma)
            inward += axial
            current = -own_leak * v - axial
            conductance, reversal = drives.get(name, (None, 0.0))
            if conductance is not None:
                current += conductance[now] * (reversal - v)
            potential[name] = v + by_step * current
        soma = soma + soma_gain * inward
        somata[now], branches[now] = soma, potential[place]
    return somata, branches


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
    time = np.asarray(np.arange(round(FIRES_WITHIN / step)) * step, dtype=np.float64)
    tried = np.geomspace(5e-9, 1.2e-6, n)
    soma, _ = integrate(values, step, volley=volley_conductance(values, time, tried, 0.0))
    level = np.asarray(values["spike.threshold"]) - np.asarray(values["soma.resting_potential"])
    over = soma.max(axis=0) - level
    return np.exp([[_where(row, np.log(tried))] for row in over])


def _where(over: Array, logs: Array) -> float:
    """Return where rising values reach 0, by the parabola through the points around it."""
    at = int(np.clip(np.searchsorted(over, 0.0), 2, len(over) - 1))
    parabola = np.polyfit(over[at - 2 : at + 1], logs[at - 2 : at + 1], 2)
    return float(np.polyval(parabola, 0.0))

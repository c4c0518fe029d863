"""What the cell of level 1 does with one branch and one volley, without Brian2, in many copies.

Branches are graded ones. They, soma and compartments are integrated for many conditions and sets of
parameters at once, which is what a fit needs. It ends with the first spike: what a spike changes is
left out. The equations are those of `htm_brian.cells.pyramidal` and `htm_brian.mechanisms.branch`,
with every optional part; a part that a cell does not have is one of strength 0. Potentials are in
volts above rest. `Values` are a model's parameters by path, in SI units; each is a number or an
array of shape (n_sets, 1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import sympy
from brian2.units import ms, siemens
from brian2.units.fundamentalunits import Quantity
from numpy.typing import ArrayLike, NDArray

from htm_brian.cells import pyramidal
from htm_brian.engine import derivation
from htm_brian.engine.derivation import symbol
from htm_brian.mechanisms import branch
from htm_brian.mechanisms.compartment import COMPARTMENTS
from htm_brian.mechanisms.mechanism import variable_name
from htm_brian.parameters import Model, load_model

Array: TypeAlias = NDArray[np.float64]
Values: TypeAlias = Mapping[str, ArrayLike]

FIRES_WITHIN = 40e-3
"""Seconds; a volley that has not fired the cell by then does not."""

EVERY_PART = {
    "feedforward.slow_share": 0.2,
    "branch.transition_width": 0.7,
    "branch.plateau_growth": 70 * ms,
}
"""With these a model has every optional part: slow receptors of a volley, graded plateaus."""

POTENTIALS = ("v", *(f"v_{name}" for name in COMPARTMENTS))
VOLLEY = ("feedforward_conductance", "slow_feedforward_conductance")
STATE = (*POTENTIALS, *VOLLEY)
RECEPTORS = ("still_open", "potentially_open", "owner_depolarisation")
INHIBITION = "g_inhibition"
DRIVES = ("basal_conductance", "apical_conductance", "injected_current", INHIBITION)
HELD = ("injected_current", *POTENTIALS[1:])
"""What follows from a constant potential of the soma."""
BEFORE_A_SPIKE = ("adaptation",)
"""What is 0 until a cell has spiked."""


def values_of(model: Model) -> dict[str, float]:
    """Return the parameters of a model by path, in SI units."""
    return {
        f"{table.name}.{key}": float(value)
        for table in model.tables
        for key, value in table.items()
    }


def by_variable(values: Values) -> dict[str, Array]:
    """Return values by the names that their parameters have in the equations."""
    return {
        variable_name(*path.split(".")): np.asarray(value, float) for path, value in values.items()
    }


class Derived:
    """A NumPy function that was derived from the equations.

    Parameters
    ----------
    results : sequence of Expr
        What it computes.
    varying : sequence of str
        Variables of cell or branch; all others are parameters.
    """

    def __init__(self, results: Sequence[sympy.Expr], varying: Sequence[str] = ()) -> None:
        fixed, moving = derivation.apart(results, varying)
        self._fixed = tuple(fixed)
        self._once = _function(list(fixed.values()))
        self._each_time = _function(moving)

    def __call__(self, known: Mapping[str, ArrayLike]) -> list[Any]:
        """Compute, from variables and parameters by name."""
        return self.prepare(known)(known)

    def prepare(self, known: Mapping[str, ArrayLike]) -> Callable[[Mapping[str, Any]], list[Any]]:
        """Return the function of what varies, for parameters that do not."""
        fixed = dict(zip(self._fixed, self._once(known), strict=True))
        return lambda known: self._each_time({**known, **fixed})


def _function(results: Sequence[sympy.Expr]) -> Callable[[Mapping[str, Any]], list[Any]]:
    names = derivation.names_in(results)
    made = derivation.function(names, list(results))
    return lambda known: made(*(known[name] for name in names))


@dataclass(frozen=True)
class Definition:
    """The functions that the equations of cell and branch give.

    Attributes
    ----------
    rates : Derived
        Of `POTENTIALS` and `VOLLEY`, before the first spike.
    holding : Derived
        Matrix and offset of the linear system for `HELD` while the soma is depolarised by `hold`.
    conductance, closing : Derived
        Of a graded branch: its conductance, and the rate at which its receptors close.
    duration : Derived
        Of a plateau that is an event, by its `tally` and the synapses that it `needed`.
    """

    rates: Derived
    holding: Derived
    conductance: Derived
    closing: Derived
    duration: Derived


@cache
def definition() -> Definition:
    """Return the functions, derived once from the equations with every optional part."""
    model = load_model("l5_reduced").with_values(EVERY_PART)
    rates = derivation.without(derivation.rates(pyramidal.equations(model)), BEFORE_A_SPIKE)
    branches = branch.equations(model[branch.TABLE])
    closing = derivation.rates(branches)["still_open"].diff(symbol("still_open"))
    wanted = [rates[name] for name in STATE]
    return Definition(
        rates=Derived(wanted, (*STATE, *DRIVES)),
        holding=Derived(_held(rates)),
        conductance=Derived([derivation.expression(branches, "conductance")], RECEPTORS),
        closing=Derived([closing]),
        duration=Derived([plateau_length()]),
    )


def _held(rates: Mapping[str, sympy.Expr]) -> list[sympy.Expr]:
    """Return `A` and `b`, row by row, of the equations for the current that holds the soma.

    The unknowns are `HELD`; no potential changes, and no synapse is open.
    """
    silent = derivation.without(
        rates, (*VOLLEY, "basal_conductance", "apical_conductance", INHIBITION)
    )
    raised = symbol("resting_potential") + symbol("hold")
    still = {name: silent[name].subs(symbol("v"), raised) for name in POTENTIALS}
    return [*sympy.Matrix.hstack(*derivation.linear(still, HELD))]


def holding(known: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Return `injected_current` and the potentials of the compartments of a held cell.

    Parameters
    ----------
    known : mapping
        Parameters by variable, and `hold`, the depolarisation of the soma in volts.
    """
    entries = np.broadcast_arrays(*definition().holding(known))
    n = len(HELD)
    rows = np.stack(entries, axis=-1).reshape(*entries[0].shape, n, n + 1)
    solved = np.linalg.solve(rows[..., :n], -rows[..., n:])[..., 0]
    return dict(zip(HELD, np.moveaxis(solved, -1, 0), strict=True))


def input_conductance(model: Model) -> Quantity:
    """Return the conductance that a resting cell shows an electrode in its soma.

    Parameters
    ----------
    model : Model
        Of level 1.
    """
    step = 1e-3
    held = holding({**by_variable(values_of(model)), "hold": step})
    return float(held["injected_current"]) / step * siemens


def plateau_length() -> sympy.Expr:
    """Return how long the plateau lasts that `tally` synapses start where it `needed` so many."""
    return derivation.after(branch.ON_PLATEAU)["plateau_end"] - symbol("t")


def plateau_duration(values: Values, synapses: ArrayLike) -> Array:
    """Return how long the plateau of coincident synapses lasts, in seconds; 0 below threshold."""
    named = by_variable(values)
    threshold, k = named["activation_threshold"], np.asarray(synapses, float)
    (length,) = definition().duration({**named, "tally": k, "needed": threshold})
    return np.where(k > threshold - 0.5, length, 0.0)


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


def graded_conductance(
    values: Values, still_open: ArrayLike, owner_depolarisation: ArrayLike = 0.0
) -> Array:
    """Return the conductance of a branch with so many open synapses, in siemens.

    Parameters
    ----------
    values : mapping
        See the module.
    still_open : array_like
        Connected synapses whose receptors are open.
    owner_depolarisation : array_like
        Of the soma, in volts; it lowers the threshold.
    """
    known: dict[str, ArrayLike] = {
        **by_variable(values),
        "still_open": still_open,
        "potentially_open": still_open,
        "owner_depolarisation": owner_depolarisation,
    }
    return np.asarray(definition().conductance(known)[0])


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
    derived, known = definition(), dict[str, Any](by_variable(values))
    given = (conditions.branches, conditions.volley, conditions.at, conditions.hold)
    branches, strength, at, known["hold"] = (np.asarray(each, float) for each in given)
    released = conditions.released
    shape = np.broadcast_shapes(
        released.shape[1:], strength.shape, *(value.shape for value in known.values())
    )
    rest = known["resting_potential"]
    known |= dict.fromkeys((*DRIVES, *VOLLEY), 0.0)
    known |= holding(known) | {"v": rest + known["hold"]}
    known |= {name: np.broadcast_to(known[name], shape) for name in STATE}
    rates = derived.rates.prepare(known)
    # Only a model of graded plateaus has what a synapse needs.
    releasing = bool(released.any())
    if releasing:
        conductance = derived.conductance.prepare(known)
        closing = np.exp(step * derived.closing(known)[0])
    onset = np.broadcast_to(np.round(at / step), shape[1:])
    still_open: Array = np.zeros(shape)
    somata, locally = np.empty((len(released), *shape)), np.empty((len(released), *shape))
    for now in range(len(released)):
        known[VOLLEY[0]] = known[VOLLEY[0]] + strength * (onset == now)
        if releasing:
            still_open = still_open * closing + released[now]
            known["still_open"] = known["potentially_open"] = still_open
            known["owner_depolarisation"] = known["v"] - rest if place == "basal" else 0.0
            known[f"{place}_conductance"] = branches * conductance(known)[0]
        for name, change in zip(STATE, rates(known), strict=True):
            known[name] = known[name] + step * change
        somata[now], locally[now] = known["v"] - rest, known[f"v_{place}"] - rest
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

"""The pyramidal cell under constant current, solved without a time step: a yardstick.

Between two spikes, and without synaptic conductances, the equations of the cell of level 1 are
linear: the matrix exponential takes its state from any time to any other. The threshold's crossing
is found by halving a step some thirty times. A simulation is held against that. Matrix and reset
are derived from the equations of `htm_brian.cells.pyramidal`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy
from brian2.equations.equations import SUBEXPRESSION, Equations
from brian2.units import siemens
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray
from scipy.linalg import expm

from htm_brian.cells import pyramidal
from htm_brian.cells.reduced_response import by_variable, values_of
from htm_brian.engine import derivation
from htm_brian.engine.derivation import symbol
from htm_brian.mechanisms import membrane_noise
from htm_brian.parameters import Model

Array = NDArray[np.float64]

SCAN = 0.5e-3
"""Seconds between the looks for a crossing; the potential does not cross twice within."""

HALVINGS = 32


def spike_times(model: Model, current: Quantity, duration: Quantity) -> Array:
    """Return when a cell at rest spikes that from time 0 on receives a constant current.

    Parameters
    ----------
    model : Model
        A pyramidal cell of level 1.
    current : Quantity
        Into the soma.
    duration : Quantity
        Of the current.

    Returns
    -------
    ndarray
        Seconds.
    """
    cell = linear_cell(model, float(current))
    level = float(model["spike"]["threshold"])
    refractory = float(model["spike"]["refractory_period"])
    wait = expm(cell.matrix * refractory)
    steps = [(SCAN / 2**k, expm(cell.matrix * SCAN / 2**k)) for k in range(HALVINGS)]
    state, now = cell.at_rest, 0.0
    times: list[float] = []
    while True:
        now, state = _next_crossing(now, state, cell.steady, level, steps, float(duration))
        if now >= float(duration):
            return np.array(times)
        times.append(now)
        state = cell.kept @ state + cell.reset
        now, state = now + refractory, cell.steady + wait @ (state - cell.steady)


@dataclass(frozen=True)
class LinearCell:
    """A cell between spikes: ``d(state)/dt = matrix (state - steady)``; SI units.

    Attributes
    ----------
    names : tuple of str
        The state variables; the soma's potential is the first.
    matrix : ndarray of shape (n, n)
    steady, at_rest : ndarray of shape (n,)
        Where the current takes the state in the end, and where it is without one.
    kept, reset : ndarray of shape (n, n), (n,)
        A spike turns the state into ``kept @ state + reset``.
    """

    names: tuple[str, ...]
    matrix: Array
    steady: Array
    at_rest: Array
    kept: Array
    reset: Array


def linear_cell(model: Model, current: float = 0.0) -> LinearCell:
    """Return the cell of a model with a constant current, in amperes, into its soma.

    Raises
    ------
    ValueError
        If the cell is not linear without synapses.
    """
    equations = pyramidal.equations(model)
    silent = derivation.without(derivation.rates(equations), input_variables(equations))
    rates = derivation.leading_to("v", silent)
    names = tuple(rates)
    matrix, offset = derivation.linear(rates, names)
    values = {
        symbol(name): sympy.Float(float(value))
        for name, value in by_variable(values_of(model)).items()
    }
    injected = symbol("injected_current")
    drive, idle = (
        offset.xreplace({injected: sympy.Float(amperes)} | values) for amperes in (current, 0.0)
    )
    numbers = _numbers(matrix.xreplace(values))
    resets = derivation.after(pyramidal.on_spike(model))
    changed = {name: resets.get(name, symbol(name)) for name in names}
    kept, reset = derivation.linear(changed, names)
    return LinearCell(
        names,
        numbers,
        _steady(numbers, _numbers(drive)[:, 0]),
        _steady(numbers, _numbers(idle)[:, 0]),
        _numbers(kept.xreplace(values)),
        _numbers(reset.xreplace(values))[:, 0],
    )


def input_variables(equations: Equations) -> list[str]:
    """Return the variables of a cell that its inputs set.

    These are the conductances that are no parameters, and the membrane noise.
    """
    return [
        equation.varname
        for equation in equations.values()
        if equation.type != SUBEXPRESSION
        and (equation.dim is siemens.dim or equation.varname == membrane_noise.DEVIATION)
        and "shared" not in equation.flags
    ]


def _next_crossing(
    now: float,
    state: Array,
    steady: Array,
    level: float,
    steps: list[tuple[float, Array]],
    end: float,
) -> tuple[float, Array]:
    """Advance to where the first variable is about to exceed `level`; at most to `end`."""
    deviation, over = state - steady, level - steady[0]
    length, whole = steps[0]
    while deviation[0] <= over and now < end:
        following = whole @ deviation
        if following[0] > over:
            break
        now, deviation = now + length, following
    for length, part in steps[1:]:
        following = part @ deviation
        if following[0] <= over:
            now, deviation = now + length, following
    return now, steady + deviation


def _steady(matrix: Array, offset: Array) -> Array:
    return np.asarray(np.linalg.solve(matrix, -offset), dtype=np.float64)


def _numbers(matrix: sympy.Matrix) -> Array:
    return np.array(matrix.tolist(), dtype=np.float64)

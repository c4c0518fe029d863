"""How far a cell's potential fluctuates under membrane noise: the covariance of a linear system.

A resting cell that does not spike is linear, ``dx/dt = A x + b n``, or nearly so, in its potentials
and in the gates of channels that follow them, and so is an
Ornstein-Uhlenbeck process ``n`` that is drawn anew at steps ``h`` and held in between. Over a step
``x <- exp(A h) x + A^-1 (exp(A h) - 1) b n`` and ``n <- exp(-h/tau) n + xi``. The covariance `P` of
state and noise together is then the solution of ``P = M P M' + Q`` (Lyapunov).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from brian2.equations.equations import Equations
from brian2.units import siemens
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray
from scipy.linalg import expm, solve_discrete_lyapunov
from sympy import Symbol

from htm_brian.cells.design import Design
from htm_brian.engine import derivation
from htm_brian.engine.derivation import Rates, symbol
from htm_brian.mechanisms import membrane_noise
from htm_brian.mechanisms.mechanism import NEVER, variable_name
from htm_brian.parameters import Model

Array = NDArray[np.float64]
Constants = Mapping[str, Quantity]
AtRest = Mapping[str, str | Quantity]


def with_noise(design: Design, model: Model) -> Design:
    """Return the design of a cell with the strength of its noise, if it has any."""
    if membrane_noise.TABLE not in design.tables:
        return design
    strength = noise_conductance(model, design.equations, design.constants, design.at_rest)
    return replace(design, constants={**design.constants, membrane_noise.CONDUCTANCE: strength})


def noise_conductance(
    model: Model,
    equations: Equations,
    constants: Constants = MappingProxyType({}),
    at_rest: AtRest = MappingProxyType({}),
) -> Quantity:
    """Return the current per volt of noise with which the soma fluctuates as the model says.

    Parameters
    ----------
    model : Model
        Of a cell with a table ``[membrane_noise]``.
    equations, constants, at_rest
        As for `resting_system`.
    """
    moving, matrix, drive = resting_system(model, equations, constants, at_rest)
    tau = float(model[membrane_noise.TABLE]["time_constant"])
    spread = fluctuation(matrix, drive, tau, float(membrane_noise.STEP))
    return siemens / spread[moving.index("v")]


def resting_system(
    model: Model,
    equations: Equations,
    constants: Constants = MappingProxyType({}),
    at_rest: AtRest = MappingProxyType({}),
) -> tuple[list[str], Array, Array]:
    """Return how the potentials of a resting cell relax, and what noise does to each.

    Parameters
    ----------
    model : Model
        Of a cell.
    equations : Equations
        Of that cell.
    constants, at_rest : mapping
        Of its `Design`; a cell of level 1 needs none.

    Returns
    -------
    moving : list of str
        The potentials, and gates that follow them and lead to the soma's.
    matrix : ndarray of shape (n_moving, n_moving)
        Their rates for each other's deviation from rest, 1/s.
    drive : ndarray of shape (n_moving,)
        Their rates for noise of one unit; zero where the cell has none.
    """
    rates = derivation.rates(equations)
    given = {symbol(membrane_noise.CONDUCTANCE): 1.0}
    given |= {symbol("t"): 0.0, symbol("dt"): 1.0, symbol("last_spike_time"): float(NEVER)}
    given |= {symbol(name): float(value) for name, value in constants.items()}
    given |= {
        symbol(variable_name(table.name, key)): float(value)
        for table in model.tables
        for key, value in table.items()
    }
    # Only these lead to the soma's potential once conductances, adaptation and electrode are at 0.
    moving = _moving(rates)
    rest = _rest(moving, equations, at_rest, given)
    matrix = np.empty((len(moving), len(moving)))
    drive = np.zeros(len(moving))
    noise = symbol(membrane_noise.DEVIATION)
    free = {symbol(name) for name in moving} | {noise}
    for row, name in enumerate(moving):
        rate = derivation.clipped(rates[name].subs(given))
        rate = rate.subs({each: 0 for each in rate.free_symbols - free})
        matrix[row] = [float(rate.diff(symbol(other)).subs(rest)) for other in moving]
        drive[row] = float(rate.diff(noise).subs(rest))
    return moving, matrix, drive


def _moving(rates: Rates) -> list[str]:
    """Return the potentials, and the state that follows them and leads to that of the soma."""
    moving = {name for name in rates if name == "v" or name.startswith("v_")}
    leading = derivation.leading_to("v", rates)
    while True:
        symbols = {symbol(name) for name in moving}
        more = moving | {name for name in leading if leading[name].free_symbols & symbols}
        if more == moving:
            return [name for name in rates if name in moving]
        moving = more


def _rest(
    moving: list[str], equations: Equations, at_rest: AtRest, given: Mapping[Symbol, float]
) -> dict[Symbol, float]:
    """Return what state that moves is in a cell at rest."""
    potential = given[symbol("resting_potential")]
    found = {}
    for name in moving:
        own = at_rest.get(name, 0.0)
        if name == "v" or name.startswith("v_"):
            value = potential
        elif isinstance(own, str):
            known = derivation.substituted(equations, derivation.parsed(own))
            value = float(known.subs(given).subs({symbol("v"): potential}))
        else:
            value = float(own)
        found[symbol(name)] = value
    return found


def fluctuation(matrix: Array, drive: Array, time_constant: float, step: float) -> Array:
    """Return the standard deviation of each state of a linear system that noise of unit SD drives.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        `A`, stable.
    drive : ndarray of shape (n,)
        `b`: what the noise does to each rate.
    time_constant, step : float
        Seconds: of the noise, and for how long it holds its value.

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    One compartment of 10 ms under noise of 5 ms: ``sqrt(tau/(tau + T))`` as the step goes to 0.

    >>> one = np.array([[-100.0]])
    >>> float(fluctuation(one, np.array([100.0]), 5e-3, 1e-6)[0].round(3))
    0.577
    """
    n, scale = len(matrix), float(np.abs(drive).max())
    whole = np.zeros((n + 1, n + 1))
    whole[:n, :n], whole[:n, n] = matrix, drive / (scale * step)
    transition = expm(whole * step)
    kept = np.exp(-step / time_constant)
    transition[n, n] = kept
    fresh = np.zeros_like(transition)
    fresh[n, n] = 1 - kept**2
    covariance = solve_discrete_lyapunov(transition, fresh)
    return np.asarray(scale * step * np.sqrt(np.diag(covariance)[:n]), dtype=np.float64)

"""How far a cell's potential fluctuates under membrane noise: the covariance of a linear system.

A resting cell that does not spike is linear, ``dx/dt = A x + b n``, and so is an
Ornstein-Uhlenbeck process ``n`` that is drawn anew at steps ``h`` and held in between. Over a step
``x <- exp(A h) x + A^-1 (exp(A h) - 1) b n`` and ``n <- exp(-h/tau) n + xi``. The covariance `P` of
state and noise together is then the solution of ``P = M P M' + Q`` (Lyapunov).
"""

from __future__ import annotations

import numpy as np
from brian2.equations.equations import Equations
from brian2.units import siemens
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray
from scipy.linalg import expm, solve_discrete_lyapunov

from htm_brian.engine import derivation
from htm_brian.engine.derivation import symbol
from htm_brian.mechanisms import membrane_noise
from htm_brian.mechanisms.mechanism import variable_name
from htm_brian.parameters import Model

Array = NDArray[np.float64]


def noise_conductance(model: Model, equations: Equations) -> Quantity:
    """Return the current per volt of noise with which the soma fluctuates as the model says.

    Parameters
    ----------
    model : Model
        Of a cell of level 1, with a table ``[membrane_noise]``.
    equations : Equations
        Of that cell.
    """
    potentials, matrix, drive = resting_system(model, equations)
    tau = float(model[membrane_noise.TABLE]["time_constant"])
    spread = fluctuation(matrix, drive, tau, float(membrane_noise.STEP))
    return siemens / spread[potentials.index("v")]


def resting_system(model: Model, equations: Equations) -> tuple[list[str], Array, Array]:
    """Return how the potentials of a resting cell relax, and what noise does to each.

    Parameters
    ----------
    model : Model
        Of a cell of level 1.
    equations : Equations
        Of that cell.

    Returns
    -------
    potentials : list of str
    matrix : ndarray of shape (n_potentials, n_potentials)
        Their rates for each other's deviation from rest, 1/s.
    drive : ndarray of shape (n_potentials,)
        Their rates for noise of one unit; zero where the cell has none.
    """
    rates = derivation.rates(equations)
    inputs = {symbol(membrane_noise.CONDUCTANCE): 1.0}
    inputs |= {
        symbol(variable_name(table.name, key)): float(value)
        for table in model.tables
        for key, value in table.items()
    }
    # Only potentials lead to the soma's once conductances, adaptation and electrode are at 0.
    potentials = [name for name in rates if name == "v" or name.startswith("v_")]
    matrix = np.empty((len(potentials), len(potentials)))
    drive = np.zeros(len(potentials))
    free = {symbol(name) for name in potentials} | {symbol(membrane_noise.DEVIATION)}
    for row, name in enumerate(potentials):
        rate = rates[name].subs(inputs)
        rate = rate.subs({each: 0 for each in rate.free_symbols - free})
        matrix[row] = [float(rate.diff(symbol(other))) for other in potentials]
        drive[row] = float(rate.diff(symbol(membrane_noise.DEVIATION)))
    return potentials, matrix, drive


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

"""The pyramidal cell under constant current, solved without a time step: a yardstick.

Between two spikes, and without synaptic conductances, soma, compartments and adaptation are linear:
the matrix exponential takes their state from any time to any other. The threshold's crossing is
found by halving a step some thirty times. A simulation is held against that.
"""

from __future__ import annotations

import numpy as np
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray
from scipy.linalg import expm

from htm_brian.cells.pyramidal import COMPARTMENTS
from htm_brian.parameters import Model

SCAN = 0.5e-3
"""Seconds between the looks for a crossing; the potential does not cross twice within."""

HALVINGS = 32

RESET = [0, 1 + COMPARTMENTS.index("proximal")]
"""What a spike resets: soma and proximal compartment."""


def spike_times(model: Model, current: Quantity, duration: Quantity) -> NDArray[np.float64]:
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
    matrix, steady = _linear_system(model, float(current))
    threshold, reset, refractory = (
        float(model["spike"][key]) for key in ("threshold", "reset_potential", "refractory_period")
    )
    level = threshold - steady[0]
    wait = expm(matrix * refractory)
    steps = [(SCAN / 2**k, expm(matrix * SCAN / 2**k)) for k in range(HALVINGS)]
    deviation = np.full(len(steady), float(model["soma"]["resting_potential"])) - steady
    deviation[-1] = -steady[-1]
    times: list[float] = []
    now = 0.0
    while True:
        now, deviation = _next_crossing(now, deviation, level, steps, float(duration))
        if now >= float(duration):
            return np.array(times)
        times.append(now)
        deviation[RESET] = reset - steady[RESET]
        deviation[-1] += float(model["adaptation"]["increment"])
        now, deviation = now + refractory, wait @ deviation


def _next_crossing(
    now: float,
    deviation: NDArray[np.float64],
    level: float,
    steps: list[tuple[float, NDArray[np.float64]]],
    end: float,
) -> tuple[float, NDArray[np.float64]]:
    """Advance to where the first variable is about to exceed `level`; at most to `end`."""
    length, whole = steps[0]
    while deviation[0] <= level and now < end:
        following = whole @ deviation
        if following[0] > level:
            break
        now, deviation = now + length, following
    for length, part in steps[1:]:
        following = part @ deviation
        if following[0] <= level:
            now, deviation = now + length, following
    return now, deviation


def _linear_system(model: Model, current: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ``d(state)/dt = matrix (state - steady)`` of v, v of each compartment, adaptation."""
    soma = {key: float(value) for key, value in model["soma"].items()}
    size = len(COMPARTMENTS) + 2
    matrix, drive = np.zeros((size, size)), np.zeros(size)
    matrix[0, 0] = -soma["leak_conductance"]
    matrix[0, -1] = -1.0
    drive[0] = soma["leak_conductance"] * soma["resting_potential"] + current
    for row, name in enumerate(COMPARTMENTS, start=1):
        part = {key: float(value) for key, value in model[name].items()}
        coupling, leak = part["coupling_conductance"], part["leak_conductance"]
        matrix[0, 0] -= coupling
        matrix[0, row] = coupling
        matrix[row, 0] = coupling / part["capacitance"]
        matrix[row, row] = -(coupling + leak) / part["capacitance"]
        drive[row] = leak * soma["resting_potential"] / part["capacitance"]
    matrix[0] /= soma["membrane_capacitance"]
    drive[0] /= soma["membrane_capacitance"]
    matrix[-1, -1] = -1 / float(model["adaptation"]["time_constant"])
    return matrix, np.asarray(np.linalg.solve(matrix, -drive), dtype=np.float64)

"""Cells of level 2 stay finite whatever their parameters and input; where not, a run says so."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, ms, nA, nS, prefs
from numpy.typing import NDArray

from htm_brian.cells import biophysical
from htm_brian.cells.group import Cells
from htm_brian.engine.finite import FiniteGuard
from htm_brian.errors import InputError, NotFiniteError
from htm_brian.mechanisms.mechanism import variable_name
from htm_brian.parameters import Parameter, list_models, load_model
from htm_brian.units import parse_unit

MODELS = [
    name
    for name in list_models()
    if load_model(name).level == 2 and load_model(name).kind == "cell"
]
CURRENT = 100 * nA
"""Fifty times what an experiment injects."""
CONDUCTANCE = 1e4 * nS
"""Some 10,000 synapses at once on one compartment."""


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("step", [pytest.param(0.05, marks=pytest.mark.slow), 0.5])
def test_every_parameter_at_either_limit_under_extreme_input(name: str, step: float) -> None:
    """One cell for each limit of each parameter, then cells with all at limits drawn by chance."""
    model = load_model(name)
    # Geometry stands in no equation.
    equations = biophysical.design(model).equations
    parameters = [
        parameter
        for table in model.tables
        for parameter in table.parameters
        if variable_name(parameter.table, parameter.key) in equations
    ]
    values = limits(parameters)
    cells = Cells(len(values), model, dt=step * ms, per_cell=[p.path for p in parameters])
    for parameter, column in zip(parameters, values.T, strict=True):
        unit = 1 if parameter.unit == "1" else parse_unit(parameter.unit)
        setattr(cells, variable_name(parameter.table, parameter.key), column * unit)
    cells.to_rest()
    sign = np.resize([1.0, -1.0, 0.0], len(values))
    for variable in cells.variables:
        if variable.startswith("injected_current"):
            setattr(cells, variable, sign * CURRENT)
        elif (
            variable.startswith(("ampa_", "nmda_", "gaba_")) and variable[5:] in cells.compartments
        ):
            setattr(cells, variable, CONDUCTANCE)
    if "metabotropic_calcium" in cells.variables:
        cells.metabotropic_calcium = 100 * cells.metabotropic_calcium_per_volley
    # A sigmoid of a potential of volts overflows and is 0, as it should; a cell that rests above
    # its threshold spikes without a current, and its crossing is clipped to the step.
    with np.errstate(over="ignore", divide="ignore"):
        Network(cells, FiniteGuard(cells, dt=step * ms)).run(15 * ms)


def limits(parameters: list[Parameter]) -> NDArray[np.float64]:
    """Return, for each cell, the value of each parameter in its own unit."""
    usual = np.array([float(p.value) for p in parameters])
    low, high = (np.array([float(getattr(p, end)) for p in parameters]) for end in ("low", "high"))
    alone = np.tile(usual, (2 * len(parameters), 1))
    for number in range(len(parameters)):
        alone[2 * number, number], alone[2 * number + 1, number] = low[number], high[number]
    chosen = np.random.default_rng(1).random((40, len(parameters))) < 0.5
    return np.vstack([alone, low, high, np.where(chosen, low, high)])


def growing() -> NeuronGroup:
    return NeuronGroup(3, "dx/dt = x**2/ms : 1", method="euler", name="layer", dt=0.1 * ms)


def test_a_state_that_is_not_finite_is_named_with_group_variable_cell_and_time() -> None:
    cells = growing()
    cells.x = [0, 0, 1e80]
    message = r"^x of layer\[2\] is inf at 0\.\d ms; take a shorter time step than 100\. us"
    with np.errstate(all="ignore"), pytest.raises(NotFiniteError, match=message) as caught:
        Network(cells, FiniteGuard(cells, dt=0.1 * ms)).run(5 * ms)
    assert isinstance(caught.value, FloatingPointError) and isinstance(caught.value, InputError)
    assert "\n" not in str(caught.value)


def test_a_state_that_stays_finite_is_left_alone() -> None:
    cells = growing()
    cells.x = 0.01
    Network(cells, FiniteGuard(cells, dt=1 * ms)).run(5 * ms)
    assert np.isfinite(cells.x[:]).all()


@pytest.mark.slow
def test_the_guard_sees_compiled_cells_too() -> None:
    prefs.codegen.target = "cython"
    cells = growing()
    cells.x = 1e80
    with pytest.raises(NotFiniteError, match=r"^x of layer\[0\] is"):
        Network(cells, FiniteGuard(cells)).run(5 * ms)

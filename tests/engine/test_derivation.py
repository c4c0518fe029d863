"""What is derived from equations is what Brian2 makes of them, and follows when they change."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from brian2 import Equations, Network, SpikeMonitor, StateMonitor, ms, nA, nS, second
from brian2.equations.codestrings import Expression
from brian2.equations.equations import SingleEquation
from scipy.linalg import expm

from htm_brian.cells import pyramidal
from htm_brian.cells.exact import linear_cell, spike_times
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.cells.reduced_response import by_variable, holding, values_of
from htm_brian.engine import derivation
from htm_brian.engine.derivation import symbol
from htm_brian.mechanisms.compartment import COMPARTMENTS
from htm_brian.parameters import Model, load_model


def test_units_in_an_expression_become_numbers() -> None:
    found = derivation.parsed("clip(v - 5*mV, 0*mV, 1*volt)")
    given = derivation.function(["v"], found)
    np.testing.assert_allclose(given(np.array([0.0, 7e-3, 2.0])), [0, 2e-3, 1])


def test_statements_see_what_those_before_them_left() -> None:
    found = derivation.after("w += b\nx = 2*w\nw *= x")
    b, w = symbol("b"), symbol("w")
    assert sympy.expand(found["w"] - 2 * (b + w) ** 2) == 0


def test_what_is_no_assignment_is_refused() -> None:
    with pytest.raises(ValueError, match="statements must be assignments, got 'if x"):
        derivation.after("if x > 0:\n    y = 1")


def test_curved_equations_are_refused_by_name() -> None:
    curved = {"v": derivation.parsed("g*v**2 + w"), "w": derivation.parsed("-w")}
    with pytest.raises(ValueError, match="not linear in v$"):
        derivation.linear(curved, ["v", "w"])


def test_what_does_not_vary_is_computed_once() -> None:
    whole = derivation.parsed("(a + exp(b))*v/c + d*w")
    fixed, (moving,) = derivation.apart([whole], ["v", "w"])
    back = {symbol(name): value for name, value in fixed.items()}
    assert sympy.simplify(moving.xreplace(back) - whole) == 0
    assert {each.name for each in moving.free_symbols} == {"v", "w", "d", *fixed}


@pytest.mark.parametrize("name", ["l5_reduced", "l5_reduced_fitted", "l5_reduced_fitted_brief"])
def test_the_held_cell_draws_the_current_of_its_input_conductance(name: str) -> None:
    """In closed form: the soma's leak, and each compartment's leak and coupling in series."""
    model = load_model(name)
    found = holding({**by_variable(values_of(model)), "hold": 2e-3})
    whole = float(model["soma"]["leak_conductance"])
    for part in COMPARTMENTS:
        leak, coupling = (
            float(model[part][key]) for key in ("leak_conductance", "coupling_conductance")
        )
        whole += leak * coupling / (leak + coupling)
    assert found["injected_current"] == pytest.approx(2e-3 * whole, rel=1e-12)


def test_the_propagator_is_what_a_fine_step_tends_to() -> None:
    """Euler's error is of first order: of steps of 10 and 5 us the extrapolation remains."""
    model = load_model("l5_reduced")
    cell = linear_cell(model, 0.3e-9)
    ends = []
    for step in (0.01, 0.005):
        cells = PyramidalCells(1, model, dt=step * ms)
        cells.injected_current = 0.3 * nA
        Network(cells).run(20 * ms)
        ends.append(float(cells.v[0]))
    exact = cell.steady + expm(cell.matrix * 20e-3) @ (cell.at_rest - cell.steady)
    assert 2 * ends[1] - ends[0] == pytest.approx(exact[0], abs=2e-8)


def test_propagator_and_response_follow_the_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    """One leak more in the cell's equations, and nowhere else, delays spikes as in Brian2."""
    model = load_model("l5_reduced")
    original = pyramidal.equations

    def leakier(model: Model) -> Equations:
        changed = []
        for each in original(model).values():
            if each.varname == "membrane_current":
                more = Expression(f"{each.expr.code} + 4*nS*(resting_potential - v)")
                each = SingleEquation(each.type, each.varname, each.dim, each.var_type, more)
            changed.append(each)
        return Equations(changed)

    before = spike_times(model, 1 * nA, 0.1 * second)
    monkeypatch.setattr(pyramidal, "equations", leakier)
    after = spike_times(model, 1 * nA, 0.1 * second)
    monkeypatch.undo()
    same = model.with_values({"soma.leak_conductance": model["soma"]["leak_conductance"] + 4 * nS})
    np.testing.assert_allclose(after, spike_times(same, 1 * nA, 0.1 * second), rtol=1e-12)
    assert after[0] > before[0] + 0.5e-3
    cells = PyramidalCells(1, same, dt=0.005 * ms)
    cells.injected_current = 1 * nA
    spikes = SpikeMonitor(cells, "last_spike_time")
    trace = StateMonitor(cells, "v", record=0, dt=1 * ms)
    Network(cells, spikes, trace).run(0.1 * second)
    np.testing.assert_allclose(spikes.last_spike_time / second, after, atol=2e-5)

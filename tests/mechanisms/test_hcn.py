"""The h-current of the apical dendrite."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2 import Equations, Network, NeuronGroup, StateMonitor, amp, ms, mV, pA, siemens, umetre

from htm_brian.cells import tree
from htm_brian.cells.group import Cells
from htm_brian.fitting import resting
from htm_brian.mechanisms import hcn
from htm_brian.mechanisms.interface import Site
from htm_brian.mechanisms.mechanism import assign
from htm_brian.parameters import Model, load_model

STANDING = 0.5 * ms
"""Step towards where everything stands, which does not depend on it."""


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("l5_thick_tufted")


def without(model: Model, *names: str) -> Model:
    return replace(model, tables=tuple(t for t in model.tables if t.name not in names))


def only_leaks(model: Model) -> Model:
    """The cell with nothing but its membrane, cable and h-current."""
    kept = ("soma", "membrane", *tree.ROOTS, hcn.TABLE)
    return replace(model, tables=tuple(t for t in model.tables if t.name in kept))


def test_gate_is_near_the_rates_of_kole(model: Model) -> None:
    """Kole et al. 2006 as in Ih.mod of ModelDB 139653: two rates, in 1/ms and mV."""
    potentials = np.arange(-95.0, -49.0, 5.0)
    nexus = Site(tuple(part for part in tree.compartments(model) if part.kind == "nexus"))
    group = NeuronGroup(
        len(potentials),
        hcn.equations(model[hcn.TABLE], nexus)
        + Equations("v_nexus : volt\nresting_potential : volt (shared)\nnexus_area : metre**2"),
        method="exponential_euler",
        dt=0.1 * ms,
    )
    assign(group, model[hcn.TABLE])
    group.v_nexus = potentials * mV
    group.resting_potential = -70 * mV
    Network(group).run(0.1 * ms)
    opening = 0.00643 * (potentials + 154.9) / np.expm1((potentials + 154.9) / 11.9)
    closing = 0.193 * np.exp(potentials / 33.1)
    np.testing.assert_allclose(
        group.hcn_steady_gate_nexus[:], opening / (opening + closing), rtol=0.15
    )
    at_rest = np.flatnonzero(potentials == -70)[0]
    tau = 1 / (opening + closing)[at_rest]
    assert model[hcn.TABLE]["time_constant"] / ms == pytest.approx(tau, rel=0.05)


def test_a_cell_at_rest_stays_there_and_has_its_gates_where_they_stand(model: Model) -> None:
    cells = Cells(1, only_leaks(model), dt=0.1 * ms)
    gate = float(cells.hcn_gate_nexus[0])
    assert gate == pytest.approx(1 / (1 + np.exp((-70 + 109.5) / 9.9)))
    Network(cells).run(50 * ms)
    assert cells.v_nexus[0] / mV == pytest.approx(-70, abs=1e-9)
    assert float(cells.hcn_gate_nexus[0]) == pytest.approx(gate, rel=1e-9)


def test_a_slow_small_input_meets_the_resistance_in_closed_form(model: Model) -> None:
    """And without the current a larger one."""
    for cell in (only_leaks(model), without(only_leaks(model), hcn.TABLE)):
        cells = Cells(2, cell, dt=STANDING)
        cells.injected_current = [-1, 0] * pA
        cells.injected_current_nexus = [0, -1] * pA
        Network(cells).run(500 * ms)
        for place, reached in (("soma", cells.v[0]), ("nexus", cells.v_nexus[1])):
            measured = (-70 - reached / mV) * 1e9
            assert measured == pytest.approx(resting.input_resistance(cell, place), rel=2e-3)
    bare = without(model, hcn.TABLE)
    assert resting.input_resistance(bare, "nexus") > 1.2 * resting.input_resistance(model, "nexus")


def test_the_holding_current_holds_the_soma_where_it_should(model: Model) -> None:
    """The gates shut as the potential rises, so a small input's resistance would be off."""
    leaky = only_leaks(model)
    depolarisations = np.array([-10.0, 5.0, 15.0])
    held = np.array([resting.holding_current(leaky, 1e-3 * by) for by in depolarisations])
    cells = Cells(3, leaky, dt=STANDING)
    cells.injected_current = held * amp
    Network(cells).run(500 * ms)
    np.testing.assert_allclose(cells.v / mV + 70, depolarisations, rtol=0, atol=0.02)
    small = 1e-3 * depolarisations / resting.input_resistance(leaky)
    assert (np.abs(small / held - 1) > 0.02).all()


def test_without_the_current_it_takes_ohm_s_law(model: Model) -> None:
    bare = without(only_leaks(model), hcn.TABLE)
    expected = 15e-3 / resting.input_resistance(bare)
    assert resting.holding_current(bare, 15e-3) == pytest.approx(expected, rel=1e-9)


def test_a_hyperpolarising_step_sags_and_only_with_the_current(model: Model) -> None:
    sag = []
    for cell in (only_leaks(model), without(only_leaks(model), hcn.TABLE)):
        cells = Cells(1, cell, dt=0.1 * ms)
        cells.injected_current_nexus = -300 * pA
        monitor = StateMonitor(cells, "v_nexus", record=True)
        Network(cells, monitor).run(400 * ms)
        depth = -70 - monitor.v_nexus[0] / mV
        sag.append(depth[-1] / depth.max())
    assert sag[0] < 0.9
    assert sag[1] == pytest.approx(1, abs=1e-6)


def test_it_weakens_what_comes_from_the_tuft_to_the_soma(model: Model) -> None:
    def attenuation(cell: Model) -> float:
        names = ["soma", *(part.name for part in tree.compartments(cell))]
        across = np.linalg.inv(resting.conductance_matrix(cell))
        place = names.index("nexus")
        return float(across[0, place] / across[place, place])

    assert attenuation(model) < attenuation(without(model, hcn.TABLE))


def test_more_segments_have_as_many_channels(model: Model) -> None:
    whole = Cells(1, only_leaks(model))
    cut = Cells(1, only_leaks(model.with_values({"tuft.segments": 3})))
    assert 3 * float(cut.tuft_area / umetre**2) == pytest.approx(float(whole.tuft_area / umetre**2))
    assert "hcn_gate_tuft_0_2" in cut.variables


def test_blocked_by_setting_its_densities_to_nothing(model: Model) -> None:
    cells = Cells(1, only_leaks(model), dt=STANDING)
    for kind in hcn.KINDS:
        setattr(cells, f"hcn_{kind}_density", 0 * siemens / umetre**2)
    cells.injected_current_nexus = -1 * pA
    Network(cells).run(500 * ms)
    expected = resting.input_resistance(without(only_leaks(model), hcn.TABLE), "nexus")
    assert (-70 - cells.v_nexus[0] / mV) * 1e9 == pytest.approx(expected, rel=1e-3)


def test_a_model_without_a_tuft_is_told_what_the_current_needs(model: Model) -> None:
    with pytest.raises(ValueError, match=r"\[hcn\] needs a table \[tuft\]"):
        Cells(1, without(model, "tuft"))

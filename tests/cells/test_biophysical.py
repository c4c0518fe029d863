"""Cells of level 2: cable, receptors, and how a cell is put together from its model file."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from brian2 import (
    Equations,
    Network,
    NeuronGroup,
    Quantity,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    cmetre,
    mmolar,
    ms,
    mV,
    nS,
    ohm,
    pA,
    umetre,
)

from htm_brian.cells import biophysical, tree
from htm_brian.cells.biophysical import on_glutamate
from htm_brian.cells.group import Cells
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.integration import LinearlyImplicit
from htm_brian.errors import InputError
from htm_brian.fitting import resting
from htm_brian.mechanisms import ampa, backpropagation, calcium_spike, metabotropic, nmda
from htm_brian.mechanisms.mechanism import NEVER, assign, describe
from htm_brian.parameters import Model, load_model


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("l5_thick_tufted")


# The passive cell against cable theory


def test_input_resistance_and_attenuation_are_those_of_a_cable() -> None:
    """Rall: a sealed cable of length L has ``G tanh(L)``, and lets ``1/cosh(L)`` through."""
    model = load_model("passive")
    space_constant = np.sqrt(20e3 / 150 * 0.25e-4)  # cm
    soma = 10e-12 / (1e-9 + _cable_conductance()) * 1e3
    assert 10e-9 * resting.input_resistance(model) == pytest.approx(soma, rel=0.01)
    # A cell that is put there stays there.
    cells = PyramidalCells(1, model, dt=0.05 * ms)
    cells.injected_current = 10 * pA
    cells.v = (soma - 70) * mV
    length, expected = 500e-4 / space_constant, []
    for segment in range(10):
        x = (segment + 0.5) / 10 * length
        expected.append(soma * np.cosh(length - x) / np.cosh(length))
        setattr(cells, f"v_basal_0_{segment}", (expected[-1] - 70) * mV)
    Network(cells).run(40 * ms)
    measured = [getattr(cells, f"v_basal_0_{segment}")[0] / mV + 70 for segment in range(10)]
    np.testing.assert_allclose([cells.v[0] / mV + 70, *measured], [soma, *expected], rtol=0.01)


def test_more_segments_come_closer_to_the_cable() -> None:
    exact = 1 / (1e-9 + _cable_conductance())
    errors = [
        abs(
            resting.input_resistance(load_model("passive").with_values({"basal.segments": n}))
            / exact
            - 1
        )
        for n in (2, 5, 20, 80)
    ]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 1e-4


def _cable_conductance() -> float:
    space_constant = np.sqrt(20e3 / 150 * 0.25e-4)
    return float(np.pi * 0.25e-8 / (150 * space_constant) * np.tanh(500e-4 / space_constant))


def test_a_passive_cell_of_one_time_constant_decays_with_it() -> None:
    """At a step at which the short compartments' couplings are stiff."""
    cells = PyramidalCells(1, "passive", dt=0.4 * ms)
    for name in cells.compartments:
        setattr(cells, "v" if name == "soma" else f"v_{name}", -60 * mV)
    Network(cells).run(20 * ms)
    assert cells.v[0] / mV + 70 == pytest.approx(10 / np.e, rel=1e-6)
    assert cells.v_basal_0_9[0] / mV + 70 == pytest.approx(10 / np.e, rel=1e-6)


# Each mechanism alone


def clamped(
    equations: Equations, model: Model, table: str, n: int = 1, step: float = 0.1
) -> NeuronGroup:
    """Return cells that are held at a potential `v`, with one mechanism."""
    held = Equations("v : volt\nv_nexus : volt\nv_trunk : volt\nlast_spike_time : second")
    group = NeuronGroup(n, equations + held, dt=step * ms, method=LinearlyImplicit())
    assign(group, model[table])
    group.last_spike_time = NEVER
    return group


def test_magnesium_block_of_jahr_and_stevens(model: Model) -> None:
    """1 mM: 0.0445, 0.2302 and 0.5081 at -70, -40 and -20 mV; none without magnesium."""
    cells = clamped(nmda.equations(model["nmda"]), model, "nmda", 3)
    cells.v = [-70, -40, -20] * mV
    network = Network(cells)
    network.run(0.1 * ms)
    np.testing.assert_allclose(cells.nmda_unblocked_soma[:], [0.0445, 0.2302, 0.5081], atol=1e-4)
    cells.nmda_magnesium = 0 * mmolar
    network.run(0.1 * ms)
    assert (cells.nmda_unblocked_soma[:] == 1).all()


@pytest.mark.parametrize("step", [0.05, 0.2])
def test_nmda_conductance_peaks_at_its_unitary_value_and_decays(model: Model, step: float) -> None:
    cells = clamped(nmda.equations(model["nmda"]), model, "nmda", step=step)
    cells.nmda_soma = 1 * nS
    monitor = StateMonitor(cells, "nmda_open_soma", record=True)
    Network(cells, monitor).run(150 * ms)
    conductance, time = monitor.nmda_open_soma[0] / nS, monitor.t / ms
    assert conductance.max() == pytest.approx(1, rel=0.005)
    table = model["nmda"]
    rise, decay = (table[f"{name}_time_constant"] / ms for name in ("rise", "decay"))
    peak = np.log(decay / rise) * decay * rise / (decay - rise)
    assert time[np.argmax(conductance)] == pytest.approx(peak, abs=0.5)
    late = np.interp([75, 150 - step], time, conductance)
    assert late[0] / late[1] == pytest.approx(np.exp((75 - step) / decay), rel=0.01)


@pytest.mark.parametrize("step", [0.05, 0.2, 0.5])
def test_ampa_charge_does_not_depend_on_the_step(model: Model, step: float) -> None:
    cells = NeuronGroup(
        1,
        ampa.equations(model["ampa"])
        + Equations("v : volt\ndcharge/dt = ampa_current_soma : coulomb"),
        dt=step * ms,
        method=LinearlyImplicit(("charge",)),
    )
    assign(cells, model["ampa"])
    cells.v = -70 * mV
    cells.ampa_soma = 1 * nS
    Network(cells).run(30 * ms)
    assert float(cells.charge[0]) == pytest.approx(1e-9 * 1.7e-3 * 70e-3, rel=1e-6)


def test_calcium_current_is_nothing_at_rest_and_inward_above_its_half(model: Model) -> None:
    cells = clamped(calcium_spike.equations(model["calcium_spike"]), model, "calcium_spike", 2)
    cells.v_nexus = [-70, -20] * mV
    network = Network(cells)
    network.run(10 * ms)
    rest, active = cells.calcium_spike_current / pA
    assert abs(rest) < 0.1 * 35 and active > 100
    network.run(300 * ms)
    assert cells.calcium_spike_current[1] < 0 * pA, "the recovery ends the spike"


@pytest.mark.parametrize("step", [0.05, 0.1, 0.4])
def test_the_back_propagated_pulse_lasts_as_long_whatever_the_step(
    model: Model, step: float
) -> None:
    cells = clamped(
        backpropagation.equations(model["backpropagation"]), model, "backpropagation", step=step
    )
    cells.last_spike_time = 1.03 * ms
    monitor = StateMonitor(cells, "backpropagation_on", record=True)
    Network(cells, monitor).run(8 * ms)
    assert monitor.backpropagation_on[0].sum() * step == pytest.approx(2.0, rel=1e-9)


def test_three_volleys_open_the_cation_current_and_one_does_not(model: Model) -> None:
    """With calcium far below its half, the gate goes with calcium's square, the current with four.

    Calcium that is three times as high opens 81 times the current.
    """
    cells = clamped(metabotropic.equations(model["metabotropic"]), model, "metabotropic", 2)
    cells.v = -70 * mV
    cells.metabotropic_calcium = [0.01, 0.03] * cells.metabotropic_half_calcium
    Network(cells).run(600 * ms)
    one, three = cells.metabotropic_current[:]
    assert three / one == pytest.approx(81, rel=0.01)


# The cell


def test_a_synapse_of_the_user_drives_the_branch_that_it_names(model: Model) -> None:
    cells = PyramidalCells(2, model, dt=0.1 * ms)
    source = SpikeGeneratorGroup(1, [0], [1 * ms], dt=0.1 * ms)
    synapses = Synapses(source, cells, on_pre="ampa_basal_0_1 += 2*nS\n" + on_glutamate("tuft_1"))
    synapses.connect(i=0, j=1)
    Network(cells, source, synapses).run(3 * ms)
    driven = cells.v_basal_0_1[1] - cells.v_basal_0_1[0]
    assert driven > 5 * mV
    assert cells.v_tuft_1[1] - cells.v_tuft_1[0] > 0.5 * mV
    assert abs(cells.v_basal_1_1[1] - cells.v_basal_1_1[0]) < 0.03 * driven


def test_cells_at_rest_stay_there_and_return_to_it(model: Model) -> None:
    cells = PyramidalCells(2, model, dt=0.1 * ms)
    cells.ampa_basal_0_0[1] = 50 * nS
    cells.metabotropic_calcium = 1e-3 * mmolar
    network = Network(cells)
    network.run(20 * ms)
    cells.to_rest()
    network.run(20 * ms)
    np.testing.assert_allclose(cells.v / mV, -70, atol=0.05)
    assert (cells.metabotropic_gate[:] == 0).all()


def test_however_strong_the_input_the_state_stays_finite(model: Model) -> None:
    cells = PyramidalCells(1, model, dt=0.5 * ms)
    for name in ("ampa_basal_0_1", "nmda_basal_0_1", "ampa_soma", "ampa_tuft_0"):
        setattr(cells, name, 1e5 * nS)
    monitor = StateMonitor(cells, ["v", "v_basal_0_1", "v_nexus"], record=True)
    Network(cells, monitor).run(50 * ms)
    for name in ("v", "v_basal_0_1", "v_nexus"):
        trace = getattr(monitor, name)[0] / mV
        assert np.isfinite(trace).all() and trace.min() > -95 and trace.max() < 65


def test_a_branch_more_is_one_number(model: Model) -> None:
    more = model.with_values({"basal.branches": 5, "tuft.segments": 2})
    cells = PyramidalCells(1, more)
    assert "basal_4_1" in cells.compartments and "tuft_2_1" in cells.compartments
    assert len(cells.compartments) == 1 + 10 + 2 + 6
    cells.ampa_basal_4_1 = 1 * nS


def test_parameters_change_by_name_on_the_group_and_by_cell(model: Model) -> None:
    cells = PyramidalCells(2, model, per_cell=["nmda.magnesium"], dt=0.1 * ms)
    cells.nmda_magnesium = [0, 1] * mmolar
    cells.basal_leak_conductance = 3 * nS
    Network(cells).run(0.1 * ms)
    assert cells.nmda_unblocked_basal_0_0[0] == 1 > cells.nmda_unblocked_basal_0_0[1]
    thick = model.with_values({"basal.diameter": 1.6 * umetre})
    ratio = (
        tree.cable(thick, "basal")["root_conductance"]
        / tree.cable(model, "basal")["root_conductance"]
    )
    assert ratio == pytest.approx(4)


def test_a_parameter_that_shared_expressions_need_may_differ_by_cell(model: Model) -> None:
    """The receptors' step means are one for the group, unless their time constants are not."""
    paths = ["ampa.time_constant", "nmda.rise_time_constant"]
    cells = PyramidalCells(2, model, per_cell=paths, dt=0.1 * ms)
    cells.ampa_time_constant = [1.7, 5] * ms
    cells.nmda_rise_time_constant = [2, 5] * ms
    cells.ampa_soma = 1 * nS
    Network(cells).run(3 * ms)
    np.testing.assert_allclose(cells.ampa_soma / nS, np.exp([-3 / 1.7, -3 / 5]), rtol=1e-9)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("nexus.length", 220 * umetre),
        ("trunk.diameter", 2.5 * umetre),
        ("membrane.axial_resistivity", 150 * ohm * cmetre),
    ],
)
def test_geometry_may_differ_by_cell(model: Model, path: str, value: Quantity) -> None:
    """The constants that depend on it are the cells' own; the others stay the group's."""
    other = tree.constants(model.with_values({path: value}))
    known = tree.constants(model)
    changed = {name for name in known if known[name] != other[name]}
    assert changed == tree.depending(model, path)
    cells = PyramidalCells(2, model, per_cell=[path])
    for name in changed & set(cells.variables):
        assert not cells.variables[name].scalar
        setattr(cells, name, [known[name], other[name]])
    assert cells.variables["basal_capacitance"].scalar


def test_how_many_branches_there_are_may_not_differ_by_cell(model: Model) -> None:
    with pytest.raises(InputError, match=r"unknown parameter 'tuft.branches' in per_cell"):
        PyramidalCells(2, model, per_cell=["tuft.branches"])


def test_a_mechanism_can_be_left_out(tmp_path: Path) -> None:
    text = (resources.files("htm_brian.models") / "l5_thick_tufted.toml").read_text("utf-8")
    head, _, _ = text.replace('"l5_thick_tufted"', '"mine"').partition("[calcium_spike]")
    path = tmp_path / "mine.toml"
    path.write_text(head, encoding="utf-8")
    cells = PyramidalCells(1, str(path), dt=0.1 * ms)
    cells.injected_current = 1500 * pA
    spikes = SpikeMonitor(cells)
    Network(cells, spikes).run(20 * ms)
    assert spikes.num_spikes > 0 and "calcium_activation" not in cells.variables


def test_a_cell_without_dendrites_is_a_leaky_integrator(tmp_path: Path) -> None:
    """``E + I/g (1 - exp(-t g/C))``, and no other compartment."""
    text = (resources.files("htm_brian.models") / "passive.toml").read_text("utf-8")
    path = tmp_path / "point.toml"
    head = text[: text.index("[membrane]")]
    path.write_text(head.replace('name = "passive"', 'name = "point"'), encoding="utf-8")
    cells = Cells(2, str(path), dt=0.1 * ms)
    cells.injected_current = [0, 10] * pA
    Network(cells).run(20 * ms)
    assert cells.compartments == ["soma"]
    expected = [-70, -70 + 10 * (1 - np.exp(-1))]
    np.testing.assert_allclose(cells.v / mV, expected, rtol=1e-9)
    assert resting.input_resistance(cells.parameters) == pytest.approx(1e9)


def test_cells_of_another_level_are_refused_in_one_line() -> None:
    message = r"these cells are of level 2, got level 1; PyramidalCells .*l5_reduced\.toml"
    with pytest.raises(ValueError, match=message):
        Cells(1, "l5_reduced")


def cut(text: str, table: str) -> str:
    """Return a model file's text without one table."""
    before, _, after = text.partition(f"[{table}]\n")
    return before + after[after.index("\n[") + 1 :] if "\n[" in after else before


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda t: cut(t, "nexus"), r"\[backpropagation\] needs a table \[nexus\] \(.*mine\.toml"),
        (lambda t: cut(t, "spike"), r"\[adaptation\] needs a table \[spike\]"),
        (lambda t: cut(t, "trunk"), r"\[backpropagation\] needs a table \[trunk\]"),
        (lambda t: cut(t, "membrane"), r"missing table \[membrane\]"),
        (
            lambda t: t[: t.index("[basal]")] + "[trunk]\n",
            r"missing key branches: how many of them there are, in a unit like 1",
        ),
        (
            lambda t: t[: t.index("[basal]")],
            r"\[membrane\] is that of dendrites; it needs one of \[basal\], \[trunk\]",
        ),
        (
            lambda t: t.replace(', source = "Brunel & Wang 2001"', "", 1),
            r"missing field of reversal_potential: source \(.*mine\.toml, \[ampa\]\)",
        ),
        (
            lambda t: t.replace(
                "resting_potential = { value = -70", "resting_potential = { value = 70"
            ),
            r"resting_potential must lie in \[-90, -55\] mV, got 70 mV \(.*\[soma\]\)",
        ),
        (lambda t: t.replace("[tuft]", "[tufts]"), r"unknown table \[tufts\]; did you mean tuft"),
        (lambda t: t.replace("magnesium = {", "magnesia = {"), "unknown key magnesia"),
        (
            lambda t: t.replace('0.8, unit = "um"', '0.8, unit = "ms"'),
            "diameter must have a unit like metre, got 'ms'",
        ),
        (
            lambda t: t.replace("branches = { value = 3,", "branches = { value = 2.5,", 1),
            "branches must be a whole number of at least 1, got 2.5",
        ),
    ],
)
def test_a_wrong_model_file_is_refused_in_one_line(
    tmp_path: Path, edit: object, message: str
) -> None:
    text = (resources.files("htm_brian.models") / "l5_thick_tufted.toml").read_text("utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(edit(text.replace('"l5_thick_tufted"', '"mine"')), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        PyramidalCells(1, str(path))
    assert "\n" not in str(caught.value) and "mine.toml" in str(caught.value)


def test_per_cell_takes_a_list(model: Model) -> None:
    with pytest.raises(ValueError, match="per_cell must be a list of parameters, got the text"):
        PyramidalCells(1, model, per_cell="nmda.magnesium")


@pytest.mark.parametrize("level", [0, 3])
def test_pyramidal_cells_of_another_level_are_refused(model: Model, level: int) -> None:
    message = rf"^a pyramidal cell is of level 1 or 2, got level {level} \(.*\[model\]\)$"
    with pytest.raises(ValueError, match=message):
        PyramidalCells(1, replace(model, level=level))


def test_unknown_parameter_by_cell(model: Model) -> None:
    with pytest.raises(
        ValueError, match=r"unknown parameter 'nmda.magnesia' in per_cell; did you mean nmda.mag"
    ):
        PyramidalCells(1, model, per_cell=["nmda.magnesia"])


@pytest.mark.parametrize("name", ["l5_thick_tufted", "l23_pyramidal", "passive", "thalamic_relay"])
def test_every_line_of_the_description_has_its_comment(name: str) -> None:
    model = load_model(name)
    design = biophysical.design(model)
    text = describe(design.equations, design.variables, model)
    lines = [line for line in text.splitlines() if line and line[0] != "#"]
    assert len(lines) == len(design.equations)
    bare = [line for line in lines if "  # " not in line]
    assert not bare, bare

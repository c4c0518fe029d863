"""Synapses of one's own onto compartments, and records of their potentials."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, ms, mV, nS

from htm_brian import Cells, PyramidalCells
from htm_brian.cells.inputs import places_of, receptors_of
from htm_brian.errors import InputError

TREE = ["soma", "basal_0_0", "basal_0_1", "basal_1_0", "basal_1_1", "trunk", "tuft_0"]


def axons(n: int, time: float = 1.0) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(n, range(n), [time] * n * ms)


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("soma", ["soma"]),
        ("basal_0", ["basal_0_0", "basal_0_1"]),
        ("basal", ["basal_0_0", "basal_0_1", "basal_1_0", "basal_1_1"]),
        ("tuft", ["tuft_0"]),
    ],
)
def test_a_name_stands_for_a_compartment_a_branch_or_a_kind(name: str, places: list[str]) -> None:
    assert places_of(name, TREE) == places


def test_a_name_that_stands_for_nothing_is_refused() -> None:
    with pytest.raises(InputError, match=r"no compartment or branch 'basel'; did you mean basal\?"):
        places_of("basel", TREE)
    with pytest.raises(InputError, match=r"no compartment or branch 'bas'"):
        places_of("bas", TREE)  # the beginning of a word is no name


def test_receptors_are_those_that_the_compartment_has() -> None:
    variables = {"ampa_soma", "ampa_a", "nmda_a", "gaba_a", "gaba_soma"}
    assert receptors_of(variables, ["a"], None, "f") == ("ampa", "nmda")
    assert receptors_of(variables, ["a", "soma"], None, "f") == ("ampa",)
    assert receptors_of(variables, ["a"], "gaba", "f") == ("gaba",)
    with pytest.raises(InputError, match=r"soma has no nmda receptors \(f, \[nmda\]\)"):
        receptors_of(variables, ["a", "soma"], ["nmda"], "f")
    with pytest.raises(InputError, match=r"unknown receptor 'gabba'; did you mean gaba\?"):
        receptors_of(variables, ["a"], ["gabba"], "f")
    with pytest.raises(InputError, match=r"b has neither AMPA nor NMDA receptors"):
        receptors_of(variables, ["b"], None, "f")
    with pytest.raises(InputError, match=r"receptors must name at least one"):
        receptors_of(variables, ["a"], [], "f")


def test_spikes_open_the_receptors_of_one_compartment() -> None:
    """After one step the conductance is ``n g exp(-dt/tau)``, on that compartment alone."""
    cells = PyramidalCells(2, "l5_thick_tufted", name="door_cells")
    source = axons(5, 0.0)
    synapses = cells.synapses_from(source, "tuft_1")
    synapses.connect(i=range(5), j=1)
    Network(cells, source, synapses).run(0.2 * ms)
    decay = np.exp(-float(0.1 * ms / cells.ampa_time_constant))
    expected = 5 * float(cells.ampa_unitary_conductance / nS) * decay
    assert float(cells.ampa_tuft_1[1] / nS) == pytest.approx(expected, rel=1e-6)
    assert cells.nmda_tuft_1[1] > 0 * nS
    for name in cells.compartments:
        if f"ampa_{name}" in cells.variables:
            silent = cells.state(f"ampa_{name}")[:]
            assert silent[0] == 0
            assert (silent[1] == 0) == (name != "tuft_1")


def test_synapses_onto_a_branch_are_spread_by_their_source() -> None:
    cells = PyramidalCells(1, "l5_thick_tufted")
    source = axons(10, 0.0)
    synapses = cells.synapses_from(source, "basal_0", receptors=["ampa"])
    assert synapses.places == ("basal_0_0", "basal_0_1")
    synapses.connect()
    synapses.weight["i == 0"] = 3
    Network(cells, source, synapses).run(0.2 * ms)
    inner, outer = float(cells.ampa_basal_0_0[0]), float(cells.ampa_basal_0_1[0])
    assert inner / outer == pytest.approx(7 / 5)  # five each, one of them threefold
    assert np.all(cells.nmda_basal_0_0[:] == 0 * nS)


def test_gaba_hyperpolarises_where_the_model_has_it() -> None:
    cells = PyramidalCells(2, "naud_sprekeler", dt=0.1 * ms)
    for name in ("soma_background", "dendrite_background"):
        for key in ("mean", "deviation"):
            variable = f"{name}_{key}"
            if variable in cells.variables:
                setattr(cells, variable, 0 * cells.state(variable)[:])
    source = axons(20, 0.0)
    synapses = cells.synapses_from(source, "dendrite", receptors=["gaba"])
    synapses.connect(j="1")
    Network(cells, source, synapses).run(0.2 * ms)
    assert cells.gaba_dendrite[1] > 0 * nS
    assert cells.gaba_dendrite[0] == 0 * nS


def test_each_vesicle_opens_the_unitary_conductance() -> None:
    """Of reliable sites all release: their number of unitary conductances."""
    cells = PyramidalCells(1, "l5_thick_tufted")
    source = axons(200, 0.0)
    synapses = cells.synapses_from(
        source, "basal", receptors=["ampa"], release="layer5_pair", seed=7, name="door_release"
    )
    synapses.connect()
    Network(cells, source, synapses).run(0.2 * ms)
    total = sum(float(cells.state(f"ampa_{place}")[0]) for place in synapses.places)
    decay = np.exp(-float(0.1 * ms / cells.ampa_time_constant))
    released = total / float(cells.ampa_unitary_conductance[:]) / decay
    assert released == pytest.approx(float(np.sum(synapses.amplitude)), rel=1e-9)
    assert released == pytest.approx(200 * 5 * 0.46, rel=0.1)
    seen = [synapses.quanta["place == k"].sum() for k in range(len(synapses.places))]
    assert min(seen) > 0


def test_wrong_arguments_are_refused_in_one_line() -> None:
    cells = PyramidalCells(1, "l5_thick_tufted")
    source = axons(1)
    Network(cells, source).run(0 * ms)
    with pytest.raises(InputError, match="source must be a group that spikes"):
        cells.synapses_from(NeuronGroup(1, "x : 1"), "soma")
    with pytest.raises(InputError, match="no compartment or branch 'bassal'; did you mean basal"):
        cells.synapses_from(source, "bassal")
    with pytest.raises(InputError, match="soma has no gaba receptors"):
        cells.synapses_from(source, "soma", receptors=["gaba"])
    with pytest.raises(InputError, match="delay"):
        cells.synapses_from(source, "basal_0_0", delay=3 * mV)
    with pytest.raises(InputError, match="unknown model 'layer_pair'"):
        cells.synapses_from(source, "basal_0_0", release="layer_pair")


@pytest.mark.parametrize(
    ("model", "n"), [("l5_thick_tufted", 12), ("passive", 11), ("naud_sprekeler", 2)]
)
def test_all_potentials_are_recorded_under_names_of_one_form(model: str, n: int) -> None:
    cells = PyramidalCells(3, model)
    assert cells.potentials == [f"v_{name}" for name in cells.compartments]
    assert cells.potentials[0] == "v_soma"
    traces = cells.record(dt=0.2 * ms)
    Network(cells, traces).run(1 * ms)
    assert len(cells.potentials) == n
    for name in cells.potentials:
        assert getattr(traces, name).shape == (3, 5)
        assert np.all(np.isfinite(getattr(traces, name)))
    assert np.all(cells.v_soma[:] == cells.v[:])


def test_the_reduced_cell_is_recorded_the_same_way() -> None:
    cells = PyramidalCells(2)
    assert cells.potentials == ["v_soma", "v_proximal", "v_basal", "v_apical"]
    traces = cells.record(["apical", "soma", "apical"], cells=[1], dt=1 * ms)
    Network(cells, traces).run(2 * ms)
    assert traces.record_variables == ["v_apical", "v_soma"]
    assert traces.v_soma.shape == (1, 2)
    with pytest.raises(InputError, match=r"did you mean apical\?"):
        cells.record("apicale")
    with pytest.raises(InputError, match="dt must be one time"):
        cells.record(dt=3)


def test_description_names_the_potential_of_the_soma() -> None:
    cells = Cells(1, "passive")
    Network(cells).run(0 * ms)
    assert "v_soma = v : V  # potential of the soma, v" in cells.describe()

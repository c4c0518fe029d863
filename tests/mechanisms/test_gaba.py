"""GABA-A receptors on a tree: in every compartment, and nothing where none is open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, ms, mV, nA, nS, prefs

from htm_brian.cells.group import Cells
from htm_brian.parameters import load_model

MODEL = "l5_spike_initiation"


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prefs, "codegen.target", "numpy")


def test_each_compartment_takes_inhibitory_synapses() -> None:
    cells = Cells(1, MODEL, dt=0.1 * ms)
    axons = SpikeGeneratorGroup(1, [0], [0] * ms, dt=0.1 * ms)
    synapses = [cells.synapses_from(axons, name, ["gaba"]) for name in cells.compartments]
    for each in synapses:
        each.connect()
        each.weight = 3
    Network(cells, axons, *synapses).run(10.1 * ms)
    left = 3 * float(cells.gaba_unitary_conductance / nS) * np.exp(-10.1 / 10)
    for name in cells.compartments:
        found = float(getattr(cells, f"gaba_{name}")[0] / nS)
        assert found == pytest.approx(left, rel=0.02), name
        assert getattr(cells, f"v_{name}")[0] < -70.3 * mV, name


def test_what_is_shut_changes_nothing() -> None:
    model = load_model(MODEL)
    without = replace(model, tables=tuple(each for each in model.tables if each.name != "gaba"))
    ends = []
    for each in (model, without):
        cells = Cells(1, each, dt=0.1 * ms)
        cells.injected_current = 0.5 * nA
        Network(cells).run(100 * ms)
        ends.append([float(getattr(cells, name)[0] / mV) for name in cells.potentials])
    np.testing.assert_allclose(*ends, rtol=1e-9)

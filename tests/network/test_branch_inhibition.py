"""Inhibition of branches: it ends a plateau though glutamate stays bound, and spares a new one."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, ms, mV, nS

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.compiling import uncompiled
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, expected
from htm_brian.errors import InputError
from htm_brian.network.branch_inhibition import TABLE, BranchInhibition
from htm_brian.parameters import load_model

NETWORK = load_model("minicolumns_trees")
CELL = load_model("l23_pyramidal").with_values({"basal.branches": 1}).with_table(NETWORK["gaba"])
SYNAPSES = 20
OLD, NEW, NONE = range(3)


def potentials(nanosiemens: float) -> np.ndarray:
    """Return branches 5, 15 and 60 ms after inhibition, of cells with an old and a new plateau."""
    with uncompiled():
        cells = PyramidalCells(3, CELL)
        model = NETWORK.with_values({f"{TABLE}.conductance": nanosiemens * nS})
        inhibition = BranchInhibition(cells, ["basal_0_1"], model[TABLE])
        axons = SpikeGeneratorGroup(2, [OLD, NEW], [1, 62] * ms)
        synapses = cells.synapses_from(axons, "basal_0_1")
        synapses.connect(i=[OLD, NEW], j=[OLD, NEW])
        synapses.weight = SYNAPSES
        trace = cells.record(["basal_0_1"], dt=5 * ms)
        inhibition.follow(0.060)
        with expected([ORDER_OF_EXECUTION]):
            Network(cells, axons, synapses, trace, *inhibition.objects).run(120 * ms)
        return np.asarray(trace.v_basal_0_1 / mV)[:, [13, 15, 23]]


def test_a_plateau_that_predicted_in_vain_ends_and_a_new_one_does_not() -> None:
    without, inhibited = (potentials(nanosiemens) for nanosiemens in (0.0, 4.3))
    assert without[OLD, 0] > -40, "it would have lasted"
    assert (inhibited[OLD] < -56).all(), "glutamate that stays bound does not bring it back"
    assert inhibited[NEW, 2] > -40
    assert inhibited[NEW, 2] == pytest.approx(without[NEW, 2], abs=3)
    assert inhibited[NONE].min() > -78


def test_a_network_without_the_table_is_refused() -> None:
    cells = PyramidalCells(1, CELL)
    with pytest.raises(InputError, match="conductance"):
        BranchInhibition(cells, ["soma"], NETWORK["gaba"])

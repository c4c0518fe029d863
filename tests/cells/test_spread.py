"""Cells that differ: by how much, and from where it counts."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import mV

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.cells.spread import spread_cells, spread_paths
from htm_brian.parameters import Parameter, Table, load_model


def table(threshold: float, leak: float, strength: float) -> Table:
    given = {"threshold": threshold, "leak": leak, "strength": strength}
    return Table(
        "spread", tuple(Parameter("spread", k, v, "1", "test", 0, 1) for k, v in given.items())
    )


def test_cells_that_are_alike_keep_their_shared_parameters() -> None:
    assert spread_paths(table(0.0, 0.0, 0.0)) == ()
    assert spread_paths(table(0.1, 0.0, 0.0)) == ("spike.threshold",)


def test_each_cell_has_its_own_threshold_leak_and_synapses() -> None:
    model, wide = load_model("l5_in_vivo"), table(0.1, 0.2, 0.05)
    cells = PyramidalCells(4000, model, per_cell=spread_paths(wide))
    spread_cells(cells, model, wide, np.random.default_rng(1))
    distance = np.asarray((cells.spike_threshold - model["soma"]["resting_potential"]) / mV)
    assert distance.mean() == pytest.approx(20, rel=0.01)
    assert distance.std() / distance.mean() == pytest.approx(0.1, rel=0.05)
    for name, share in (
        ("leak_conductance", 0.2),
        ("proximal_leak_conductance", 0.2),
        ("feedforward_volley_conductance", 0.05),
        ("basal_coupling_conductance", 0.05),
    ):
        values = np.asarray(getattr(cells, name))
        assert values.std() / values.mean() == pytest.approx(share, rel=0.05), name
    together = np.corrcoef(cells.leak_conductance, cells.basal_leak_conductance)[0, 1]
    apart = np.corrcoef(cells.leak_conductance, cells.spike_threshold)[0, 1]
    assert together == pytest.approx(1) and abs(apart) < 0.06

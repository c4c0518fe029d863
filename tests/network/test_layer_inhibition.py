"""What is left of an element that did not come ends, all over the layer."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, nS

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.network.event_layer import EventLayer
from htm_brian.parameters import Model, load_model
from tests.generators.layers import CELLS, COLUMNS, layer_with

PREDICTED, MATCHED = 7 * CELLS + 1, 6 * CELLS + 2
MODEL = load_model("minicolumns")


def layer(model: Model = MODEL) -> EventLayer:
    """Return a layer in which columns 0 to 3 predict one cell and nearly predict another."""
    presynaptic = np.tile(np.arange(4) * CELLS, 2)
    permanence = [0.2] * 4 + [0.6] * 4
    owners = [MATCHED, PREDICTED]
    table = SegmentTable(owners, [0, 4, 8], presynaptic, permanence, n_cells=COLUMNS * CELLS)
    return layer_with(table, model)


def run_past_a_volley(made: EventLayer) -> None:
    """Predict column 7, and drive column 5 instead."""
    made.drive(np.arange(4))
    made.advance()
    assert made.branches().plateau.tolist() == [False, True]
    assert made.branches().depolarisation[0] > 1.0
    made.drive(np.array([5]))


def test_a_plateau_and_a_match_last_until_predicted_cells_have_had_their_time() -> None:
    made = layer()
    run_past_a_volley(made)
    answered = float(made.early_until[5])
    made.network.advance((answered - 2e-3) * 1e3 * ms)
    assert made.branches().plateau[1]
    assert made.branches().depolarisation[0] > 1.0
    made.network.advance(4 * ms)
    assert not made.branches().plateau.any()
    assert made.branches().depolarisation.tolist() == [0.0, 0.0]


def test_a_plateau_of_the_present_element_goes_on() -> None:
    made = layer()
    made.drive(np.arange(4))
    made.advance()
    made.drive(np.arange(4))
    made.advance()
    assert made.branches().plateau.tolist() == [False, True]


def left(conductance: float) -> float:
    """Return by how much the cell that was predicted in vain is depolarised an element later."""
    made = layer(MODEL.with_values({"layer_inhibition.conductance": conductance * nS}))
    run_past_a_volley(made)
    made.advance()
    potential = np.asarray(made.neurons.v)
    return float(potential[PREDICTED] - potential[0])


def test_little_is_left_at_the_soma_of_a_plateau_that_predicted_in_vain() -> None:
    without = left(0.0)
    assert without > 0.3e-3
    assert 0 <= left(50.0) < without / 2


def test_without_a_conductance_the_inhibition_of_a_column_is_left_alone() -> None:
    made = layer(MODEL.with_values({"layer_inhibition.conductance": 0 * nS}))
    made.drive(np.arange(4))
    made.advance()
    made.drive(np.array([7]))
    made.network.advance(19 * ms)
    before = float(np.asarray(made.neurons.g_inhibition)[PREDICTED + 1])
    assert before > 10e-9
    made.network.advance(2 * ms)
    decay = float(made.cell_model["inhibition"]["time_constant"])
    left = float(np.asarray(made.neurons.g_inhibition)[PREDICTED + 1])
    assert left == pytest.approx(before * np.exp(-2e-3 / decay), rel=0.01)


def test_without_a_volley_nothing_ends() -> None:
    made = layer()
    made.drive(np.arange(4))
    made.advance()
    made.drive(np.empty(0, dtype=np.int64))
    made.network.advance(15 * ms)
    assert made.branches().plateau[1]
    assert made.branches().depolarisation[0] == pytest.approx(0, abs=6)

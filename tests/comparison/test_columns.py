"""Columns that answer right, counted by hand, and held against the race."""

from __future__ import annotations

import math

import numpy as np
import pytest

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.comparison.columns import right_columns, right_columns_row
from htm_brian.comparison.ladder import MemoryParameters, SpikingRun, run_abstract, run_spiking
from htm_brian.comparison.recording import BEST, SETS, Recording
from htm_brian.sdr.ragged import Ragged
from htm_brian.streams.predicted_sets import predicted_sets


def recording(columns: list[list[int]], cells: list[list[int]]) -> Recording:
    empty = Ragged.from_sets([[] for _ in columns])
    sets = dict.fromkeys((*SETS, BEST), empty) | {
        "active_columns": Ragged.from_sets(columns),
        "active_cells": Ragged.from_sets(cells),
    }
    return Recording(4, 8, sets, np.zeros(len(columns)))


def test_a_column_is_right_if_its_cells_are_the_same() -> None:
    columns = [[0, 1], [2, 3], [1, 2]]
    wanted = recording(columns, [[0, 8, 9], [16, 24], [8, 16]])
    found = recording(columns, [[0, 8], [16, 24, 31], [8, 16]])
    assert right_columns(wanted, found) == pytest.approx(4 / 6)
    assert right_columns(wanted, wanted) == 1.0
    assert math.isnan(right_columns(*[recording([[]], [[]])] * 2))


def test_columns_must_be_right_as_often_as_the_race_says() -> None:
    columns, cells = [[0, 1]] * 50, [[0, 8]] * 50
    wanted = recording(columns, cells)
    wrong = recording(columns, [[0, 8, 9]] * 10 + cells[10:])
    row = right_columns_row(wanted, wanted, "minicolumns", "l5_reduced")
    assert row.check is not None and row.check.passed
    failed = right_columns_row(wanted, wrong, "minicolumns", "l5_reduced")
    assert failed.spiking == pytest.approx(0.9) and not failed.check.passed  # type: ignore
    noisy = right_columns_row(wanted, wrong, "minicolumns_in_vivo", "l5_in_vivo")
    assert noisy.check.passed, "single neurons at 2 mV and cells that differ are right less often"  # type: ignore
    many = right_columns_row(wanted, wrong, "minicolumns_in_vivo", "l5_in_vivo", 16)
    assert not many.check.passed, "sixteen to a cell should be right always"  # type: ignore


def test_more_neurons_to_a_cell_make_more_columns_right() -> None:
    sets, segments = predicted_sets(40, 4, 8, 10, np.random.default_rng(3))
    stream, thresholds = Ragged.from_sets(sets), {"activation_threshold": 3, "min_threshold": 3}
    memory = MemoryParameters(40, 4, max_new_synapses=8, **thresholds)
    abstract = TemporalMemory(40, 4, max_new_synapses=8, **thresholds)
    abstract.import_segments(segments)
    wanted = run_abstract(abstract, stream, lambda done: True, learn=False).recording
    models = "minicolumns_in_vivo", "l5_in_vivo"
    right = []
    for neurons in (1, 9):
        run = SpikingRun(memory, 1, *models, "model", "numpy", segments, neurons)
        found = run_spiking(run, stream, lambda done: True).recording
        right.append(right_columns(wanted, found))
    assert right[0] < 0.9 < right[1]

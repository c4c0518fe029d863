"""The temporal memory against NuPIC's, cell by cell; see tests/data/temporal_memory/README.md."""

import json
from pathlib import Path

import numpy as np
import pytest

from htm_brian.abstract.segments.store import SegmentTable
from htm_brian.abstract.temporal_memory import TemporalMemory

DATA = Path(__file__).parents[1] / "data" / "temporal_memory"
NAMES = {
    "columnDimensions": "columns",
    "cellsPerColumn": "cells_per_column",
    "activationThreshold": "activation_threshold",
    "minThreshold": "min_threshold",
    "initialPermanence": "initial_permanence",
    "connectedPermanence": "connected_permanence",
    "permanenceIncrement": "permanence_increment",
    "permanenceDecrement": "permanence_decrement",
    "predictedSegmentDecrement": "predicted_decrement",
    "maxNewSynapseCount": "max_new_synapses",
    "maxSegmentsPerCell": "max_segments_per_cell",
    "maxSynapsesPerSegment": "max_synapses_per_segment",
}
TRACES = (
    "A1_first_order_1cell",
    "A2_shared_middle_1cell",
    "B1_ABCDE_XBCDY_8cells",
    "B1c_ABCDE_XBCDY_defaults512x16",
    "B2_continuous_switch_256x8",
    "B4_segment_and_synapse_limits",
)
UNIT_CASES = {
    case["name"]: case for case in json.loads((DATA / "unit_cases.json").read_text("utf-8"))
}


def memory_like(params, **options):
    return TemporalMemory(**{NAMES[key]: value for key, value in params.items()}, **options)


class Trace:
    """A golden file: `cells(name, step)` is one of its ragged lists."""

    def __init__(self, name):
        with np.load(DATA / f"{name}.npz") as file:
            self.arrays = {key: file[key] for key in file.files}
        self.params = json.loads(bytes(self.arrays["params_json"]).decode())
        self.n_steps = len(self.arrays["learn"])

    def __getitem__(self, key):
        return self.arrays[key]

    def cells(self, key, step):
        indptr = self.arrays[f"{key}_indptr"]
        return self.arrays[key][indptr[step] : indptr[step + 1]].tolist()


@pytest.mark.parametrize("name", TRACES)
def test_trace_is_exact(name):
    trace = Trace(name)
    tm = memory_like(trace.params, tie_break="lowest_index")
    for t in range(trace.n_steps):
        if trace["reset_before"][t]:
            tm.reset()
        tm.compute(trace.cells("active_cols", t), bool(trace["learn"][t]))
        matching = np.unique(tm.store.owner[tm.matching_segments])
        wrong = np.setdiff1d(tm.predicted_columns, tm.active_columns)
        right = np.intersect1d(tm.predicted_columns, tm.active_columns)
        got = {
            "active_cells": tm.active_cells.tolist(),
            "winner_cells": tm.winner_cells.tolist(),
            "predictive_cells": tm.predictive_cells.tolist(),
            "matching_cells": matching.tolist(),
        }
        assert got == {key: trace.cells(key, t) for key in got}, f"step {t}"
        numbers = {
            "anomaly": tm.anomaly,
            "n_bursting_cols": len(tm.column_bursts),
            "n_predicted_active_cols": len(right),
            "n_predicted_inactive_cols": len(wrong),
            "n_segments": tm.n_segments,
            "n_synapses": tm.n_synapses,
        }
        assert numbers == {key: trace[key][t] for key in numbers}, f"step {t}"
    golden = SegmentTable(
        trace["seg_cell"],
        trace["seg_indptr"],
        trace["syn_presyn"],
        np.clip(trace["syn_perm"], 0, 1),
        n_cells=tm.n_cells,
    )
    assert tm.export_segments().equals(golden, tolerance=1e-6)


@pytest.mark.parametrize("name", UNIT_CASES)
def test_unit_case_is_exact(name):
    case = UNIT_CASES[name]
    tm = memory_like(case["params"], tie_break="lowest_index")
    tm.import_segments(_table(case["initial_segments"], tm.n_cells))
    for step, expected in zip(case["steps"], case["expected"], strict=True):
        if step["reset"]:
            tm.reset()
        tm.compute(step["cols"], step["learn"])
        assert tm.active_cells.tolist() == expected["active"]
        assert tm.winner_cells.tolist() == expected["winners"]
        assert tm.predictive_cells.tolist() == expected["predictive"]
        matching = tm.store.owner[tm.matching_segments].tolist()
        assert matching == expected["matching_segment_cells"]
        golden = _table(expected["segments"], tm.n_cells)
        assert tm.export_segments().equals(golden, tolerance=1e-6)


def _table(segments, n_cells):
    synapses = [pair for segment in segments for pair in segment["synapses"]]
    return SegmentTable(
        np.array([segment["cell"] for segment in segments], dtype=int),
        np.cumsum([0] + [len(segment["synapses"]) for segment in segments]),
        np.array([cell for cell, _ in synapses], dtype=int),
        np.array([permanence for _, permanence in synapses], dtype=float),
        n_cells=n_cells,
    )


def test_add_segment_to_cell_with_fewest_segments_is_random_by_default():
    """NuPIC's own test: over 100 seeds the segment grows on cell 1 in some, on cell 2 in others."""
    case = UNIT_CASES["AddSegmentToCellWithFewestSegments"]
    grown = set()
    for seed in range(100):
        tm = memory_like(case["params"], seed=seed)
        tm.import_segments(_table(case["initial_segments"], tm.n_cells))
        for step in case["steps"]:
            tm.compute(step["cols"], step["learn"])
        grown |= set(tm.export_segments().owner.tolist()) - {0, 3}
    assert grown == {1, 2}

"""Random memories, random streams, and both memories on them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.permanence import IncidenceRate, PermanenceRule, UpDown
from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.protocols.memory_equations.reference import ReferenceTemporalMemory

if TYPE_CHECKING:
    from htm_brian.protocols.memory_equations import MemoryEquationsParameters

PARTS = ("active cells", "winner cells", "predictive cells", "anomalies", "segments")


def options_of(rng: np.random.Generator) -> dict[str, Any]:
    """Return the parameters of a memory, small enough that all limits are met."""
    rule: PermanenceRule = UpDown(float(rng.choice([0.05, 0.1])), float(rng.choice([0.02, 0.1])))
    if rng.random() < 0.5:
        rule = IncidenceRate(float(rng.choice([2, 5, 20])), float(rng.choice([0.1, 0.3])))
    most = int(rng.integers(4, 13))
    threshold = int(rng.integers(1, 5))
    return {
        "columns": int(rng.integers(8, 25)),
        "cells_per_column": int(rng.integers(1, 6)),
        "activation_threshold": threshold,
        "min_threshold": int(rng.integers(1, threshold + 1)),
        "initial_permanence": float(rng.choice([0.05, 0.21, 0.3, 0.5])),
        "connected_permanence": float(rng.choice([0.2, 0.3, 0.5])),
        "predicted_decrement": float(rng.choice([0.0, 0.02])),
        "max_new_synapses": int(rng.integers(1, 9)),
        "max_segments_per_cell": int(rng.integers(1, 5)),
        "max_synapses_per_segment": most,
        "reuse_previous_winner": bool(rng.random() < 0.5),
        "predict_first": bool(rng.random() < 0.5),
        "weight_slope": float(rng.choice([math.inf, math.inf, 20.0])),
        "permanence_rule": rule,
    }


def steps_of(rng: np.random.Generator, columns: int) -> Iterator[tuple[NDArray[Any], bool, bool]]:
    """Yield active columns, whether a sequence begins, and whether to learn.

    Patterns are from a small set, so that much is learned, with noise, resets and empty steps.
    """
    patterns = [
        np.sort(rng.choice(columns, rng.integers(1, columns // 2 + 1), replace=False))
        for _ in range(4)
    ]
    place = 0
    while True:
        place = place + 1 if rng.random() < 0.8 else int(rng.integers(0, 4))
        pattern = patterns[place % 4]
        if rng.random() < 0.1:
            pattern = np.sort(rng.choice(columns, rng.integers(0, columns), replace=False))
        yield pattern, rng.random() < 0.05, rng.random() < 0.9


def compare(
    parameters: MemoryEquationsParameters, number: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return by step which parts differ, and how many cells are predicted and synapses there."""
    rng = np.random.default_rng([parameters.seed, number])
    options = options_of(rng)
    memory = TemporalMemory(**options, tie_break="lowest_index")
    rule, slope = options.pop("permanence_rule"), options.pop("weight_slope")
    plain = ReferenceTemporalMemory(**options, rule=rule, slope=slope)
    differs = np.zeros((parameters.steps, len(PARTS)), dtype=np.bool_)
    sizes = np.zeros((parameters.steps, 2), dtype=np.int64)
    steps = steps_of(rng, options["columns"])
    for step, (pattern, begins, learn) in zip(range(parameters.steps), steps, strict=False):
        if begins:
            memory.reset()
            plain.reset()
        memory.compute(pattern, learn)
        plain.compute(pattern.tolist(), learn)
        table = memory.export_segments()
        differs[step] = (
            memory.active_cells.tolist() != plain.active_cells,
            memory.winner_cells.tolist() != plain.winner_cells,
            memory.predictive_cells.tolist() != plain.predictive_cells,
            memory.anomaly != plain.anomaly,
            rows(table) != plain.table(),
        )
        sizes[step] = len(memory.predictive_cells), table.n_synapses
    return differs, sizes


def rows(table: SegmentTable) -> list[tuple[int, dict[int, float]]]:
    """Return segments as (cell, {presynaptic: permanence}), by cell and then by age."""
    return [
        (
            int(table.owner[i]),
            dict(zip(table.presynaptic[a:b].tolist(), table.permanence[a:b].tolist(), strict=True)),
        )
        for i, (a, b) in enumerate(zip(table.indptr, table.indptr[1:], strict=False))
    ]

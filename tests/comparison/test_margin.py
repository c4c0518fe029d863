"""Which elements no branch decides by a hair."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.comparison.margin import Margin
from htm_brian.comparison.recording import BEST, SETS, Recording
from htm_brian.comparison.table import clear_rows
from htm_brian.sdr.ragged import Ragged

# One segment with eight synapses, the last of which is not connected.
SEGMENT = SegmentTable([20], [0, 8], np.arange(8), np.array([0.6] * 7 + [0.4]), n_cells=32)


def recording(active: list[list[int]], predictive: list[list[int]]) -> Recording:
    empty = Ragged.from_sets([[] for _ in active])
    sets = dict.fromkeys((*SETS, BEST), empty)
    sets |= {
        "active_cells": Ragged.from_sets(active),
        "predictive_cells": Ragged.from_sets(predictive),
    }
    return Recording(8, 4, sets, np.zeros(len(active)))


def test_overlaps_count_connected_synapses_only() -> None:
    margin = Margin(SEGMENT, threshold=4, connected_permanence=0.5)
    assert margin.overlaps(np.array([0, 1, 7, 20])).tolist() == [2]


def test_a_step_is_clear_if_its_overlaps_and_those_before_are() -> None:
    margin = Margin(SEGMENT, threshold=4, connected_permanence=0.5)
    active = [[0, 1], [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4], [0], [0], [0, 1, 2]]
    assert margin.clear_steps(recording(active, [[]] * 6)).tolist() == [
        True,
        True,
        False,  # five of four
        False,  # its active cells follow from a prediction that was near
        True,
        False,  # three of four
    ]


def test_the_check_is_of_clear_steps_and_the_raw_share_stands_beside_it() -> None:
    margin = Margin(SEGMENT, threshold=4, connected_permanence=0.5)
    active = [[0], [0], [0, 1, 2, 3], [0], [0]]
    reference = recording(active, [[], [], [20], [], []])
    rows = clear_rows(reference, recording(active, [[]] * 5), margin, "here")
    clear, checked, raw = rows[:3]
    assert clear.spiking == pytest.approx(0.6)
    assert checked.check is not None and checked.check.verdict == "pass"
    assert checked.spiking == 1.0
    assert raw.spiking == pytest.approx(0.8)
    wrong = clear_rows(reference, recording([[1], *active[1:]], [[]] * 5), margin, "here")
    assert wrong[1].check is not None and wrong[1].check.verdict == "FAIL"

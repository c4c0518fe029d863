"""The stream, and its smoothed score. That it is the published one: `tests/protocols`."""

from __future__ import annotations

import numpy as np

from htm_brian.streams.sequences_in_noise import (
    BLOCK,
    FIRST_OF_SEQUENCE,
    NEW_SEQUENCES,
    SEQUENCES,
    smoothed,
    stream,
)


def test_six_of_ten_elements_are_those_of_a_sequence() -> None:
    elements, order = stream(104, 2, 4, 200, 100, 3, NEW_SEQUENCES)
    assert np.sort(order).tolist() == list(range(208))
    for block in range(20):
        shown = elements[BLOCK * block + FIRST_OF_SEQUENCE :][:6]
        word = "".join(chr(ord("A") + int(columns[0]) // 4) for columns in shown)
        assert word in (SEQUENCES if block < 10 else NEW_SEQUENCES)
        assert all(len(columns) == 4 for columns in elements)


def test_the_score_rises_to_what_is_always_right() -> None:
    score = smoothed([1.0] * 2000)
    assert len(score) == 2000 and score[0] == 0.0 < score[500] < 1.0
    assert abs(score[-1] - 1.0) < 1e-6
    assert len(smoothed([])) == 0

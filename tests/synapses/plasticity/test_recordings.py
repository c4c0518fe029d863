"""The bundled recordings: counts, trains, and the score of no change."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.synapses.plasticity.recordings import layer5_controls, pairings


def test_there_are_41_experiments_15_of_them_controls_of_layer_5() -> None:
    rows = layer5_controls()
    assert len(pairings()) == 41 and len(rows) == 15
    square = sum(((1 - row.ratio) / row.sem) ** 2 for row in rows)
    assert square == pytest.approx(227, abs=0.5)


def test_trains_have_the_pairs_sweeps_and_intervals_of_the_paper() -> None:
    by_name = {row.name: row for row in pairings()}
    before, after = by_name["mrk97_08"].trains()
    assert len(before) == len(after) == 5 * 10
    np.testing.assert_allclose(after - before, -0.010)
    np.testing.assert_allclose(np.diff(before)[:5], [0.1, 0.1, 0.1, 0.1, 3.6])
    before, after = by_name["sjs01_06"].trains()
    np.testing.assert_allclose(np.diff(before), np.full(49, 10.0))
    burst = by_name["ltz06_02"].trains()[1][:3] - by_name["ltz06_02"].trains()[0][0]
    np.testing.assert_allclose(burst, [0.010, 0.015, 0.020])

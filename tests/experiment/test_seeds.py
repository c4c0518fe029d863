"""Intervals over seeds hold the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.seeds import mean_interval, share_interval


def test_students_interval_holds_the_mean_in_95_of_100() -> None:
    rng = np.random.default_rng(1)
    inside = [
        low < 3 < high for low, high in (mean_interval(rng.normal(3, 2, 10)) for _ in range(2000))
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


def test_an_interval_of_a_share_widens_where_runs_differ() -> None:
    alike, apart = share_interval([50] * 10, [100] * 10), share_interval([0, 100] * 5, [100] * 10)
    assert alike == pytest.approx((0.4686, 0.5314), abs=1e-3)
    assert apart[0] < 0.2 and apart[1] > 0.8


def test_nothing_in_n_trials_leaves_three_over_n() -> None:
    low, high = share_interval([0, 0], [500, 500])
    assert low == 0 and high == pytest.approx(1 - 0.025 ** (1 / 1000))
    assert share_interval([7], [7])[1] == 1


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="hits must lie in 0 to trials"):
        share_interval([3], [2])
    assert np.isnan(mean_interval([1.0])).all()


def test_the_interval_of_a_mean_is_students() -> None:
    low, high = mean_interval(np.array([1.0, 2.0, 3.0]))
    assert (low, high) == pytest.approx((2 - 2.484138, 2 + 2.484138), abs=1e-6)

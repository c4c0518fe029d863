"""Encoders against their published description: likeness is shared bits."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.abstract.encoders import (
    CategoryEncoder,
    CyclicEncoder,
    DateEncoder,
    MultiEncoder,
    ScalarEncoder,
)
from htm_brian.errors import InputError

SEEDS = st.integers(0, 2**32)
N_ACTIVE = st.integers(1, 25)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1))


@given(SEEDS, N_ACTIVE, st.integers(6, 12), st.integers(-(10**6), 10**6), st.data())
def test_scalar_overlap_falls_by_one_with_each_bucket(
    seed: int, n_active: int, fold: int, bucket: int, data: st.DataObject
) -> None:
    """Purdy (2016): neighbours share all bits but one, and the overlap falls linearly."""
    distance = data.draw(st.integers(0, n_active))
    encoder = ScalarEncoder(fold * n_active, n_active, resolution=0.25, seed=seed)
    here, there = encoder.encode(bucket * 0.25), encoder.encode((bucket + distance) * 0.25)
    assert len(here) == len(there) == n_active
    assert here.overlap(there) == n_active - distance


def test_scalar_far_values_overlap_by_chance_only() -> None:
    """Two random sets of w of n bits share w²/n on average, and hardly ever many."""
    encoder = ScalarEncoder(400, 21, resolution=1.0, seed=3)
    reference = encoder.encode(0)
    overlaps = [reference.overlap(encoder.encode(200 + 60 * step)) for step in range(600)]
    variance = 21 * (21 / 400) * (379 / 400) * (379 / 399)
    assert np.mean(overlaps) == pytest.approx(21**2 / 400, abs=4 * np.sqrt(variance / 600))
    assert max(overlaps) <= 7


@given(SEEDS, st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=10))
def test_scalar_depends_on_seed_and_value_alone(seed: int, values: list[float]) -> None:
    """Unlike peers that build buckets as they meet them, history has no say."""
    forward, backward = (ScalarEncoder(150, 11, 0.5, seed=seed) for _ in range(2))
    first = [forward.encode(value) for value in values]
    second = [backward.encode(value) for value in reversed(values)]
    assert first == second[::-1]


@given(SEEDS, st.floats(-1e4, 1e4), st.floats(0, 20), st.floats(0, 20))
def test_scalar_overlap_never_rises_with_distance(
    seed: int, value: float, one: float, two: float
) -> None:
    near, far = sorted((one, two))
    encoder = ScalarEncoder(200, 30, resolution=0.7, seed=seed)
    here = encoder.encode(value)
    assert here.overlap(encoder.encode(value + near)) >= here.overlap(encoder.encode(value + far))


def test_scalar_seeds_differ_and_bits_are_used_evenly() -> None:
    assert ScalarEncoder(400, 21, 1.0, seed=1).encode(5) != ScalarEncoder(400, 21, 1.0, 2).encode(5)
    encoder = ScalarEncoder(200, 10, 1.0, seed=4)
    use = np.sum([encoder.encode(10 * step).dense for step in range(4000)], axis=0)
    # 40,000 on-bits over 200 bits: 200 each, standard deviation about 14.
    assert np.all(np.abs(use - 200) < 5 * 14)


@given(st.integers(1, 30), st.floats(-500, 500), st.floats(0, 24))
def test_cyclic_overlap_falls_linearly_along_the_ring(
    n_active: int, value: float, distance: float
) -> None:
    encoder = CyclicEncoder(n_active, period=24.0, radius=4.0)
    shared = encoder.encode(value).overlap(encoder.encode(value + distance))
    along_ring = min(distance, 24.0 - distance)
    expected = n_active * max(1 - along_ring / 4.0, 0)
    assert abs(shared - expected) <= 1
    assert len(encoder.encode(value)) == n_active


@given(st.floats(-100, 100), st.integers(-3, 3))
def test_cyclic_encoding_repeats_after_a_period(value: float, turns: int) -> None:
    encoder = CyclicEncoder(9, period=24.0, radius=4.0)
    # Adding periods may round across the edge of a bit: one bit at most.
    assert encoder.encode(value).overlap(encoder.encode(value + 24.0 * turns)) >= 8


def test_time_of_day_wraps_at_midnight() -> None:
    encoder = DateEncoder(time_of_day=(24, 4.0), weekend=None)
    late, early = datetime(2000, 6, 5, 23, 30), datetime(2000, 6, 6, 0, 30)
    noon = datetime(2000, 6, 5, 12)
    assert encoder.encode(late).overlap(encoder.encode(early)) == 24 * 3 // 4
    assert encoder.encode(noon).overlap(encoder.encode(early)) == 0
    assert encoder.encode(noon) == encoder.encode(noon + timedelta(days=40))


def test_weekend_is_saturday_and_sunday() -> None:
    encoder = DateEncoder(time_of_day=None, weekend=5)
    monday = datetime(2000, 6, 5)
    codes = [encoder.encode(monday + timedelta(days=day)) for day in range(7)]
    assert len(set(codes[:5])) == len(set(codes[5:])) == 1
    assert codes[0].overlap(codes[6]) == 0


def test_day_of_week_runs_on_and_wraps_after_sunday() -> None:
    encoder = DateEncoder(time_of_day=None, weekend=None, day_of_week=(24, 1.0))
    sunday_night = encoder.encode(datetime(2000, 6, 11, 23))
    assert sunday_night.overlap(encoder.encode(datetime(2000, 6, 12, 1))) == 22
    assert sunday_night.overlap(encoder.encode(datetime(2000, 6, 10, 22))) == 0
    assert sunday_night == encoder.encode(datetime(2000, 6, 18, 23))


@pytest.mark.parametrize("year", [1999, 2000])
def test_season_wraps_at_new_year_in_leap_years_too(year: int) -> None:
    encoder = DateEncoder(time_of_day=None, weekend=None, season=(50, 100.0))
    last, first = datetime(year, 12, 31, 12), datetime(year + 1, 1, 1, 12)
    assert encoder.encode(last).overlap(encoder.encode(first)) >= 49
    assert encoder.encode(datetime(year, 7, 1)).overlap(encoder.encode(last)) == 0


@given(moments)
def test_date_has_exactly_its_bits_whatever_the_type(moment: datetime) -> None:
    encoder = DateEncoder(
        time_of_day=(21, 4.0), day_of_week=(11, 1.5), weekend=7, season=(13, 91.5)
    )
    code = encoder.encode(moment)
    assert len(code) == encoder.n_active == 21 + 11 + 7 + 13
    assert code.size == encoder.size
    assert encoder.encode(np.datetime64(moment)) == code
    assert encoder.encode(pd.Timestamp(moment)) == code
    assert encoder.encode(moment.replace(tzinfo=UTC)) == code


@given(st.lists(st.text("abc"), min_size=1, max_size=12, unique=True), N_ACTIVE)
def test_categories_share_no_bits(categories: list[str], n_active: int) -> None:
    encoder = CategoryEncoder(categories, n_active)
    union: set[int] = set()
    for category in categories:
        code = encoder.encode(category)
        assert len(code) == n_active
        assert union.isdisjoint(code.sparse)
        union.update(code.sparse)
    assert union == set(range(encoder.size))


@given(moments, st.floats(-100, 100))
def test_multi_encoder_puts_the_parts_side_by_side(moment: datetime, value: float) -> None:
    date, scalar = DateEncoder(), ScalarEncoder(130, 21, 0.5)
    encoder = MultiEncoder({"timestamp": date, "value": scalar})
    code = encoder.encode({"value": value, "timestamp": moment})
    assert code.size == encoder.size == date.size + 130
    assert len(code) == encoder.n_active == date.n_active + 21
    both = np.concatenate([date.encode(moment).dense, scalar.encode(value).dense])
    assert np.array_equal(code.dense, both)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="value must be a finite number, got"):
        ScalarEncoder(130, 21, 0.5).encode(value)
    with pytest.raises(ValueError, match="value must be a finite number, got"):
        CyclicEncoder(5, 24, 4).encode(value)


@pytest.mark.parametrize("value", [pd.NaT, np.datetime64("NaT", "s"), "2000-06-05", np.nan, None])
def test_times_that_are_none_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="value must be a date and time, got"):
        DateEncoder().encode(value)  # type: ignore[arg-type]


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="size must be at least 126, got 100"):
        ScalarEncoder(100, 21, 1.0)
    with pytest.raises(ValueError, match="resolution must be positive, got 0"):
        ScalarEncoder(400, 21, 0)
    with pytest.raises(ValueError, match="too large for a resolution of"):
        ScalarEncoder(400, 21, 1e-10).encode(1e300)
    with pytest.raises(InputError, match="value must be a finite number, got 'high'"):
        ScalarEncoder(400, 21, 1.0).encode("high")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="radius must lie in"):
        DateEncoder(time_of_day=(21, 13.0))
    with pytest.raises(ValueError, match="needs at least one part"):
        DateEncoder(time_of_day=None, weekend=None)
    with pytest.raises(ValueError, match="unknown category: value is 'c'; the categories are 'a'"):
        CategoryEncoder("ab").encode("c")
    with pytest.raises(ValueError, match="each category once"):
        CategoryEncoder("aba")
    with pytest.raises(ValueError, match="at least one category"):
        CategoryEncoder("")
    with pytest.raises(ValueError, match="at least one encoder"):
        MultiEncoder({})
    with pytest.raises(ValueError, match="value must hold the fields x, got y"):
        MultiEncoder({"x": CategoryEncoder("ab")}).encode({"y": "a"})


def test_the_last_year_is_a_year() -> None:
    """Databases write "9999-12-31" for what has no end."""
    parts = {"time_of_day": (21, 4.0), "weekend": 21, "season": (21, 30.0)}
    encoder = DateEncoder(**parts)
    last, other = datetime(9999, 12, 31, 12), datetime(2021, 12, 31, 12)  # both Fridays, no leap
    assert encoder.encode(last) == encoder.encode(other)

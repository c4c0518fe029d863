from dataclasses import replace

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.streams.series import Series, read_series
from htm_brian.streams.stream_parameters import (
    SETTABLE,
    StreamParameters,
    bucket_width,
    positions,
    sampling_interval,
)


def every(step: str, n: int, start: str = "2000-06-05T00:00") -> np.ndarray:
    """Times `step` apart, such as ``"5m"``; ``"1M"`` for months."""
    number, unit = int(step[:-1]), step[-1]
    if unit == "M":
        months = np.datetime64(start[:7], "M") + np.arange(n) * np.timedelta64(number, "M")
        return months.astype("datetime64[us]")
    return np.datetime64(start, "us") + np.arange(n) * np.timedelta64(number, unit)


def derived(stamps: np.ndarray | None, n: int | None = None) -> StreamParameters:
    size = n if stamps is None else len(stamps)
    return StreamParameters.for_series(Series("x.csv", "x", np.arange(float(size)), stamps), 8)


@pytest.mark.parametrize(
    ("step", "n", "day", "week", "year", "weekend", "period"),
    [
        ("30m", 4032, 0.5, None, None, 5, 1000),
        ("5m", 2016, 1 / 12, None, None, 5, 1000),
        ("1m", 5760, 1 / 60, None, None, 0, 1440),
        ("1s", 345_600, 1 / 3600, None, None, 0, 86400),
        ("1h", 96, 1.0, None, None, 0, 1000),
        ("1h", 95, None, None, None, 0, 1000),  # no time of day comes four times
        ("12h", 60, 12.0, None, None, 5, 1000),
        ("1D", 60, None, 1.0, None, 0, 1000),
        ("1D", 27, None, None, None, 0, 1000),
        ("7D", 220, None, None, 7.0, 0, 1000),
        ("1M", 60, None, None, 31.0, 0, 1000),
        ("365D", 40, None, None, None, 0, 1000),
    ],
)
def test_the_shortest_cycle_that_comes_back_is_coded(step, n, day, week, year, weekend, period):
    p = derived(every(step, n))
    radii = (p.time_of_day_radius, p.day_of_week_radius, p.season_radius)
    assert radii == pytest.approx((day, week, year))
    assert (p.weekend_bits, p.duty_cycle_period) == (weekend, period)


def test_irregular_times_are_taken_by_their_median_step():
    rng = np.random.default_rng(1)
    seconds = np.cumsum(rng.exponential(600, 2000)).astype(int)
    stamps = np.datetime64("2000-06-05", "us") + seconds * np.timedelta64(1, "s")
    p = derived(stamps)
    assert p.time_of_day_radius == pytest.approx(np.median(np.diff(seconds)) / 3600)
    assert p.time_of_day_radius == pytest.approx(600 * np.log(2) / 3600, rel=0.1)


def test_a_clock_that_goes_back_does_not_count():
    stamps = np.concatenate([every("30m", 100), every("30m", 100, "2000-06-07T01:00")])
    assert sampling_interval(stamps) == 0.5


def test_without_times_nothing_of_time_is_coded_or_reported():
    for series in (
        Series("x.csv", "x", np.arange(100.0)),
        Series("x.txt", "symbol", np.array(list("abc" * 20), dtype="U1")),
    ):
        p = StreamParameters.for_series(series, 8)
        assert not p.times_coded
        names = [path for path, *_ in p.rows(series)]
        assert not any("time" in n or "week" in n or "season" in n for n in names)
        assert ("stream.category_bits" in names) is series.symbolic
        assert ("stream.value_buckets" in names) is not series.symbolic


def test_what_was_derived_is_reported_with_its_reason():
    series = read_series()
    rows = {path: row for path, *row in StreamParameters.for_series(series, 20).rows(series)}
    assert rows["stream.time_of_day_radius"] == [
        0.5, "h", "derived from the series", None, None,
        "the sampling interval: successive moments share no bits",
    ]  # fmt: skip
    assert rows["stream.weekend_bits"][0] == 5
    assert "a bucket is" in rows["stream.value_buckets"][-1]
    assert "stream.season_radius" not in rows
    assert all(source and unit for _, unit, source, *_ in rows.values())


@pytest.mark.parametrize("name", SETTABLE)
def test_what_is_derived_can_be_set(name):
    series = read_series()
    p = StreamParameters.for_series(series, 20, **{name: 3})
    assert getattr(p, name) == 3
    rows = {path: source for path, _, _, source, *_ in p.rows(series)}
    assert rows[f"stream.{name}"] == "asked for"
    untouched = StreamParameters.for_series(series, 20, **{name: None})
    assert untouched == StreamParameters.for_series(series, 20)


def test_a_radius_of_nought_leaves_the_time_out():
    p = StreamParameters.for_series(read_series(), 20, time_of_day_radius=0, weekend_bits=0)
    assert not p.times_coded


def test_faults_are_named():
    text = Series("a.txt", "symbol", np.array(list("abc"), dtype="U1"))
    plain = Series("a.csv", "x", np.arange(9.0))
    with pytest.raises(InputError, match="time_of_day_radius means nothing for a.csv, which was"):
        StreamParameters.for_series(plain, 8, time_of_day_radius=1.0)
    with pytest.raises(InputError, match="value_buckets means nothing for a.txt, a text"):
        StreamParameters.for_series(text, 8, value_buckets=3)
    with pytest.raises(InputError, match=r"time_of_day_radius must lie in \(0, 12\] h, half of"):
        StreamParameters.for_series(read_series(), 8, time_of_day_radius=13.0)
    with pytest.raises(ValueError, match=r"training_share must lie in \[0, 1\], got 1.5"):
        StreamParameters(active_columns=8, training_share=1.5)
    with pytest.raises(ValueError, match="value_bits must be at least 1, got 0"):
        replace(StreamParameters(active_columns=8), value_bits=0)


def test_positions_count_buckets_between_the_percentiles():
    values = np.arange(1001.0)
    low, high = np.percentile(values, [1, 99])
    found = positions(values, 20)
    assert found[990] - found[10] == pytest.approx(20)
    assert bucket_width(values, 20) == pytest.approx((high - low) / 20)


@pytest.mark.parametrize(
    "values",
    [
        [7.0] * 5,
        [0.0] * 200 + [1e-9],
        [1e308, -1e308],
        [5e-324, 0.0],
        [0.0] * 300 + [1e-300, 1e300],
    ],
)
def test_odd_values_have_finite_positions(values):
    found = positions(np.array(values), 20)
    assert np.isfinite(found).all()
    assert bool(found[0] == found[-1]) is (values[0] == values[-1])

from dataclasses import fields

import numpy as np
import pytest

from htm_brian.streams.column_stream import (
    StreamParameters,
    active_column_count,
    choose_columns,
    encode,
    n_steps,
)
from htm_brian.streams.series import Series, read_series

SHORT = StreamParameters(active_columns=8)


def hourly(values):
    start = np.datetime64("2000-06-05T00:00", "us")
    stamps = start + np.arange(len(values)) * np.timedelta64(3600, "s")
    return Series("test.csv", "value", np.asarray(values, dtype=float), stamps)


def test_each_step_has_the_wanted_number_of_columns_and_is_the_same_for_everybody():
    series = read_series().head(100)
    first = choose_columns(series, 64, SHORT, seed=3)
    assert len(first) == 100
    assert set(first.counts) == {8}
    assert first == choose_columns(series, 64, SHORT, seed=3)
    assert first != choose_columns(series, 64, SHORT, seed=4)


def test_the_pooler_is_fixed_so_equal_inputs_have_equal_codes():
    text = Series("text.txt", "symbol", np.array(list("abcd" * 20), dtype="U1"))
    stream = choose_columns(text, 64, SHORT, seed=1)
    codes = {tuple(stream[step].tolist()) for step in range(len(stream))}
    assert len(codes) == 4


def test_value_time_and_weekend_each_change_the_code():
    monday, later, saturday = hourly([5.0] * 24 * 6).timestamps[[0, 1, 24 * 5]]
    values = np.array([5.0, 5.0, 5.0, 9.0])
    series = Series("x.csv", "value", values, np.array([monday, later, saturday, monday]))
    codes = encode(series, SHORT, seed=0)
    assert {len(code) for code in codes} == {21 + 21 + 5}
    base, hour, weekend, value = codes
    assert base.overlap(hour) == 21 + 5
    assert base.overlap(weekend) == 21 + 21
    assert 21 + 5 <= base.overlap(value) < 21 + 21 + 5


def test_without_times_the_value_alone_is_coded():
    series = Series("x.csv", "value", np.array([1.0, 2.0, 1.0]))
    codes = encode(series, SHORT, seed=0)
    assert codes[0] == codes[2] != codes[1]
    assert codes[0].size == SHORT.value_size


@pytest.mark.parametrize("values", [[7.0], [7.0] * 30, [0.0] * 200 + [1e-9], [1e12, -1e12]])
def test_odd_series_are_coded(values):
    assert len(choose_columns(hourly(values), 64, SHORT, seed=0)) == len(values)


def test_after_step_counts_every_step_and_can_stop():
    series, calls = hourly(np.arange(20)), []
    assert choose_columns(series, 64, SHORT, 0, lambda n: calls.append(n) or True) is not None
    assert calls == list(range(1, n_steps(20, SHORT) + 1))
    assert choose_columns(series, 64, SHORT, 0, lambda done: done < 7) is None


def test_two_percent_of_the_columns_are_active_at_full_size():
    assert active_column_count(2048) == 40
    assert active_column_count(1) == 1


def test_parameters_are_checked_and_reported():
    with pytest.raises(ValueError, match=r"training_share must lie in \[0, 1\], got 1.5"):
        StreamParameters(active_columns=8, training_share=1.5)
    with pytest.raises(ValueError, match="value_bits must be at least 1, got 0"):
        StreamParameters(active_columns=8, value_bits=0)
    rows = StreamParameters(active_columns=8).rows()
    assert all(source and unit for _, _, unit, source, *_ in rows)
    assert [path for path, *_ in rows] == [f"stream.{f.name}" for f in fields(StreamParameters)]

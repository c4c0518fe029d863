import hashlib

import numpy as np
import pytest

from htm_brian.streams.column_stream import LARGEST, choose_columns, encode, input_size, n_steps
from htm_brian.streams.series import Series, read_series
from htm_brian.streams.stream_parameters import StreamParameters, active_column_count

SHORT = StreamParameters(active_columns=8)
TIMED = StreamParameters(active_columns=8, time_of_day_radius=0.5, weekend_bits=5)


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
    codes = encode(series, TIMED, seed=0)
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


@pytest.mark.parametrize(
    ("steps", "columns", "seed", "digest"),
    [
        (600, 128, 42, "07435dcf62657a14"),
        pytest.param(4032, 512, 42, "7b2b9f95398b3d3f", marks=pytest.mark.slow),
    ],
)
def test_golden_columns_of_the_bundled_series(steps, columns, seed, digest):
    """Columns of the version whose parameters were fixed numbers, for half-hours."""
    series = read_series().head(steps)
    parameters = StreamParameters.for_series(series, active_column_count(columns))
    stream = choose_columns(series, columns, parameters, seed)
    data = stream.values.astype("<i4").tobytes() + stream.indptr.astype("<i8").tobytes()
    assert hashlib.sha256(data).hexdigest().startswith(digest)


@pytest.mark.parametrize("scale", [1e-3, 1e3, 1.60217663e-19, 2.54, 1e-300, 1e300])
def test_the_unit_of_the_values_is_of_no_account(scale):
    series = read_series().head(300)
    other = Series(series.name, "x", series.values * scale, series.timestamps)
    parameters = [StreamParameters.for_series(one, 8) for one in (series, other)]
    assert encode(series, parameters[0], seed=3) == encode(other, parameters[1], seed=3)


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 360])
def test_successive_moments_share_no_bits_and_days_come_back(minutes):
    steps = round(4 * 24 * 60 / minutes)
    stamps = np.datetime64("2000-06-05T00:00", "us") + np.arange(steps) * np.timedelta64(
        minutes, "m"
    )
    series = Series("x.csv", "value", np.zeros(steps), stamps)
    codes = encode(series, StreamParameters.for_series(series, 8), seed=0)
    value_bits = 21
    chance = 3 if minutes == 1 else 0  # drawn at random from LARGEST bits
    for step in (0, 1, 7, steps // 4 - 1):
        assert codes[step].overlap(codes[step + 1]) <= value_bits + chance
        assert codes[step] == codes[step + steps // 4]
    assert codes[0].size == input_size(series, StreamParameters.for_series(series, 8))


def test_very_many_symbols_get_few_bits():
    symbols = np.array([chr(0x4E00 + i) for i in range(1000)], dtype="U1")
    series = Series("a.txt", "symbol", symbols)
    codes = encode(series, SHORT, seed=0)
    assert {code.size for code in codes} == {LARGEST} == {input_size(series, SHORT)}
    assert {len(code) for code in codes} == {21}
    assert max(codes[0].overlap(code) for code in codes[1:]) < 5

"""Spikes to SDRs and back: each rule against a plain loop, and round trips as properties."""

from itertools import pairwise

import numpy as np
import pytest
from brian2.units import Hz, ms
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.errors import InputError
from htm_brian.sdr.mapping import predictive_cells, sdr_to_spikes, spikes_to_sdr
from htm_brian.sdr.sdr import SDR

SIZE = 24
PER_COLUMN = 4
MS = 1e-3

# Times on a grid of 1 ms, as a simulator gives them: a step count times dt, rounding and all.
spike_trains = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, 120)), max_size=60)
sdrs = st.sets(st.integers(0, SIZE - 1)).map(lambda on: SDR(SIZE, on))


def split(spikes: list[tuple[int, int]]) -> tuple[list[int], list[float]]:
    return [cell for cell, _ in spikes], [step * MS for _, step in spikes]


def steps_by_cell(spikes: list[tuple[int, int]], first: int, end: int) -> dict[int, list[int]]:
    """Return the sorted steps of each cell inside [first, end)."""
    by_cell: dict[int, list[int]] = {}
    for cell, step in sorted(spikes):
        if first <= step < end:
            by_cell.setdefault(cell, []).append(step)
    return by_cell


@given(spike_trains, st.integers(0, 60), st.integers(1, 60))
def test_every_rule_equals_a_plain_loop(
    spikes: list[tuple[int, int]], first: int, length: int
) -> None:
    window = (SIZE, first * MS, (first + length) * MS)
    indices, times = split(spikes)
    by_cell = steps_by_cell(spikes, first, first + length)
    assert set(spikes_to_sdr(indices, times, *window).sparse) == set(by_cell)

    by_time = sorted(by_cell, key=lambda cell: (by_cell[cell][0], cell))
    first_k = spikes_to_sdr(indices, times, *window, rule="first_k", k=3)
    assert set(first_k.sparse) == set(by_time[:3])

    bursting = {
        cell
        for cell, steps in by_cell.items()
        if any(late - early < 16 for early, late in pairwise(steps))
    }
    assert set(spikes_to_sdr(indices, times, *window, rule="burst").sparse) == bursting

    two_per_window = 2 / (length * MS)
    rate = spikes_to_sdr(indices, times, *window, rule="rate", min_rate=two_per_window)
    assert set(rate.sparse) == {cell for cell, steps in by_cell.items() if len(steps) >= 2}


@given(spike_trains, st.sampled_from(["any_spike", "burst", "rate"]))
def test_a_minicolumn_is_on_where_any_of_its_cells_is(
    spikes: list[tuple[int, int]], rule: str
) -> None:
    options = {"min_rate": 20.0} if rule == "rate" else {}
    window = (*split(spikes), SIZE, 0.0, 0.1)
    cells = spikes_to_sdr(*window, rule=rule, **options)  # type: ignore[arg-type]
    columns = spikes_to_sdr(*window, rule=rule, cells_per_column=PER_COLUMN, **options)  # type: ignore[arg-type]
    assert columns.size == SIZE // PER_COLUMN
    assert set(columns.sparse) == {cell // PER_COLUMN for cell in cells.sparse}


@given(spike_trains, st.integers(0, 6))
def test_first_k_of_minicolumns_ranks_them_by_their_first_spike(
    spikes: list[tuple[int, int]], k: int
) -> None:
    by_column = steps_by_cell([(cell // PER_COLUMN, step) for cell, step in spikes], 0, 100)
    expected = sorted(by_column, key=lambda column: (by_column[column][0], column))[:k]
    found = spikes_to_sdr(
        *split(spikes), SIZE, 0, 0.1, rule="first_k", k=k, cells_per_column=PER_COLUMN
    )
    assert set(found.sparse) == set(expected)


@given(spike_trains, st.randoms())
def test_the_order_of_spikes_does_not_matter(spikes: list[tuple[int, int]], random: object) -> None:
    shuffled = list(spikes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for options in ({"rule": "any_spike"}, {"rule": "first_k", "k": 2}, {"rule": "burst"}):
        first = spikes_to_sdr(*split(spikes), SIZE, 0, 0.1, **options)
        assert spikes_to_sdr(*split(shuffled), SIZE, 0, 0.1, **options) == first


@given(sdrs, st.integers(0, 50), st.floats(0, 0.005), st.integers(0, 2**32))
def test_round_trip_of_every_rule(sdr: SDR, step: int, jitter: float, seed: int) -> None:
    start, stop = step * MS, step * MS + 0.02
    single = sdr_to_spikes(sdr, start, jitter=jitter, seed=seed)
    assert spikes_to_sdr(*single, SIZE, start, stop) == sdr
    assert spikes_to_sdr(*single, SIZE, start, stop, rule="first_k", k=len(sdr)) == sdr
    assert len(spikes_to_sdr(*single, SIZE, start, stop, rule="burst")) == 0
    double = sdr_to_spikes(sdr, start, jitter=jitter, seed=seed, n_spikes=2)
    assert spikes_to_sdr(*double, SIZE, start, stop, rule="burst") == sdr
    assert spikes_to_sdr(*double, SIZE, start, stop, rule="rate", min_rate=100.0) == sdr
    assert len(spikes_to_sdr(*double, SIZE, start, stop, rule="rate", min_rate=101.0)) == 0


@given(sdrs, st.integers(1, 8), st.floats(0, 0.005))
def test_round_trip_of_minicolumns(columns: SDR, per_column: int, jitter: float) -> None:
    n_cells = SIZE * per_column
    spikes = sdr_to_spikes(columns, 0.1, jitter=jitter, cells_per_column=per_column)
    assert spikes[0].size == len(columns) * per_column
    found = spikes_to_sdr(*spikes, n_cells, 0.1, 0.12, cells_per_column=per_column)
    assert found == columns


@given(sdrs, st.floats(0, 1), st.integers(1, 4), st.integers(0, 2**32))
def test_spikes_are_sorted_within_the_jitter_and_seeded(
    sdr: SDR, jitter: float, n_spikes: int, seed: int
) -> None:
    options = {"jitter": jitter, "seed": seed, "n_spikes": n_spikes, "interval": 0.01}
    indices, times = sdr_to_spikes(sdr, 0.5, **options)  # type: ignore[arg-type]
    assert np.all(np.diff(times) >= 0)
    assert np.all((times >= 0.5) & (times <= 0.5 + jitter + 0.01 * (n_spikes - 1) + 1e-12))
    assert np.bincount(indices, minlength=SIZE).tolist() == (sdr.dense * n_spikes).tolist()
    again = sdr_to_spikes(sdr, 0.5, **options)  # type: ignore[arg-type]
    assert np.array_equal(times, again[1]) and np.array_equal(indices, again[0])


def test_jitter_differs_between_seeds_and_fills_its_range() -> None:
    sdr = SDR(4000, range(4000))
    _, times = sdr_to_spikes(sdr, 1.0, jitter=0.01, seed=1)
    _, others = sdr_to_spikes(sdr, 1.0, jitter=0.01, seed=2)
    assert not np.array_equal(times, others)
    # Uniform over 10 ms: mean 5 ms; standard error 2.887 ms / sqrt(4000) = 0.046 ms.
    assert times.mean() - 1.0 == pytest.approx(0.005, abs=5 * 0.046e-3)
    assert times.std() == pytest.approx(0.01 / np.sqrt(12), rel=0.03)


def test_ties_of_first_k_go_to_the_lower_index_despite_rounding() -> None:
    # 0.3 and 3 * 0.1 are one step of a simulator, and 3 * 0.1 is the larger float.
    assert 3 * 0.1 > 0.3
    found = spikes_to_sdr([2, 5, 9], [3 * 0.1, 0.3, 0.3], 10, 0, 1, rule="first_k", k=1)
    assert found.sparse.tolist() == [2]


def test_neighbouring_windows_share_no_spike_despite_rounding() -> None:
    edge = 3 * 0.1
    for time in (0.3, 3 * 0.1):
        before = spikes_to_sdr([0], [time], 1, 0.2, edge)
        after = spikes_to_sdr([0], [time], 1, edge, 0.4)
        assert (len(before), len(after)) == (0, 1)


def test_an_interval_of_exactly_the_limit_is_no_burst() -> None:
    for start in (0.0, 0.1, 0.3, 1.7):
        spikes = ([0, 0, 1, 1], [start, start + 0.016, start, start + 0.0159])
        assert spikes_to_sdr(*spikes, 2, 0, 5, rule="burst").sparse.tolist() == [1]


def test_no_spikes_make_an_empty_sdr() -> None:
    for options in ({}, {"rule": "first_k", "k": 3}, {"rule": "burst"}):
        assert len(spikes_to_sdr([], [], 10, 0, 1, **options)) == 0


def test_predictive_cells_have_a_plateau_on_any_branch_now() -> None:
    owner = [0, 0, 1, 2, 3, 4]
    onset = [0.0, 0.9, 1.0, 0.5, np.nan, 0.2]
    end = [0.1, 1.2, 1.1, 1.0, np.nan, np.inf]
    assert predictive_cells(owner, onset, end, 1.0, 6).tolist() == [0, 1, 4]
    assert predictive_cells(owner, onset, end, 0.05, 6).tolist() == [0]
    assert predictive_cells([], [], [], 0.0, 6).tolist() == []


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 50), st.integers(0, 50)), max_size=30))
def test_predictive_cells_equal_a_plain_loop(plateaus: list[tuple[int, int, int]]) -> None:
    owner = [cell for cell, _, _ in plateaus]
    onset = [begin * MS for _, begin, _ in plateaus]
    end = [(begin + length) * MS for _, begin, length in plateaus]
    expected = sorted({c for c, begin, length in plateaus if begin <= 30 < begin + length})
    assert predictive_cells(owner, onset, end, 30 * MS, 10).tolist() == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"rule": "last_k"},
            "rule must be one of 'any_spike', 'first_k', 'burst', 'rate', got 'last_k'",
        ),
        ({"rule": "first_k"}, "rule 'first_k' needs k"),
        ({"rule": "rate"}, "rule 'rate' needs min_rate"),
        ({"k": 2}, "k does not apply to rule 'any_spike'"),
        ({"stop": 0.0}, "stop must be later than start"),
        ({"indices": [0, 10]}, r"indices must lie in \[0, 10\), got 10"),
        ({"indices": [0]}, "indices and times must have the same length"),
        ({"times": [0.1, np.nan]}, "times must be finite"),
        ({"cells_per_column": 3}, "size must be a multiple of cells_per_column 3, got 10"),
        ({"rule": "rate", "min_rate": -1.0}, "min_rate must be at least 0, got -1.0"),
    ],
)
def test_bad_arguments_are_named(changes: dict[str, object], message: str) -> None:
    good = {"indices": [0, 1], "times": [0.1, 0.2], "size": 10, "start": 0.0, "stop": 1.0}
    with pytest.raises(ValueError, match=message):
        spikes_to_sdr(**(good | changes))  # type: ignore[arg-type]


def test_bad_plateaus_and_spikes_are_named() -> None:
    with pytest.raises(InputError, match="indices must hold integers, got float64"):
        spikes_to_sdr([0.5], [0.1], 10, 0, 1)
    with pytest.raises(ValueError, match="must have the same length"):
        predictive_cells([0, 1], [0.0], [1.0], 0.5, 2)
    with pytest.raises(ValueError, match="plateau_end must not lie before plateau_onset"):
        predictive_cells([0], [1.0], [0.5], 0.5, 2)
    with pytest.raises(ValueError, match=r"jitter must be at least 0, got -1\.0"):
        sdr_to_spikes(SDR(3, [1]), 0.0, jitter=-1.0)


@pytest.mark.parametrize("rate", [30000.0, 96000.0, 128000.0, 1e6 / 7.5])
def test_first_spikes_of_one_sample_tie_whatever_the_rounding(rate: float) -> None:
    """Times from two ways of computing them differ in the last digit: elephant #196, #638."""
    for n in range(1, 20001, 97):
        early, late = sorted([n / rate, n * (1 / rate)])
        first = spikes_to_sdr([5, 9], [late, early], 10, 0, 10, rule="first_k", k=1)
        assert first.sparse.tolist() == [5], n


def test_times_may_have_a_unit() -> None:
    plain = spikes_to_sdr([1, 2, 2], [0.010, 0.011, 0.020], 4, 0, 0.05, rule="burst")
    times = np.array([10, 11, 20]) * ms
    options = {"rule": "burst", "max_interval": 16 * ms}
    assert spikes_to_sdr([1, 2, 2], times, 4, 0 * ms, 50 * ms, **options) == plain == SDR(4, [2])
    fast = spikes_to_sdr([1, 2, 2], times, 4, 0, 50 * ms, rule="rate", min_rate=40 * Hz)
    assert fast == SDR(4, [2])
    with_unit = sdr_to_spikes(plain, 5 * ms, jitter=2 * ms, n_spikes=2, interval=4 * ms, seed=3)
    without = sdr_to_spikes(plain, 0.005, jitter=0.002, n_spikes=2, interval=0.004, seed=3)
    np.testing.assert_allclose(with_unit[1], without[1], rtol=1e-12)
    plateau = ([1], [5] * ms, [9] * ms)
    assert predictive_cells(*plateau, 6 * ms, 4).tolist() == [1]


@pytest.mark.parametrize("neurons", [1, 2, 5, 16])
def test_an_ensemble_is_on_where_most_of_its_neurons_are(neurons: int) -> None:
    cells, rng = 40, np.random.default_rng(neurons)
    fired = rng.random((cells, neurons)) < 0.5
    indices = rng.permutation(np.flatnonzero(fired))
    times = np.full(len(indices), 0.01)
    expected = np.flatnonzero(fired.mean(axis=1) > 0.5)
    for rule, options in (("any_spike", {}), ("rate", {"min_rate": 20.0})):
        found = spikes_to_sdr(
            indices, times, cells, 0, 0.05, rule=rule, neurons_per_cell=neurons, **options
        )
        assert found.sparse.tolist() == expected.tolist()


def test_ensembles_come_back_from_their_spikes() -> None:
    sdr = SDR(12, [2, 3, 9])
    indices, times = sdr_to_spikes(sdr, 0.01, jitter=0.002, neurons_per_cell=16)
    assert len(indices) == 48
    assert spikes_to_sdr(indices, times, 12, 0, 0.05, neurons_per_cell=16) == sdr
    with pytest.raises(InputError, match="first_k"):
        spikes_to_sdr(indices, times, 12, 0, 0.05, rule="first_k", k=2, neurons_per_cell=16)

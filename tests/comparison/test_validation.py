import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_brian.comparison import validation
from htm_brian.comparison.recording import BEST, SETS, Recording
from htm_brian.sdr.ragged import Ragged

NAN = float("nan")
A = Ragged.from_sets([[0, 1, 2, 3], [5], [], [], [2, 9]])
B = Ragged.from_sets([[2, 3, 4], [6], [1], [], [2, 9]])

steps = st.lists(st.sets(st.integers(0, 40), max_size=10).map(sorted), min_size=1, max_size=20)


@st.composite
def pairs(draw):
    first = draw(steps)
    second = draw(
        st.lists(
            st.sets(st.integers(0, 40), max_size=10).map(sorted),
            min_size=len(first),
            max_size=len(first),
        )
    )
    return Ragged.from_sets(first), Ragged.from_sets(second)


def recording(seed: int, n_steps: int = 60, columns: int = 50, cells: int = 4) -> Recording:
    rng = np.random.default_rng(seed)

    def sets(size, n):
        return Ragged.from_sets(np.sort(rng.choice(size, n, replace=False)) for _ in range(n_steps))

    names = {name: sets(columns * (cells if "cells" in name else 1), 6) for name in (*SETS, BEST)}
    return Recording(columns, cells, names, rng.random(n_steps))


def shuffled(record: Recording, seed: int = 0) -> Recording:
    order = np.random.default_rng(seed).permutation(len(record))
    sets = {name: Ragged.from_sets(record[name][step] for step in order) for name in (*SETS, BEST)}
    return Recording(record.columns, record.cells_per_column, sets, record.anomaly[order])


def test_known_answers():
    np.testing.assert_array_equal(validation.overlap(A, B), [2, 0, 0, 0, 2])
    np.testing.assert_array_equal(validation.precision(A, B), [0.5, 0, NAN, NAN, 1])
    np.testing.assert_array_equal(validation.recall(A, B), [2 / 3, 0, 0, NAN, 1])
    np.testing.assert_array_equal(validation.jaccard(A, B), [0.4, 0, 0, 1, 1])
    np.testing.assert_array_equal(validation.size_agreement(A, B), [0.75, 1, 0, 1, 1])


@given(pairs())
def test_measures_equal_those_of_python_sets(pair):
    first, second = pair
    for step, (one, other) in enumerate(zip(first, second, strict=True)):
        one, other = set(one.tolist()), set(other.tolist())
        assert validation.overlap(first, second)[step] == len(one & other)
        expected = len(one & other) / len(one | other) if one | other else 1.0
        assert validation.jaccard(first, second)[step] == expected


@given(pairs())
def test_jaccard_and_size_are_symmetric_and_precision_is_recall_the_other_way(pair):
    first, second = pair
    for measure in (validation.jaccard, validation.size_agreement):
        np.testing.assert_array_equal(measure(first, second), measure(second, first))
    np.testing.assert_array_equal(
        validation.precision(first, second), validation.recall(second, first)
    )


@given(steps.map(Ragged.from_sets))
def test_everything_agrees_wholly_with_itself(one):
    for measure in (validation.jaccard, validation.size_agreement):
        np.testing.assert_array_equal(measure(one, one), 1.0)
    for measure in (validation.precision, validation.recall):
        np.testing.assert_array_equal(measure(one, one), np.where(one.counts > 0, 1.0, np.nan))


@given(pairs())
def test_jaccard_is_the_strictest(pair):
    strict = validation.jaccard(*pair)
    for measure in (validation.precision, validation.recall, validation.size_agreement):
        assert (strict <= np.nan_to_num(measure(*pair), nan=1.0) + 1e-12).all()


def test_a_recording_agrees_wholly_with_itself():
    one = recording(0)
    figures = validation.summarise(one, one)
    assert figures.pop("anomaly_difference") == figures.pop("plateau_anomaly_difference") == 0
    assert set(figures.values()) == {1.0}
    assert validation.exact_share(one, one) == 1
    cells = validation.summarise_cells(one, one)
    assert cells == {
        "exact": 1,
        "active_cells_jaccard": 1,
        "predictive_cells_jaccard": 1,
        "anomaly_difference": 0,
    }


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_shuffling_lowers_every_agreement(seed):
    one = recording(seed)
    figures = validation.summarise(one, shuffled(one, seed))
    for name, value in figures.items():
        if name == "anomaly_difference":
            assert value > 0.1
        elif name == "plateau_anomaly_difference":  # its chance level is near 1
            assert value > 0.01
        elif not name.endswith("_size"):  # each set of `recording` has the same size
            assert value < 0.6, name
    assert validation.exact_share(one, shuffled(one, seed)) < 0.3


def test_exact_share_needs_all_the_sets_asked_for():
    one = recording(1, n_steps=4)
    other = Recording(
        one.columns,
        one.cells_per_column,
        one.sets | {"predictive_cells": Ragged.from_sets([[], *list(one["predictive_cells"])[1:]])},
        one.anomaly,
    )
    assert validation.exact_share(one, other) == 0.75
    assert validation.exact_share(one, other, ["active_cells"]) == 1
    assert validation.exact_steps(one, other).tolist() == [False, True, True, True]


def test_anomaly_measures():
    first, second = np.array([0.0, 0.5, 1.0]), np.array([0.5, 0.5, 0.5])
    np.testing.assert_array_equal(validation.anomaly_difference(first, second), [0.5, 0, 0.5])
    assert validation.anomaly_correlation(first, first / 2 + 0.1) == pytest.approx(1)
    assert validation.anomaly_correlation(first, 1 - first) == pytest.approx(-1)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [([0.1] * 7, [0.1] * 7, 1.0), ([0.1] * 7, [0.3] * 7, NAN), ([0, 1], [0.1, 0.1], NAN)],
)
def test_correlation_with_a_constant_series(first, second, expected):
    found = validation.anomaly_correlation(np.array(first), np.array(second))
    np.testing.assert_equal(found, expected)


def test_no_prediction_on_both_sides():
    """Two memories that predict nothing agree, though precision and recall are not defined."""
    one = recording(2)
    nothing = one.sets | {"predicted_columns": Ragged.from_sets([[]] * len(one))}
    silent = Recording(one.columns, one.cells_per_column, nothing, np.ones(len(one)))
    figures = validation.summarise(silent, silent)
    assert figures["predicted_columns_jaccard"] == 1
    assert np.isnan(figures["predicted_columns_precision"])
    assert np.isnan(figures["predicted_columns_recall"])
    # Against one that does predict, silence costs recall and Jaccard.
    figures = validation.summarise(one, silent)
    assert figures["predicted_columns_jaccard"] == figures["predicted_columns_recall"] == 0
    assert figures["predicted_columns_size"] == 0


def test_recordings_without_steps_measure_nothing():
    one = recording(3).part(0, 0)
    assert np.isnan(list(validation.summarise(one, one).values())).all()
    assert np.isnan(list(validation.summarise_cells(one, one).values())).all()
    assert np.isnan(list(validation.describe(one).values())).all()


def test_describe():
    one = recording(4)
    same = Recording(
        one.columns,
        one.cells_per_column,
        one.sets | {"plateau_columns": one["active_columns"]},
        np.full(len(one), 0.25),
    )
    figures = validation.describe(same)
    assert figures["prediction_precision"] == figures["prediction_recall"] == 1
    assert figures["anomaly"] == 0.25
    assert figures["plateau_anomaly"] == 0
    assert figures["active_columns_sparsity"] == pytest.approx(6 / 50)
    assert figures["active_cells_sparsity"] == pytest.approx(6 / 200)


def test_window_mean():
    series = np.array([1.0, 3.0, NAN, NAN, 4.0])
    np.testing.assert_array_equal(validation.window_mean(series, 2), [2, NAN, 4])
    assert validation.window_mean(np.empty(0), 3).size == 0
    with pytest.raises(ValueError, match="window must be at least 1 step, got 0"):
        validation.window_mean(series, 0)


def test_recordings_that_cannot_be_compared():
    one = recording(5)
    with pytest.raises(ValueError, match="same number of steps, got 59 and 60"):
        validation.agreement(one, one.part(1))
    with pytest.raises(ValueError, match="same cells_per_column, got 4 and 5"):
        validation.agreement(one, recording(5, cells=5))


def test_bursts_won_by_the_best_matching_cell():
    """Two of three bursts have a matching segment; in one of them such a cell wins."""
    sets = {name: Ragged.from_sets([[], []]) for name in (*SETS, BEST)}
    sets |= {
        "column_bursts": Ragged.from_sets([[0, 2], [1]]),
        "winner_cells": Ragged.from_sets([[1, 8, 13], [6]]),
        "best_matching_cells": Ragged.from_sets([[1, 2, 13], [5]]),
    }
    won, due = validation.best_match(Recording(4, 4, sets, np.zeros(2)))
    assert (won.tolist(), due.tolist()) == ([1, 0], [1, 1])
    assert validation.describe(Recording(4, 4, sets, np.zeros(2)))["best_match"] == 0.5

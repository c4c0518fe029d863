import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.comparison import step_figures
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


def test_known_answers():
    np.testing.assert_array_equal(step_figures.overlap(A, B), [2, 0, 0, 0, 2])
    np.testing.assert_array_equal(step_figures.precision(A, B), [0.5, 0, NAN, NAN, 1])
    np.testing.assert_array_equal(step_figures.recall(A, B), [2 / 3, 0, 0, NAN, 1])
    np.testing.assert_array_equal(step_figures.jaccard(A, B), [0.4, 0, 0, 1, 1])
    np.testing.assert_array_equal(step_figures.size_agreement(A, B), [0.75, 1, 0, 1, 1])


@given(pairs())
def test_measures_equal_those_of_python_sets(pair):
    first, second = pair
    for step, (one, other) in enumerate(zip(first, second, strict=True)):
        one, other = set(one.tolist()), set(other.tolist())
        assert step_figures.overlap(first, second)[step] == len(one & other)
        expected = len(one & other) / len(one | other) if one | other else 1.0
        assert step_figures.jaccard(first, second)[step] == expected


@given(pairs())
def test_jaccard_and_size_are_symmetric_and_precision_is_recall_the_other_way(pair):
    first, second = pair
    for measure in (step_figures.jaccard, step_figures.size_agreement):
        np.testing.assert_array_equal(measure(first, second), measure(second, first))
    np.testing.assert_array_equal(
        step_figures.precision(first, second), step_figures.recall(second, first)
    )


@given(steps.map(Ragged.from_sets))
def test_everything_agrees_wholly_with_itself(one):
    for measure in (step_figures.jaccard, step_figures.size_agreement):
        np.testing.assert_array_equal(measure(one, one), 1.0)
    for measure in (step_figures.precision, step_figures.recall):
        np.testing.assert_array_equal(measure(one, one), np.where(one.counts > 0, 1.0, np.nan))


@given(pairs())
def test_jaccard_is_the_strictest(pair):
    strict = step_figures.jaccard(*pair)
    for measure in (step_figures.precision, step_figures.recall, step_figures.size_agreement):
        assert (strict <= np.nan_to_num(measure(*pair), nan=1.0) + 1e-12).all()


def test_anomaly_measures():
    first, second = np.array([0.0, 0.5, 1.0]), np.array([0.5, 0.5, 0.5])
    np.testing.assert_array_equal(step_figures.anomaly_difference(first, second), [0.5, 0, 0.5])
    assert step_figures.anomaly_correlation(first, first / 2 + 0.1) == pytest.approx(1)
    assert step_figures.anomaly_correlation(first, 1 - first) == pytest.approx(-1)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [([0.1] * 7, [0.1] * 7, 1.0), ([0.1] * 7, [0.3] * 7, NAN), ([0, 1], [0.1, 0.1], NAN)],
)
def test_correlation_with_a_constant_series(first, second, expected):
    found = step_figures.anomaly_correlation(np.array(first), np.array(second))
    np.testing.assert_equal(found, expected)


def test_window_mean():
    series = np.array([1.0, 3.0, NAN, NAN, 4.0])
    np.testing.assert_array_equal(step_figures.window_mean(series, 2), [2, NAN, 4])
    assert step_figures.window_mean(np.empty(0), 3).size == 0
    with pytest.raises(ValueError, match="window must be at least 1 step, got 0"):
        step_figures.window_mean(series, 0)

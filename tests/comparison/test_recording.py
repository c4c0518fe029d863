import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.comparison.recording import BEST, SETS, Recorder, Recording, record
from htm_brian.sdr.ragged import Ragged


class Counter:
    """A memory that bursts every column at first and afterwards predicts the same columns."""

    def __init__(self, columns: int = 8, cells_per_column: int = 2, fail_at: int | None = None):
        self.columns, self.cells_per_column, self.fail_at = columns, cells_per_column, fail_at
        self.active_columns = self.column_bursts = np.empty(0, dtype=np.int64)
        self.predicted_columns = np.empty(0, dtype=np.int64)
        self.learned: list[bool] = []

    def compute(self, active_columns, learn=True):
        if len(self.learned) == self.fail_at:
            raise KeyboardInterrupt
        self.learned.append(learn)
        self.predicted_columns = self.active_columns
        self.active_columns = active_columns
        self.column_bursts = np.setdiff1d(active_columns, self.predicted_columns)

    @property
    def winner_cells(self):
        return self.active_columns * self.cells_per_column

    predictive_cells = best_matching_cells = winner_cells

    @property
    def active_cells(self):
        return np.union1d(self.winner_cells, self.column_bursts * self.cells_per_column + 1)

    @property
    def anomaly(self):
        return len(self.column_bursts) / max(1, len(self.active_columns))


STREAM = Ragged.from_sets([[0, 1], [0, 1], [1, 7], []])

sets_of_steps = st.lists(
    st.sets(st.integers(0, 30), max_size=8).map(sorted), min_size=0, max_size=12
)


@given(sets_of_steps)
def test_ragged_gives_back_the_sets_it_was_made_of(sets):
    ragged = Ragged.from_sets(sets)
    assert [one.tolist() for one in ragged] == sets
    assert ragged.counts.tolist() == [len(one) for one in sets]
    assert ragged.steps.tolist() == [step for step, one in enumerate(sets) for _ in one]
    assert ragged == Ragged(ragged.values, ragged.indptr)


@given(sets_of_steps, st.integers(-15, 15), st.none() | st.integers(-15, 15))
def test_part_cuts_like_a_list(sets, start, stop):
    assert [one.tolist() for one in Ragged.from_sets(sets).part(start, stop)] == sets[start:stop]


@pytest.mark.parametrize(
    ("values", "indptr", "message"),
    [
        ([1, 0], [0, 2], "sorted and without repeats"),
        ([1, 1], [0, 2], "sorted and without repeats"),
        ([1], [0, 2], "end with the number of values"),
        ([1], [], "begin with 0"),
        ([1, 2], [0, 2, 1, 2], "must not decrease"),
        ([-1], [0, 1], "must not be negative, got -1"),
        ([0.5], [0, 1], "array of integers"),
    ],
)
def test_ragged_refuses_what_is_no_list_of_sets(values, indptr, message):
    with pytest.raises(ValueError, match=message):
        Ragged(np.array(values), np.array(indptr, dtype=int))


def test_ragged_step_out_of_range():
    with pytest.raises(IndexError, match=r"step must lie in \[0, 3\], got 4"):
        STREAM[4]


def test_record_takes_down_every_step():
    memory, recorder = Counter(), Recorder(8, 2)
    assert record(memory, STREAM, recorder, learn=False)
    recording = recorder.recording()
    assert memory.learned == [False] * 4
    assert len(recording) == len(recorder) == 4
    assert recording["active_columns"] == STREAM
    # Of the columns predicted, those that came; and all of them.
    assert recording["predicted_columns"] == Ragged.from_sets([[], [0, 1], [1], []])
    assert recording["plateau_columns"] == Ragged.from_sets([[], [0, 1], [0, 1], [1, 7]])
    assert recording["best_matching_cells"] == Ragged.from_sets([[], [0, 2], [0, 2], [2, 14]])
    assert recording["active_cells"][0].tolist() == [0, 1, 2, 3]
    assert recording.anomaly.tolist() == [1.0, 0.0, 0.5, 0.0]
    assert recording.plateau_anomaly.tolist() == [1.0, 0.0, 0.5, 0.0]
    assert recording.sparsity("active_columns").tolist() == [0.25, 0.25, 0.25, 0.0]
    assert recording.sparsity("active_cells").tolist() == [0.25, 0.125, 0.1875, 0.0]


def test_an_interrupted_record_is_valid_and_shorter():
    recorder = Recorder(8, 2)
    with pytest.raises(KeyboardInterrupt):
        record(Counter(fail_at=2), STREAM, recorder)
    whole = Recorder(8, 2)
    record(Counter(), STREAM, whole)
    for name in (*SETS, BEST):
        assert recorder.recording()[name] == whole.recording().part(0, 2)[name]


def test_after_step_stops_the_run():
    recorder, calls = Recorder(8, 2), []
    assert not record(Counter(), STREAM, recorder, after_step=lambda n: calls.append(n) or n < 3)
    assert calls == [1, 2, 3]
    assert len(recorder.recording()) == 3


def test_a_stop_after_the_last_step_is_no_interruption():
    assert record(Counter(), STREAM, Recorder(8, 2), after_step=lambda done: done < 4)


def test_recording_of_nothing():
    recording = Recorder(8, 2).recording()
    assert len(recording) == 0
    assert recording.sparsity("active_cells").size == 0


def test_recording_refuses_what_does_not_fit():
    sets = {name: Ragged.from_sets([[0]]) for name in (*SETS, BEST)}
    with pytest.raises(ValueError, match="winner_cells has 1 steps, anomaly has 2"):
        Recording(4, 2, {"winner_cells": sets["winner_cells"], **sets}, np.zeros(2))
    with pytest.raises(ValueError, match="predictive_cells must lie below 8, got 8"):
        Recording(4, 2, sets | {"predictive_cells": Ragged.from_sets([[8]])}, np.zeros(1))
    del sets["winner_cells"]
    with pytest.raises(ValueError, match="sets must be active_columns"):
        Recording(4, 2, sets, np.zeros(1))

"""What spikes and plateaus mean, on cases small enough to count."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.sdr import readout
from htm_brian.sdr.readout import Answers, BranchState, Events

N_CELLS, PER_COLUMN = 12, 4


def spikes(cells: list[int], milliseconds: list[float], start: float = 0.0) -> Events:
    times = start + np.array(milliseconds, dtype=float) / 1000
    return Events(start, start + 0.05, np.array(cells, dtype=np.int64), times)


EARLY = 0.007


def read(cells: list[int], milliseconds: list[float], per_column: int = PER_COLUMN) -> Answers:
    return readout.answers(spikes(cells, milliseconds), N_CELLS, per_column, EARLY)


def test_a_cell_is_active_in_the_stretch_that_holds_its_spike() -> None:
    events = spikes([7, 2, 2, 9, 1], [0, 3, 20, 49.9, 50], start=1.25)
    assert readout.active_cells(events, N_CELLS).tolist() == [2, 7, 9]


def test_two_spikes_within_16_ms_are_a_burst() -> None:
    events = spikes([3, 3, 5, 5, 8], [10, 25, 10, 27, 10])
    assert readout.cell_bursts(events, N_CELLS).tolist() == [3]


def test_first_spikes_whatever_the_order_and_infinite_where_there_is_none() -> None:
    events = spikes([5, 3, 5, 3], [20, 9, 7, 11])
    assert readout.first_spikes(events, [3, 4, 5, 11]) == pytest.approx(
        [0.009, np.inf, 0.007, np.inf]
    )
    assert readout.first_spikes(Events(0, 1), [2]).tolist() == [np.inf]


def test_a_plateau_that_outlasts_the_stretch_predicts_its_owner() -> None:
    events = Events(
        1.0,
        1.05,
        plateau_owners=np.array([4, 4, 2, 9]),
        plateau_onsets=np.array([1.01, 0.9, 1.01, 1.02]),
        plateau_ends=np.array([1.09, 1.0, 1.05, 1.2]),
    )
    assert readout.predicted_cells(events, N_CELLS).tolist() == [4, 9]


def test_a_branch_that_nobody_owns_predicts_nothing() -> None:
    state = BranchState(
        1.0,
        np.array([5, -1, 5, 7], dtype=np.int32),
        np.array([0.9, 0.9, 0.9, 0.2]),
        np.array([1.1, 1.1, 1.1, 0.3]),
        np.zeros(4),
    )
    assert state.plateau.tolist() == [True, False, True, False]
    assert state.predicted_cells().tolist() == [5]


def test_first_to_spike_wins_a_column_that_was_not_foreseen() -> None:
    found = read([0, 1, 2, 3, 8, 9, 10, 11], [9, 8.9, 9.1, 9, 8, 7.5, 8, 8.2])
    assert found.winner_cells.tolist() == found.newcomers.tolist() == [1, 9]
    assert found.column_bursts.tolist() == [0, 2]


def test_all_early_cells_of_a_foreseen_column_win_and_no_late_one() -> None:
    found = read([1, 2, 3], [5.0, 4.8, 9.0])
    assert found.foreseen_columns.tolist() == [0]
    assert (found.winner_cells.tolist(), found.newcomers.tolist()) == ([1, 2], [])


def test_no_spikes_no_answers() -> None:
    found = read([], [])
    assert found.anomaly == 0.0
    for cells in (found.columns, found.winner_cells, found.newcomers, found.column_bursts):
        assert cells.tolist() == []


@pytest.mark.parametrize(
    ("times", "foreseen", "bursting"),
    [
        pytest.param([9, 9, 9, 9], False, True, id="as a whole"),
        pytest.param([9, 9, 9], False, True, id="most cells"),
        pytest.param([9, 9], False, False, id="few, and late"),
        pytest.param([5], True, False, id="one early cell"),
        pytest.param([5, 6, 4], True, False, id="many early cells"),
        pytest.param([5, 6, 4, 6], True, False, id="all cells early"),
        pytest.param([5, 9], True, False, id="most of the others silent"),
        pytest.param([5, 9, 9], False, True, id="most of the others fire"),
        pytest.param([5, 9, 9, 9], False, True, id="an early cell silences nobody"),
    ],
)
def test_spikes_and_their_times_tell_what_was_foreseen(
    times: list[float], foreseen: bool, bursting: bool
) -> None:
    found = read(list(range(len(times))), times)
    assert found.foreseen_columns.tolist() == [0] * foreseen
    assert found.column_bursts.tolist() == [0] * bursting
    assert found.anomaly == 1.0 - foreseen


def test_the_two_anomalies_part_where_cells_do_not_follow_their_plateaus() -> None:
    """Column 0 is predicted and yet fires as a whole; column 1 is not, and one cell fires early."""
    found = read([0, 1, 2, 3, 4], [9, 9, 9, 9, 5])
    assert found.foreseen_columns.tolist() == [1]
    assert found.anomaly == 0.5
    assert readout.plateau_anomaly(np.array([0, 1]), np.array([0])) == 0.5


def test_a_driven_column_that_stays_silent_is_a_surprise_of_plateaus_only() -> None:
    assert read([], []).anomaly == 0.0
    assert readout.plateau_anomaly(np.array([0]), np.array([], dtype=int)) == 1.0
    assert readout.plateau_anomaly(np.array([], dtype=int), np.array([0])) == 0.0


def test_only_time_tells_a_column_of_one_cell() -> None:
    found = read([0, 1], [5, 9], per_column=1)
    assert found.foreseen_columns.tolist() == [0]
    assert found.column_bursts.tolist() == [1]
    assert found.anomaly == 0.5


def test_until_when_a_spike_is_early_may_differ_from_column_to_column() -> None:
    events = Events(0, 0.05, np.array([0, 4]), np.array([9.0, 9.0]) / 1000)
    read = readout.answers(events, 8, 4, [0.006, 0.012])
    assert read.foreseen_columns.tolist() == [1]

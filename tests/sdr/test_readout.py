"""What spikes and plateaus mean, on cases small enough to count."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.sdr import readout
from htm_brian.sdr.readout import BranchState, Events

N_CELLS, PER_COLUMN = 12, 4


def spikes(cells: list[int], milliseconds: list[float], start: float = 0.0) -> Events:
    times = start + np.array(milliseconds, dtype=float) / 1000
    return Events(start, start + 0.05, np.array(cells, dtype=np.int64), times)


def winners(cells: list[int], times: list[float], predicted: list[int]) -> tuple[list, list]:
    found = readout.winner_cells(
        np.array(cells, dtype=np.int64),
        np.array(times, dtype=float),
        np.array(predicted, dtype=np.int64),
        PER_COLUMN,
    )
    return found[0].tolist(), found[1].tolist()


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


def test_first_to_spike_wins_an_unpredicted_column() -> None:
    cells, times = [0, 1, 2, 3, 8, 9, 10, 11], [9, 8.9, 9.1, 9, 8, 7.5, 8, 8.2]
    assert winners(cells, times, []) == ([1, 9], [1, 9])


def test_predicted_cells_that_fire_win_whoever_spikes_first() -> None:
    assert winners([1, 2, 3], [5.0, 4.8, 4.0], [1, 2, 5]) == ([1, 2], [])


def test_no_spikes_no_winners() -> None:
    assert winners([], [], [3]) == ([], [])


@pytest.mark.parametrize(
    ("active", "predicted", "bursting"),
    [
        ([0, 1, 2, 3], [], [0]),
        ([0, 1, 2], [], []),
        ([0, 1, 2, 3], [2], [0]),
        ([0, 1, 2, 3], [0, 1, 2, 3], []),
        ([0, 1, 2, 3, 8, 9, 10, 11], [0, 1, 2, 3], [2]),
    ],
)
def test_a_column_bursts_when_all_of_it_fires_some_unpredicted(
    active: list[int], predicted: list[int], bursting: list[int]
) -> None:
    cells = np.array(active, dtype=np.int64), np.array(predicted, dtype=np.int64)
    assert readout.column_bursts(*cells, PER_COLUMN).tolist() == bursting


def test_the_two_anomalies_part_where_cells_do_not_follow_their_plateaus() -> None:
    """Column 0 is predicted and yet fires as a whole; column 1 is not, and one cell fires."""
    events = spikes([0, 1, 2, 3, 4], [9, 9, 9, 9, 9])
    driven, predicted = np.array([0, 1]), np.array([0])
    assert readout.plateau_anomaly(driven, predicted) == 0.5
    assert readout.columns_answering_early(events, N_CELLS, PER_COLUMN).tolist() == [1]
    assert readout.spike_anomaly(events, N_CELLS, PER_COLUMN) == 0.5
    assert readout.spike_anomaly(events, N_CELLS, PER_COLUMN, early=0.007) == 1.0


def test_a_driven_column_that_stays_silent_is_no_spike_and_no_surprise_of_spikes() -> None:
    silent = Events(0, 0.05)
    assert readout.spike_anomaly(silent, N_CELLS, PER_COLUMN) == 0.0
    assert readout.plateau_anomaly(np.array([0]), np.array([], dtype=int)) == 1.0
    assert readout.plateau_anomaly(np.array([], dtype=int), np.array([0])) == 0.0


def test_only_time_tells_a_column_of_one_cell() -> None:
    events = spikes([0, 1], [5, 9], start=2.0)
    assert readout.columns_answering_early(events, 3, 1).tolist() == []
    assert readout.columns_answering_early(events, 3, 1, early=0.007).tolist() == [0]
    assert readout.spike_anomaly(events, 3, 1, early=0.007) == 0.5

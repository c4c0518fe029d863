import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_brian.comparison import validation
from htm_brian.comparison.recording import BEST, SETS, Recording
from htm_brian.sdr.ragged import Ragged

NAN = float("nan")


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

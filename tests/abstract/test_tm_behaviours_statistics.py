"""The temporal memory against statistics of the peers: htm.core's epoch curves, tie-break capacity.

The curves were made with 30 seeds of patterns, at 2048 x 32 cells. They leave no room for chance:
on the same patterns NuPIC, htm.core and this memory make the same number of predictions at every
step, whatever the seed of their ties.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from htm_brian.abstract.temporal_memory import TemporalMemory

DATA = Path(__file__).parents[1] / "data" / "temporal_memory"
SETS = ("nupic_defaults", "attm_tests", "paper2016")
TRAINED = ("ABCDE", "XBCDY")
TESTED = ("ABCDE", "XBCDY", "BCDE")


def golden(name):
    with np.load(DATA / f"ho_htmcore_{name}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    return json.loads(str(arrays["params_json"])), arrays


def memory_like(params, seed):
    return TemporalMemory(
        params["columnDimensions"],
        params["cellsPerColumn"],
        params["activationThreshold"],
        params["minThreshold"],
        params["initialPermanence"],
        params["connectedPermanence"],
        params["permanenceIncrement"],
        params["permanenceDecrement"],
        params["predictedSegmentDecrement"],
        params["maxNewSynapseCount"],
        seed=seed,
    )


def letters_of(seed, w=40):
    """The patterns that the golden curves were made with."""
    rng = np.random.RandomState(1000 + seed)
    return {x: np.sort(rng.choice(2048, w, replace=False)) for x in "ABCDEXY"}


def show(tm, sequence, letters, learn=True):
    """Return the golden figures of one presentation, one row a letter."""
    tm.reset()
    rows = []
    for letter in sequence:
        predicted_cells = len(tm.predictive_cells)
        tm.compute(letters[letter], learn)
        extra = np.setdiff1d(tm.predicted_columns, tm.active_columns)
        rows.append(
            (
                tm.anomaly,
                predicted_cells,
                len(tm.predicted_columns),
                len(extra),
                len(tm.active_cells),
            )
        )
    return np.array(rows, dtype=np.float32)


FIGURES = ("anomaly", "n_pred_cells", "n_pred_cols", "n_pred_inactive_cols", "n_active_cells")


def assert_equals_htm_core(name, seeds):
    params, arrays = golden(name)
    for seed in seeds:
        letters, tm = letters_of(seed), memory_like(params, seed)
        for epoch in range(60):
            for s, sequence in enumerate(TRAINED):
                got = show(tm, sequence, letters)
                for k, figure in enumerate(FIGURES):
                    expected = arrays[f"train_{figure}"][seed, epoch, s]
                    assert np.array_equal(got[:, k], expected), (seed, epoch, sequence, figure)
            expected = arrays["nseg_nsyn"][seed, epoch].tolist()
            assert [tm.n_segments, tm.n_synapses] == expected, (seed, epoch)
        for s, sequence in enumerate(TESTED):
            got = show(tm, sequence, letters, learn=False)
            for k, figure in enumerate(FIGURES):
                expected = arrays[f"test_{figure}"][seed, s, : len(sequence)]
                assert np.array_equal(got[:, k], expected), (seed, sequence, figure)


@pytest.mark.parametrize("name", SETS)
def test_epoch_curves_of_ABCDE_XBCDY(name):
    assert_equals_htm_core(name, seeds=(0, 17))


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_epoch_curves_of_ABCDE_XBCDY_all_seeds(name):
    assert_equals_htm_core(name, seeds=range(30))


def test_milestones_of_the_default_parameters():
    """B is predicted from epoch 4, the burst moves on every 4 epochs, zero anomaly from 16."""
    params, _ = golden("nupic_defaults")
    letters, tm = letters_of(3), memory_like(params, seed=3)
    anomaly = np.array(
        [[show(tm, sequence, letters)[1:, 0] for sequence in TRAINED] for _ in range(20)]
    )
    assert (anomaly[:2] == 1).all()
    assert (anomaly[4:, 0, 0] == 0).all() and anomaly[3, 0, 0] == 1
    first_burst = [int(np.argmax(row > 0)) for row in anomaly[:, 1]]
    assert [first_burst[epoch] for epoch in (4, 8, 12)] == [1, 2, 3]
    assert (anomaly[16:] == 0).all()
    stale = show(tm, "ABCDE", letters, learn=False)[-1]
    assert stale[3] == len(set(letters["Y"]) - set(letters["E"]))  # extra columns: Y's, for ever


def extra_columns(cells_per_column, n_contexts, tie_break, seed):
    """Mean number of wrongly predicted columns after A_i, B, having learned N times A_i, B, C_i."""
    rng = np.random.default_rng(seed)
    tm = TemporalMemory(
        2048, cells_per_column, 13, 10, 0.51, 0.5, 0.1, 0.02, seed=seed, tie_break=tie_break
    )
    shared, *others = (
        np.sort(rng.choice(2048, 40, replace=False)) for _ in range(2 * n_contexts + 1)
    )
    pairs = list(zip(others[::2], others[1::2], strict=True))
    for _ in range(2):
        for before, after in pairs:
            tm.reset()
            for pattern in (before, shared, after):
                tm.compute(pattern)
    extra, missed = [], []
    for before, after in pairs:
        tm.reset()
        for pattern in (before, shared):
            tm.compute(pattern, learn=False)
        predicted = np.unique(tm.predictive_cells // cells_per_column)
        extra.append(len(np.setdiff1d(predicted, after)))
        missed.append(len(np.setdiff1d(after, predicted)))
    assert sum(missed) == 0
    return np.mean(extra)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tie_break_capacity_at_8_cells_and_16_contexts(seed):
    """NuPIC's random choice of the least used cell: 0; the lowest index: 39.2."""
    assert extra_columns(8, 16, "random", seed) == 0
    assert extra_columns(8, 16, "lowest_index", seed) == pytest.approx(39.2, abs=1.0)


def test_tie_break_capacity_with_as_many_cells_as_contexts():
    assert extra_columns(8, 8, "lowest_index", 1) == 0
    assert extra_columns(32, 32, "lowest_index", 1) == 0
    assert extra_columns(8, 32, "random", 1) == 0

"""The stimulus, the counts and the checks on known answers; the quick form of the protocol."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import load_protocol
from htm_brian.figures.two_bursts import draw
from htm_brian.protocols.two_bursts import TwoBurstsParameters
from htm_brian.protocols.two_bursts.checks import checks, readings, slopes
from htm_brian.protocols.two_bursts.measurement import count
from htm_brian.protocols.two_bursts.stimulus import Element, draw_task
from htm_brian.sdr.cell_bursts import find_events

NETWORKS, ELEMENTS, ACTIVE, CELLS = 10, 25, 20, 4


def test_segments_predict_what_the_task_says_from_the_element_before() -> None:
    p = TwoBurstsParameters(columns=80, shares=(0.0, 0.5, 1.0))
    task = draw_task(p, np.random.default_rng(0))
    assert len(task.elements) == 10
    row = 0
    for before, element in zip(task.elements, task.elements[1:], strict=False):
        assert not set(before.driven) & set(element.driven)
        assert not set(element.alone) & set(element.driven)
        assert set(element.foreseen) | set(element.feedback) <= set(element.driven)
        assert (element.foreseen_cells // p.cells == element.foreseen).all()
        n_owners = len(element.foreseen) + 5
        owners = task.segments.owner[row : row + n_owners]
        assert owners[: len(element.foreseen)].tolist() == element.foreseen_cells.tolist()
        assert not np.isin(owners[len(element.foreseen) :] // p.cells, element.driven).any()
        sources = task.segments.presynaptic[row * p.active : (row + 1) * p.active]
        assert (sources // p.cells == before.driven).all()
        # Where a column was foreseen, only its predicted cell fires, and segments hear that one.
        assert np.isin(before.foreseen_cells, sources).all() or not len(before.foreseen_cells)
        row += n_owners
    shares = {(len(e.foreseen) / 20, len(e.feedback) / 20) for e in task.elements[1:]}
    assert len(shares) == 9
    assert np.bincount(task.segments.owner).max() <= 2


def test_bursts_of_columns_and_of_cells_are_counted_apart() -> None:
    none = np.empty(0, dtype=np.int64)
    element = Element(
        driven=np.array([0, 1, 2]),
        foreseen=np.array([0]),
        foreseen_cells=np.array([1]),
        feedback=np.array([0, 2]),
        alone=np.array([3]),
    )
    # Cell 1 of column 0 fires twice; column 1 bursts, once a cell; in column 2 a cell fires twice;
    # cell 13 of column 3 fires by feedback alone, cell 17 was predicted in vain and is silent.
    cells = [1, 1, 4, 5, 6, 7, 8, 8, 13]
    times = [0.010, 0.015, 0.013, 0.014, 0.013, 0.013, 0.012, 0.020, 0.030]
    found = count(element, np.array([1, 17]), np.array([1]), find_events(cells, times), CELLS)
    # By prediction, then by feedback.
    assert found["columns"].tolist() == [[1, 1], [0, 1]]  # type: ignore[union-attr]
    assert found["column_bursts"].tolist() == [[1, 0], [0, 0]]  # type: ignore[union-attr]
    assert found["columns_fired"].tolist() == [[1, 0], [0, 0]]  # type: ignore[union-attr]
    assert found["events"].tolist() == [[4, 1], [0, 1]]  # type: ignore[union-attr]
    assert found["cell_bursts"].tolist() == [[0, 1], [0, 1]]  # type: ignore[union-attr]
    assert (found["all_events"], found["all_bursts"]) == (7, 2)
    assert (found["alone_cells"], found["alone_fired"]) == (4, 1)
    assert (found["false_cells"], found["false_fired"]) == (1, 0)
    silent = count(element, none, none, find_events([], []), CELLS)
    assert silent["events"].sum() == 0 and silent["all_events"] == 0  # type: ignore[union-attr]


def made_up(claimed: bool) -> xr.Dataset:
    """Return counts of networks that do all that is claimed, or the contrary."""
    rng = np.random.default_rng(1)
    shares = np.array([(a, b) for a in np.linspace(0, 1, 5) for b in np.linspace(0, 1, 5)])
    predicted = np.tile(np.rint(ACTIVE * shares[:, 0]), (NETWORKS, 1))
    feedback = np.tile(shares[:, 1], (NETWORKS, 1))
    columns = np.zeros((NETWORKS, len(shares), 2, 2))
    for row, n_predicted in enumerate((ACTIVE - predicted, predicted)):
        columns[:, :, row, 1] = np.rint(n_predicted * feedback)
        columns[:, :, row, 0] = n_predicted - columns[:, :, row, 1]
    bursts, cells = columns.copy(), columns.copy()
    bursts[:, :, int(claimed)] = 0
    share = np.array([[0.0, 0.9], [0.6, 1.0]]) if claimed else np.array([[0.5, 0.4], [0.4, 0.3]])
    dims = "setting", "network", "element", "predicted", "feedback"
    each = {
        "columns": columns,
        "column_bursts": bursts,
        "columns_fired": bursts,
        "events": cells,
        "cell_bursts": np.rint(cells * share),
    }
    told = feedback if claimed else rng.random(feedback.shape)
    whole = {
        "all_events": np.full(feedback.shape, 40.0),
        "all_bursts": np.rint(40 * told),
        "alone_cells": np.full(feedback.shape, 20.0),
        "alone_fired": np.full(feedback.shape, 0.0 if claimed else 5.0),
        "false_cells": np.full(feedback.shape, 20.0),
        "false_fired": np.full(feedback.shape, 0.0 if claimed else 5.0),
        "foreseen_share": predicted / ACTIVE,
        "feedback_share": feedback,
    }
    return xr.Dataset(
        {name: (dims, values[np.newaxis]) for name, values in each.items()}
        | {name: (dims[:3], values[np.newaxis]) for name, values in whole.items()},
        coords={"predicted": [False, True], "feedback": [False, True], "setting": ["only"]},
    )


def test_readings_follow_what_they_tell_and_nothing_else() -> None:
    read = readings(made_up(claimed=True).isel(setting=0))
    for name, wanted in (("surprise", (1, 0)), ("agreement", (0, 1))):
        assert slopes(read, name) == pytest.approx(np.tile(wanted, (NETWORKS, 1)), abs=0.02)


def test_checks_hold_where_the_claim_does_and_miss_where_it_does_not() -> None:
    held = {check.name: check.passed for check in checks(made_up(claimed=True))}
    assert all(held.values()), [name for name, passed in held.items() if not passed]
    missed = {check.name: check.passed for check in checks(made_up(claimed=False))}
    assert set(missed) == set(held)
    # What is left: that the changes with the other share are small.
    assert sum(missed.values()) <= 2, [name for name, passed in missed.items() if passed]


@pytest.mark.slow
def test_trees_burst_by_feedback_and_columns_when_they_were_not_predicted() -> None:
    outcome = load_protocol("two_bursts").in_quick_form().outcome(SilentProgress())
    total = outcome.dataset.isel(setting=0).sum(("network", "element"))
    burst = total.column_bursts / total.columns
    assert float(burst.sel(predicted=False, feedback=False)) > 0.9
    assert float(burst.sel(predicted=True, feedback=False)) < 0.1
    cell = total.cell_bursts / total.events
    assert float(cell.sel(predicted=True, feedback=True)) > 0.2
    assert int(total.alone_fired) == 0
    assert 30 <= outcome.metrics["tuft synapses that alone make a calcium spike"] <= 70
    assert set(draw(outcome.dataset)) == {"two_bursts"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": 60}, "columns must be at least 80, got 60"),
        ({"shares": (0.5, 0.5)}, "shares must be two numbers or more"),
        ({"shares": (0.0, 1.5)}, "each of shares must lie in"),
        ({"cell_model": "naud_sprekeler"}, "table"),
        ({"model": "minicolumns"}, "a network of level 2 is needed"),
    ],
)
def test_bad_parameters_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_protocol("two_bursts")(TwoBurstsParameters(**changes))  # type: ignore[arg-type]

"""Columns that answer right: with the cells of the abstract memory, all of them and no other."""

from __future__ import annotations

import numpy as np

from htm_brian.comparison.recording import Recording
from htm_brian.comparison.table import Row
from htm_brian.experiment.checks import Check
from htm_brian.network.column_race import column_race
from htm_brian.parameters import Model, load_model

WITHIN = 0.05
SOURCE = (
    "the race of first spikes with the cells, noise, spread and jitter of the models "
    "(htm_brian.network.column_race)"
)


def right_columns(reference: Recording, other: Recording) -> float:
    """Return the share of the driven columns whose active cells are the same; NaN for none.

    Parameters
    ----------
    reference, other : Recording
        Of the abstract and of the spiking memory, over the same steps.
    """
    per_column, right, driven = reference.cells_per_column, 0, 0
    for step in range(len(reference)):
        columns = reference["active_columns"][step]
        differing = np.setxor1d(reference["active_cells"][step], other["active_cells"][step])
        right += len(np.setdiff1d(columns, differing // per_column))
        driven += len(columns)
    return right / driven if driven else float("nan")


def right_columns_row(
    reference: Recording,
    other: Recording,
    model: str | Model,
    cell_model: str | Model,
    neurons_per_cell: int = 1,
) -> Row:
    """Return the row that holds right columns against what the race of first spikes predicts.

    The race has one cell predicted, or none; the worse of both is taken.
    """
    race = column_race(
        load_model(cell_model), load_model(model), reference.cells_per_column, neurons_per_cell
    )
    expected = min(race.right())
    found = right_columns(reference, other)
    label = "model's noise and release: columns that are right"
    check = Check(f"transplant, {label}", found, "1", expected - WITHIN, None, SOURCE)
    return Row(label, expected, found, check)

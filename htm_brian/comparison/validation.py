"""A level against its neighbour: how far two recordings of the same stream agree.

Everything here is a pure function of recorded arrays (see `htm_brian.comparison.recording`), so it
holds for any two levels. `htm_brian.comparison.step_figures` has the figures of one step, and says
what each does where its definition has a hole; `agreement` puts them together; `summarise` averages
them. `exact_share` is NaN for recordings without steps; in a mean over steps NaN steps are left
out, and it is NaN where no step is left.

A NaN that reaches a check fails it: what cannot be measured does not count as agreement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.comparison.recording import BEST, SETS, Recording
from htm_brian.comparison.step_figures import (
    Series,
    anomaly_correlation,
    anomaly_difference,
    jaccard,
    mean_of_known,
    precision,
    recall,
    size_agreement,
)
from htm_brian.errors import InputError
from htm_brian.sdr.ragged import Ragged

ANOMALIES = ("anomaly", "plateau_anomaly")
"""The two of a recording: by what fired, and by what was predicted."""


def exact_steps(
    first: Recording,
    second: Recording,
    names: Iterable[str] = ("active_cells", "predictive_cells"),
) -> NDArray[np.bool_]:
    """Whether all the sets `names` are the same in both recordings, step by step.

    Parameters
    ----------
    first, second : Recording
        Of as many steps.
    names : iterable of str
        Of sets.

    Returns
    -------
    ndarray of bool, shape (n_steps,)
        True where all are.

    Raises
    ------
    InputError
        If one has more steps.
    """
    same = np.ones(len(first), dtype=bool)
    for name in names:
        same &= jaccard(first[name], second[name]) == 1.0
    return same


def exact_share(
    first: Recording,
    second: Recording,
    names: Iterable[str] = ("active_cells", "predictive_cells"),
) -> float:
    """Share of the steps in which all the sets `names` are the same; NaN without steps.

    Parameters
    ----------
    first, second : Recording
        Of as many steps.
    names : iterable of str
        Of sets.

    Returns
    -------
    float
        In [0, 1], or NaN.

    Raises
    ------
    InputError
        If one has more steps.
    """
    return mean_of_known(exact_steps(first, second, names).astype(float))


def agreement(reference: Recording, other: Recording) -> dict[str, Series]:
    """Return how far `other` agrees with `reference`, step by step.

    Identities of cells are left out on purpose: two memories trained apart choose other cells for
    the same context, so only columns, sizes and the anomaly can be compared.

    Parameters
    ----------
    reference, other : Recording
        Of the same stream and of memories of the same size.

    Returns
    -------
    dict of str to ndarray of shape (n_steps,)
        ``predicted_columns_precision``, ``_recall`` and ``_jaccard``, ``plateau_columns_...``
        likewise; ``column_bursts_jaccard``; ``NAME_size`` for every set (`size_agreement`);
        ``anomaly_difference`` and ``plateau_anomaly_difference``, in which 0 is best.

    Raises
    ------
    InputError
        If sizes or numbers of steps differ.
    """
    _same_size(reference, other)
    series: dict[str, Series] = {}
    for name in ("predicted_columns", "plateau_columns"):
        pair = other[name], reference[name]
        series |= {
            f"{name}_precision": precision(*pair),
            f"{name}_recall": recall(*pair),
            f"{name}_jaccard": jaccard(*pair),
        }
    series["column_bursts_jaccard"] = jaccard(other["column_bursts"], reference["column_bursts"])
    for name in SETS:
        series[f"{name}_size"] = size_agreement(other[name], reference[name])
    for name in ANOMALIES:
        series[f"{name}_difference"] = anomaly_difference(
            getattr(other, name), getattr(reference, name)
        )
    return series


def cell_agreement(reference: Recording, other: Recording) -> dict[str, Series]:
    """Return how far the cells of `other` are those of `reference`, step by step.

    For two memories that hold the same segments.

    Parameters
    ----------
    reference, other : Recording
        Of the same stream and of memories of the same size.

    Returns
    -------
    dict of str to ndarray of shape (n_steps,)
        ``exact`` (1 where active and predictive cells are the same), ``active_cells_jaccard``,
        ``predictive_cells_jaccard``, ``anomaly_difference``.

    Raises
    ------
    InputError
        If sizes or numbers of steps differ.
    """
    _same_size(reference, other)
    return {
        "exact": exact_steps(reference, other).astype(float),
        "active_cells_jaccard": jaccard(other["active_cells"], reference["active_cells"]),
        "predictive_cells_jaccard": jaccard(
            other["predictive_cells"], reference["predictive_cells"]
        ),
        "anomaly_difference": anomaly_difference(other.anomaly, reference.anomaly),
    }


def summarise(
    reference: Recording, other: Recording, steps: Mapping[str, Series] | None = None
) -> dict[str, float]:
    """Return the mean over the steps of every `agreement`, and how the anomalies correlate.

    Parameters
    ----------
    reference, other : Recording
        Of the same stream and of memories of the same size.
    steps : mapping of str to ndarray of shape (n_steps,), optional
        Their `agreement`, where it is known already.

    Returns
    -------
    dict of str to float
        By the names of `agreement`, and ``anomaly_correlation``, ``plateau_anomaly_correlation``.
    """
    known = agreement(reference, other) if steps is None else steps
    means = {name: mean_of_known(series) for name, series in known.items()}
    for name in ANOMALIES:
        means[f"{name}_correlation"] = anomaly_correlation(
            getattr(other, name), getattr(reference, name)
        )
    return means


def summarise_cells(reference: Recording, other: Recording) -> dict[str, float]:
    """Return the mean over the steps of every `cell_agreement`.

    Parameters
    ----------
    reference, other : Recording
        Of the same stream and of memories of the same size.

    Returns
    -------
    dict of str to float
        By the names of `cell_agreement`.
    """
    return {
        name: mean_of_known(series) for name, series in cell_agreement(reference, other).items()
    }


def mean_of_figures(several: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the mean of every figure over several results that have the same ones.

    Figures of one number, or of one a step. NaN, where one of them has no value.

    Parameters
    ----------
    several : sequence of mapping of str to float or ndarray
        At least one.

    Returns
    -------
    dict of str to float or ndarray
        By the same names, of the same shapes.
    """
    return {name: np.mean([one[name] for one in several], axis=0) for name in several[0]}


def describe(recording: Recording) -> dict[str, float]:
    """Return the mean figures of one recording alone.

    Parameters
    ----------
    recording : Recording
        Of a memory of any level.

    Returns
    -------
    dict of str to float
        ``anomaly``, ``plateau_anomaly``; ``prediction_precision`` and ``prediction_recall`` of the
        columns with a predictive cell against those that became active; ``best_match``, see
        `best_match`; ``NAME_sparsity``, the share of bits on, for every set.
    """
    outcome = (recording["plateau_columns"], recording["active_columns"])
    won, due = best_match(recording)
    figures = {
        "anomaly": mean_of_known(recording.anomaly),
        "plateau_anomaly": mean_of_known(recording.plateau_anomaly),
        "best_match": won.sum() / due.sum() if due.sum() else float("nan"),
        "prediction_precision": mean_of_known(precision(*outcome)),
        "prediction_recall": mean_of_known(recall(*outcome)),
    }
    for name in SETS:
        figures[f"{name}_sparsity"] = mean_of_known(recording.sparsity(name))
    return figures


def best_match(recording: Recording) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the column bursts won by a cell with the best matching segment, step by step.

    Parameters
    ----------
    recording : Recording
        Of a memory of any level.

    Returns
    -------
    won, due : ndarray of int, shape (n_steps,)
        Bursts of columns with a matching segment in which such a cell won, and all of them.
    """
    per_column, n = recording.cells_per_column, len(recording)

    def columns_with(cells: Ragged, chosen: NDArray[np.bool_]) -> Series:
        """Return step and column in one number, for the chosen cells."""
        return np.unique(
            cells.steps[chosen] * recording.columns + cells.values[chosen] // per_column
        )

    bursts, best = recording["column_bursts"], recording[BEST]
    burst = bursts.steps * recording.columns + bursts.values
    due = np.intersect1d(burst, columns_with(best, np.ones(len(best.values), dtype=np.bool_)))
    winners = recording["winner_cells"]
    able, chosen = (one.steps * recording.n_cells + one.values for one in (best, winners))
    won = np.intersect1d(due, columns_with(best, np.isin(able, chosen)))
    count = [np.bincount(one // recording.columns, minlength=n) for one in (won, due)]
    return count[0], count[1]


def _same_size(first: Recording, second: Recording) -> None:
    for name in ("columns", "cells_per_column"):
        if getattr(first, name) != getattr(second, name):
            raise InputError(
                f"both recordings need the same {name}, "
                f"got {getattr(first, name)} and {getattr(second, name)}"
            )

"""A level against its neighbour: how far two recordings of the same stream agree.

Everything here is a pure function of recorded arrays (see `htm_brian.comparison.recording`), so it
holds for any two levels. Functions of two `Ragged` give one figure a step; `agreement` puts them
together; `summarise` averages them. What each does where its definition has a hole:

============================  ========================================================
`precision`                   NaN where the first set is empty (nothing was claimed)
`recall`                      NaN where the second set is empty (nothing to be found)
`jaccard`                     1 where both sets are empty: they are the same
`size_agreement`              1 where both sets are empty
`anomaly_correlation`         NaN where a series is constant, but 1 where both are equal
`exact_share`                 NaN for recordings without steps
mean over steps               NaN steps are left out; NaN where no step is left
============================  ========================================================

A NaN that reaches a check fails it: what cannot be measured does not count as agreement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.comparison.recording import BEST, SETS, Recording
from htm_brian.errors import InputError
from htm_brian.sdr.ragged import Ragged

Series = NDArray[np.float64]

ANOMALIES = ("anomaly", "plateau_anomaly")
"""The two of a recording: by what fired, and by what was predicted."""


def overlap(first: Ragged, second: Ragged) -> NDArray[np.int64]:
    """Count the values that the two sets of a step share.

    Parameters
    ----------
    first, second : Ragged
        Sets of as many steps.

    Returns
    -------
    ndarray of int, shape (n_steps,)
        Numbers of values.

    Raises
    ------
    InputError
        If one has more steps.

    Examples
    --------
    >>> overlap(Ragged.from_sets([[1, 2], [3]]), Ragged.from_sets([[2, 4], [5]])).tolist()
    [1, 0]
    """
    _same_steps(first, second)
    size = 1 + max((int(one.values.max()) for one in (first, second) if one.values.size), default=0)
    shared = np.intersect1d(
        first.steps * size + first.values, second.steps * size + second.values, assume_unique=True
    )
    return np.bincount(shared // size, minlength=len(first))


def precision(found: Ragged, reference: Ragged) -> Series:
    """Share of what was `found` that is in the `reference`; NaN where nothing was found.

    Parameters
    ----------
    found, reference : Ragged
        Sets of as many steps.

    Returns
    -------
    ndarray of float, shape (n_steps,)
        In [0, 1], or NaN.
    """
    return _ratio(overlap(found, reference), found.counts, empty=np.nan)


def recall(found: Ragged, reference: Ragged) -> Series:
    """Share of the `reference` that was `found`; NaN where the reference is empty.

    Parameters
    ----------
    found, reference : Ragged
        Sets of as many steps.

    Returns
    -------
    ndarray of float, shape (n_steps,)
        In [0, 1], or NaN.
    """
    return _ratio(overlap(found, reference), reference.counts, empty=np.nan)


def jaccard(first: Ragged, second: Ragged) -> Series:
    """Intersection over union of the two sets of a step; 1 where both are empty.

    Parameters
    ----------
    first, second : Ragged
        Sets of as many steps.

    Returns
    -------
    ndarray of float, shape (n_steps,)
        In [0, 1].
    """
    shared = overlap(first, second)
    return _ratio(shared, first.counts + second.counts - shared, empty=1.0)


def size_agreement(first: Ragged, second: Ragged) -> Series:
    """Size of the smaller set over that of the larger: 1 where as many bits are on.

    Parameters
    ----------
    first, second : Ragged
        Sets of as many steps.

    Returns
    -------
    ndarray of float, shape (n_steps,)
        In [0, 1].
    """
    _same_steps(first, second)
    sizes = (first.counts, second.counts)
    return _ratio(np.minimum(*sizes), np.maximum(*sizes), empty=1.0)


def anomaly_difference(first: Series, second: Series) -> Series:
    """Absolute difference of two anomaly scores, step by step.

    Parameters
    ----------
    first, second : ndarray of float, shape (n_steps,)
        Anomaly scores, in [0, 1].

    Returns
    -------
    ndarray of float, shape (n_steps,)
        In [0, 1].

    Raises
    ------
    InputError
        If one has more steps.
    """
    if len(first) != len(second):
        raise InputError(f"both need the same number of steps, got {len(first)} and {len(second)}")
    return np.abs(np.asarray(first) - np.asarray(second))


def anomaly_correlation(first: Series, second: Series) -> float:
    """Pearson's correlation of two anomaly scores.

    Two equal series agree wholly and give 1, constant or not; otherwise a constant series has no
    correlation and gives NaN.

    Parameters
    ----------
    first, second : ndarray of float, shape (n_steps,)
        Anomaly scores.

    Returns
    -------
    float
        In [-1, 1], or NaN.

    Raises
    ------
    InputError
        If one has more steps.
    """
    if not len(anomaly_difference(first, second)):
        return float("nan")
    if np.array_equal(first, second):
        return 1.0
    deviations = [np.asarray(one) - np.mean(one) for one in (first, second)]
    # The mean of equal numbers can miss them by a rounding error: ask for their range instead.
    if any(np.ptp(one) == 0 for one in (first, second)):
        return float("nan")
    norms = [np.linalg.norm(one) for one in deviations]
    return float(np.clip(deviations[0] @ deviations[1] / (norms[0] * norms[1]), -1, 1))


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
    return _mean(exact_steps(first, second, names).astype(float))


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
    means = {name: _mean(series) for name, series in known.items()}
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
    return {name: _mean(series) for name, series in cell_agreement(reference, other).items()}


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
        "anomaly": _mean(recording.anomaly),
        "plateau_anomaly": _mean(recording.plateau_anomaly),
        "best_match": won.sum() / due.sum() if due.sum() else float("nan"),
        "prediction_precision": _mean(precision(*outcome)),
        "prediction_recall": _mean(recall(*outcome)),
    }
    for name in SETS:
        figures[f"{name}_sparsity"] = _mean(recording.sparsity(name))
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


def window_mean(series: Series, window: int) -> Series:
    """Mean of every whole or last, shorter window of `window` steps; NaN steps are left out.

    Parameters
    ----------
    series : ndarray of float, shape (n_steps,)
        One figure a step.
    window : int
        Steps.

    Returns
    -------
    ndarray of float, shape (n_windows,)
        NaN where no step of a window has a figure.

    Raises
    ------
    InputError
        If `window` is below 1.

    Examples
    --------
    >>> window_mean(np.array([1.0, 3.0, np.nan, 5.0, 7.0]), 2).tolist()
    [2.0, 5.0, 7.0]
    """
    if window < 1:
        raise InputError(f"window must be at least 1 step, got {window}")
    values = np.asarray(series, dtype=np.float64)
    return np.array([_mean(values[at : at + window]) for at in range(0, len(values), window)])


def _mean(series: Series) -> float:
    known = series[~np.isnan(series)]
    return float(known.mean()) if known.size else float("nan")


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64], *, empty: float) -> Series:
    result = np.full(len(whole), empty)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def _same_steps(first: Ragged, second: Ragged) -> None:
    if len(first) != len(second):
        raise InputError(f"both need the same number of steps, got {len(first)} and {len(second)}")


def _same_size(first: Recording, second: Recording) -> None:
    for name in ("columns", "cells_per_column"):
        if getattr(first, name) != getattr(second, name):
            raise InputError(
                f"both recordings need the same {name}, "
                f"got {getattr(first, name)} and {getattr(second, name)}"
            )

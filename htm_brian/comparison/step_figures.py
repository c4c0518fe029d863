"""Figures of two streams, one a step: of their sets, of their anomaly scores; and means of them.

Everything here is a pure function of arrays. Functions of two `Ragged` give one figure a step. What
each does where its definition has a hole:

============================  ========================================================
`precision`                   NaN where the first set is empty (nothing was claimed)
`recall`                      NaN where the second set is empty (nothing to be found)
`jaccard`                     1 where both sets are empty: they are the same
`size_agreement`              1 where both sets are empty
`anomaly_correlation`         NaN where a series is constant, but 1 where both are equal
`mean_of_known`               NaN steps are left out; NaN where no step is left
============================  ========================================================
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from htm_brian.errors import InputError
from htm_brian.sdr.ragged import Ragged

Series = NDArray[np.float64]


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
    return np.array(
        [mean_of_known(values[at : at + window]) for at in range(0, len(values), window)]
    )


def mean_of_known(series: Series) -> float:
    """Mean over the steps that have a figure; NaN where none has.

    Parameters
    ----------
    series : ndarray of float, shape (n_steps,)
        One figure a step, or NaN.

    Returns
    -------
    float
        Or NaN.
    """
    known = series[~np.isnan(series)]
    return float(known.mean()) if known.size else float("nan")


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64], *, empty: float) -> Series:
    result = np.full(len(whole), empty)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def _same_steps(first: Ragged, second: Ragged) -> None:
    if len(first) != len(second):
        raise InputError(f"both need the same number of steps, got {len(first)} and {len(second)}")

"""Intervals for figures of independent runs, one for each seed.

A claim about chance is held against the end of an interval, not against the mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.stats import binomtest, sem, t

from htm_brian.arguments import check_number
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check

Interval = tuple[float, float]


def mean_interval(values: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return Student's interval of the mean over runs; NaN where there are fewer than two.

    Parameters
    ----------
    values : array_like of float, shape (n_runs,)
        One for each run.
    level : float
        Confidence.

    Returns
    -------
    low, high : float
        In the unit of the values.

    Raises
    ------
    InputError
        If `level` lies outside of [0, 1].

    Examples
    --------
    >>> [round(end, 3) for end in mean_interval([1.0, 2.0, 3.0])]
    [-0.484, 4.484]
    """
    check_number("level", level, low=0, high=1)
    known = np.asarray(values, dtype=np.float64).ravel()
    if len(known) < 2 or np.isnan(known).any():
        return math.nan, math.nan
    if (known == known[0]).all():  # no rounding of the mean
        return float(known[0]), float(known[0])
    half = float(t.ppf((1 + level) / 2, len(known) - 1) * sem(known))
    return float(known.mean()) - half, float(known.mean()) + half


def share_interval(hits: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return an interval of a share, from what several runs counted.

    It is the wider, at each end, of two: Student's over the runs' shares, which knows that trials
    of one run are alike, and Clopper's and Pearson's for all trials together, which knows that
    nothing seen in n trials does not mean nothing.

    Parameters
    ----------
    hits, trials : array_like of int, shape (n_runs,)
        What was counted, and of how many.
    level : float
        Confidence.

    Returns
    -------
    low, high : float
        In [0, 1].

    Raises
    ------
    InputError
        If hits are negative or more than trials, or there are none.

    Notes
    -----
    Clopper & Pearson 1934; Student's t over the runs.

    Examples
    --------
    >>> low, high = share_interval([0, 0, 0], [1000, 1000, 1000])
    >>> low, round(high, 5)
    (0.0, 0.00123)
    """
    hit, tried = np.atleast_1d(hits).astype(int), np.atleast_1d(trials).astype(int)
    if hit.shape != tried.shape or (hit > tried).any() or (hit < 0).any() or (tried <= 0).any():
        raise InputError(f"hits must lie in 0 to trials, run by run, got {hit} of {tried}")
    whole = binomtest(int(hit.sum()), int(tried.sum())).proportion_ci(level, method="exact")
    low, high = float(whole.low), float(whole.high)
    if len(hit) > 1:
        below, above = mean_interval(hit / tried, level=level)
        low, high = min(low, below), max(high, above)
    return max(low, 0.0), min(high, 1.0)


def resampled_interval(values: ArrayLike, resamples: int = 2000) -> Interval:
    """Return the 95 % interval of the mean over runs that are not NaN, by the bootstrap.

    Parameters
    ----------
    values : array_like of float, shape (n_runs,)
        One for each run; NaN does not count.
    resamples : int
        Means of as many runs, drawn with replacement (percentile bootstrap, Efron 1979).

    Returns
    -------
    low, high : float
        In the unit of the values; NaN where there are none.

    Examples
    --------
    >>> resampled_interval([0.9, 0.9, 0.9])
    (0.9, 0.9)
    """
    every = np.asarray(values, dtype=np.float64)
    known = every[~np.isnan(every)]
    if not known.size:
        return math.nan, math.nan
    drawn = np.random.default_rng(0).choice(known, (resamples, known.size)).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def over_runs(
    checks: Callable[[xr.Dataset], Sequence[Check]],
    dataset: xr.Dataset,
    dim: str,
    resamples: int = 400,
) -> list[Check]:
    """Return checks of a dataset that holds many runs, each against an interval over the runs.

    Parameters
    ----------
    checks : callable
        Returns the checks of a dataset, the same ones whichever runs are in it.
    dataset : xarray.Dataset
        What was measured in every run.
    dim : str
        Along which the runs, networks or memories lie, at least two of them.
    resamples : int
        Datasets of as many runs, drawn from these with replacement (percentile bootstrap, Efron
        1979).

    Returns
    -------
    list of Check
        With the worse end of the 95 % interval as `value`; as they are where there is one run only.
    """
    found, n = list(checks(dataset)), dataset.sizes[dim]
    if n < 2:
        return found
    drawn = np.random.default_rng(0).integers(0, n, (resamples, n))
    values = [[float(each.value) for each in checks(dataset.isel({dim: one}))] for one in drawn]
    # An order statistic, not a mean of two: what never comes about is infinite.
    ends = np.quantile(values, (0.025, 0.975), axis=0, method="closest_observation")
    return [each.against(*map(float, pair)) for each, pair in zip(found, ends.T, strict=True)]


def over_values(check: Check, values: ArrayLike) -> Check:
    """Return a check of a mean over runs, held against Student's interval of that mean.

    Parameters
    ----------
    check : Check
        Its `value` is the mean.
    values : array_like of shape (n_runs,)
        One for each run, in the unit of the check; as it is where there is one only.

    Returns
    -------
    Check
        With the worse end of the 95 % interval as `value`.
    """
    known = np.asarray(values, dtype=np.float64)
    return check if known.size < 2 else check.against(*mean_interval(known))

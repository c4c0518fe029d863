"""Intervals for figures of a series whose steps depend on those before them: the block bootstrap.

Steps near each other are alike, so they are drawn in blocks, with those that follow them: circular
blocks of consecutive steps, put one behind the other until as many steps are drawn as there are.

Notes
-----
Politis, D. N. & Romano, J. P. (1992), A circular block-resampling procedure for stationary data.
The mean over n = k · L drawn steps, in blocks of L, has the variance of the means of the n possible
blocks, over k; tests hold the intervals against that.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number

RESAMPLES = 1000
Interval = tuple[float, float]
Steps = NDArray[np.int64]


def block_length(n: int) -> int:
    """Return the length of a block for `n` steps: the square root, rounded up.

    Examples
    --------
    >>> [block_length(n) for n in (1, 100, 2016)]
    [1, 10, 45]
    """
    return math.isqrt(max(n, 1) - 1) + 1


def draw_steps(n: int, block: int, resamples: int, seed: int) -> Steps:
    """Return the drawn steps, an array of shape (resamples, n)."""
    rng = np.random.default_rng(seed)
    starts = rng.integers(n, size=(resamples, -(-n // block)))
    steps = (starts[:, :, None] + np.arange(block)) % n
    return steps.reshape(resamples, -1)[:, :n]


def block_interval(
    statistic: Callable[[Steps], NDArray[np.float64]],
    n: int,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return the interval of a figure over `n` steps.

    Parameters
    ----------
    statistic : callable
        Takes steps, an array of shape (resamples, n), and returns the figure for each row.
    n : int
        Number of steps.
    level : float
        Share of the resamples that the interval holds.
    resamples, seed : int

    Returns
    -------
    low, high : float
        NaN where there are no steps, or the figure is never defined.
    """
    check_integer("n", n, low=0)
    check_number("level", level, low=0, high=1)
    if n == 0:
        return math.nan, math.nan
    figures = np.asarray(statistic(draw_steps(n, block_length(n), resamples, seed)))
    known = figures[~np.isnan(figures)]
    if not len(known):
        return math.nan, math.nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def difference_interval(
    first: NDArray[np.float64], second: NDArray[np.float64], *, level: float = 0.95, seed: int = 0
) -> Interval:
    """Return the interval of the mean of `second` less that of `first`.

    Each is resampled by itself, as nothing pairs their steps.
    """
    if not len(first) or not len(second):
        return math.nan, math.nan
    means = [
        mean_of(one)(draw_steps(len(one), block_length(len(one)), RESAMPLES, seed + at))
        for at, one in enumerate((first, second))
    ]
    low, high = np.nanquantile(means[1] - means[0], [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_of(values: NDArray[np.float64]) -> Callable[[Steps], NDArray[np.float64]]:
    """Return the statistic "mean over the drawn steps", NaN steps left out."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)

    def mean(steps: Steps) -> NDArray[np.float64]:
        counts = known[steps].sum(axis=1)
        sums = filled[steps].sum(axis=1)
        means = np.full(len(steps), np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return means

    return mean


def correlation_of(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> Callable[[Steps], NDArray[np.float64]]:
    """Return the statistic "Pearson's correlation over the drawn steps"; NaN where one is flat."""

    def correlation(steps: Steps) -> NDArray[np.float64]:
        x = first[steps] - first[steps].mean(axis=1, keepdims=True)
        y = second[steps] - second[steps].mean(axis=1, keepdims=True)
        norms = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
        result = np.full(len(steps), np.nan)
        np.divide((x * y).sum(axis=1), norms, out=result, where=norms > 1e-12)
        return result

    return correlation

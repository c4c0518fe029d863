"""Intervals for figures of a series whose steps depend on those before them: the block bootstrap.

Steps near each other are alike, so they are drawn in blocks, with those that follow them: circular
blocks of consecutive steps, put one behind the other until as many steps are drawn as there are.

Notes
-----
Politis, D. N. & Romano, J. P. (1992), A circular block-resampling procedure for stationary data.
The mean over n = k · L drawn steps, in blocks of L, has the variance of the means of the n possible
blocks, over k; tests hold the intervals against that.

Statistics take the *weights* of the steps, how often each was drawn, and so are products of
matrices: thousands of resamples of many figures cost no more than one pass over the steps.
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
Weights = NDArray[np.float64]
Statistic = Callable[[Weights], NDArray[np.float64]]


def block_length(n: int) -> int:
    """Return the length of a block for `n` steps: the square root, rounded up.

    Parameters
    ----------
    n : int
        Steps.

    Returns
    -------
    int
        Steps of a block.

    Examples
    --------
    >>> [block_length(n) for n in (1, 100, 2016)]
    [1, 10, 45]
    """
    return math.isqrt(max(n, 1) - 1) + 1


def draw_steps(n: int, block: int, resamples: int, seed: int) -> Steps:
    """Return the drawn steps.

    Parameters
    ----------
    n, block : int
        Steps, and those of a block.
    resamples : int
        How often as many steps are drawn.
    seed : int
        Of the draw.

    Returns
    -------
    ndarray of int, shape (resamples, n)
        In [0, n).
    """
    rng = np.random.default_rng(seed)
    starts = rng.integers(n, size=(resamples, -(-n // block)))
    steps = (starts[:, :, None] + np.arange(block)) % n
    return steps.reshape(resamples, -1)[:, :n]


def draw_weights(n: int, block: int, resamples: int, seed: int) -> Weights:
    """Return how often each step is drawn.

    Parameters
    ----------
    n, block, resamples, seed : int
        As of `draw_steps`.

    Returns
    -------
    ndarray of float, shape (resamples, n)
        Each row sums to `n`.
    """
    steps = draw_steps(n, block, resamples, seed) + n * np.arange(resamples)[:, None]
    counts = np.bincount(steps.ravel(), minlength=resamples * n)
    return counts.reshape(resamples, n).astype(np.float64)


def block_interval(
    statistic: Statistic,
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
        Takes weights, an array of shape (resamples, n), and returns the figure for each row.
    n : int
        Number of steps.
    level : float
        Share of the resamples that the interval holds.
    resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    low, high : float
        NaN where there are no steps, or the figure is never defined.

    Raises
    ------
    InputError
        If `n` is negative, or `level` outside of [0, 1].
    """
    check_integer("n", n, low=0)
    check_number("level", level, low=0, high=1)
    if n == 0:
        return math.nan, math.nan
    figures = np.asarray(statistic(draw_weights(n, block_length(n), resamples, seed)))
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

    Parameters
    ----------
    first, second : ndarray of float, shape (n_first,) and (n_second,)
        One figure a step.
    level : float
        Share of the resamples that the interval holds.
    seed : int
        Of the bootstrap.

    Returns
    -------
    low, high : float
        In the unit of the series; NaN where one has no steps.
    """
    if not len(first) or not len(second):
        return math.nan, math.nan
    means = [
        mean_of(one)(draw_weights(len(one), block_length(len(one)), RESAMPLES, seed + at))
        for at, one in enumerate((first, second))
    ]
    low, high = np.nanquantile(means[1] - means[0], [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_of(values: NDArray[np.float64]) -> Statistic:
    """Return the statistic "mean over the drawn steps", NaN steps left out.

    Parameters
    ----------
    values : ndarray of shape (n,) or (several, n)
        Of several rows, the mean of their means; NaN where one of them has none.

    Returns
    -------
    callable
        Weights of shape (resamples, n) in, means of shape (resamples,) out.
    """
    rows = np.atleast_2d(values)
    known = (~np.isnan(rows)).astype(np.float64)
    filled = np.where(known > 0, rows, 0.0)

    def mean(weights: Weights) -> NDArray[np.float64]:
        counts = weights @ known.T
        means = np.full(counts.shape, np.nan)
        np.divide(weights @ filled.T, counts, out=means, where=counts > 0)
        return means.mean(axis=1)

    return mean


def correlation_of(first: NDArray[np.float64], second: NDArray[np.float64]) -> Statistic:
    """Return the statistic "Pearson's correlation over the drawn steps"; NaN where one is flat.

    Parameters
    ----------
    first, second : ndarray of shape (n,) or (several, n)
        Of several rows, the mean of the correlations of each pair of rows.

    Returns
    -------
    callable
        Weights of shape (resamples, n) in, correlations of shape (resamples,) out.
    """
    x, y = (rows - rows.mean(axis=1, keepdims=True) for rows in map(np.atleast_2d, (first, second)))

    def correlation(weights: Weights) -> NDArray[np.float64]:
        n = weights.sum(axis=1, keepdims=True)
        mean_x, mean_y = (weights @ rows.T / n for rows in (x, y))
        products = weights @ (x * y).T / n - mean_x * mean_y
        norms = np.ones_like(products)
        varies = np.ones(products.shape, dtype=np.bool_)
        for rows, mean in ((x, mean_x), (y, mean_y)):
            squares = weights @ (rows * rows).T / n
            # What is left of equal numbers is a rounding error of the size of their squares.
            varies &= squares - mean * mean > 1e-12 * squares
            norms *= np.sqrt(np.maximum(squares - mean * mean, 0.0))
        result = np.full(products.shape, np.nan)
        np.divide(products, norms, out=result, where=varies)
        return result.mean(axis=1)

    return correlation

"""Closed forms of unions of sparse distributed representations; how many patterns there are.

Part of `htm_brian.sdr.theory`, which has all of these names and says what the arguments are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from htm_brian.arguments import check_integer, check_number
from htm_brian.sdr.log_probability import (
    FloatArray,
    at_least_once,
    log_choose,
    log_hypergeometric,
    log_sum,
)
from htm_brian.sdr.theory_arguments import (
    LARGEST,
    check_shapes,
    integers,
    population,
    require,
    result,
)


def union_density(n: ArrayLike, a: ArrayLike, patterns: ArrayLike) -> float | FloatArray:
    """Return the expected share of cells in a union of random patterns.

    Parameters
    ----------
    n, a : int or array_like of int, any shapes that broadcast
        Cells of the population, and active ones in each pattern.
    patterns : int or array_like of int
        Patterns in the union.

    Returns
    -------
    float, or ndarray of float of the shape to which the arguments broadcast
        In [0, 1].

    Raises
    ------
    InputError
        Where a number is no integer in its range, or shapes do not broadcast.

    Notes
    -----
    ``1 - (1 - a/n)**patterns`` (Ahmad & Hawkins 2015).

    Examples
    --------
    >>> round(union_density(2048, 40, 20), 4)
    0.326
    """
    n, a, patterns = *population(n, a), integers("patterns", patterns)
    check_shapes(n=n, a=a, patterns=patterns)
    require(n > 0, "n must be at least 1", n)
    density = at_least_once(a / n, patterns)
    return float(density) if density.ndim == 0 else density


def union_exact_match(
    n: ArrayLike, a: ArrayLike, patterns: ArrayLike, *, log10: bool = False
) -> float | FloatArray:
    """Return the probability that all `a` cells of a random pattern lie in a union, as published.

    The published form takes cells to be in the union independently of one another.
    `union_false_match` with ``s = threshold = a`` does not.

    Parameters
    ----------
    n, a : int or array_like of int, any shapes that broadcast
        Cells of the population, and active ones in each pattern.
    patterns : int or array_like of int
        Patterns in the union.
    log10 : bool, default=False
        Return the decimal logarithm of the probability.

    Returns
    -------
    float, or ndarray of float of the shape to which the arguments broadcast
        In [0, 1], or its logarithm.

    Raises
    ------
    InputError
        Where a number is no integer in its range, or shapes do not broadcast.

    Notes
    -----
    The union's density to the power `a` (Ahmad & Hawkins 2015).

    Examples
    --------
    >>> f"{union_exact_match(2048, 40, 20):.4e}, {union_false_match(2048, 40, 20, 40, 40):.4e}"
    '3.3686e-20, 1.7353e-20'
    """
    return result(xlogy(np.asarray(a), union_density(n, a, patterns)), log10)


def union_false_match(
    n: ArrayLike,
    a: ArrayLike,
    patterns: ArrayLike,
    s: ArrayLike,
    threshold: ArrayLike,
    *,
    log10: bool = False,
) -> float | FloatArray:
    """Return the probability that a union of random patterns activates a segment; exact.

    Every pattern covers some of those of the segment's cells that the patterns before it have
    left, a hypergeometric number: a Markov chain of `patterns` steps.

    Parameters
    ----------
    n, a : int or array_like of int, any shapes that broadcast
        Cells of the population, and active ones in each pattern.
    patterns : int or array_like of int
        Patterns in the union.
    s, threshold : int or array_like of int
        Synapses of the segment, and active ones that activate it.
    log10 : bool, default=False
        Return the decimal logarithm of the probability.

    Returns
    -------
    float, or ndarray of float of the shape to which the arguments broadcast
        In [0, 1], or its logarithm.

    Raises
    ------
    InputError
        Where a number is no integer in its range, or shapes do not broadcast.

    Examples
    --------
    >>> union_false_match(2048, 40, [1, 10, 100], 20, 13)
    array([4.96168848e-19, 3.72624066e-06, 9.96367401e-01])
    """
    n, a, s = population(n, a, s)
    patterns, threshold = (
        integers("patterns", patterns),
        integers("threshold", threshold),
    )
    check_shapes(n=n, a=a, patterns=patterns, s=s, threshold=threshold)
    require(s <= MAX_UNION, f"s must be at most {MAX_UNION}", s)
    require(patterns <= MAX_PATTERNS, f"patterns must be at most {MAX_PATTERNS}", patterns)
    broadcast = np.broadcast_arrays(n, a, patterns, s, threshold)
    log_probability = np.empty(broadcast[0].shape)
    for index in np.ndindex(log_probability.shape):
        n_cells, active, n_patterns, synapses, needed = (int(array[index]) for array in broadcast)
        covered = _UnionCover(n_cells, active, synapses)
        for _ in range(n_patterns):
            covered.add_pattern()
        log_probability[index] = covered.log_at_least(needed)
    return result(np.minimum(log_probability, 0.0), log10)


def union_capacity(n: int, a: int, s: int, threshold: int, max_false_match: float) -> int:
    """Return how many random patterns a union holds before it activates a segment too often.

    Patterns are added one by one, until `union_false_match` exceeds what is tolerated.

    Parameters
    ----------
    n, a : int
        Cells of the population, and active ones in each pattern.
    s, threshold : int
        Synapses of the segment, and active ones that activate it.
    max_false_match : float
        Tolerated probability, in [0, 1).

    Returns
    -------
    int
        Patterns.

    Raises
    ------
    InputError
        Where a number is out of its range.

    Examples
    --------
    >>> union_capacity(2048, 40, 20, 13, 1e-6)
    8
    """
    for name, value in (("n", n), ("a", a)):
        check_integer(name, value, low=1, high=LARGEST)
    check_integer("s", s, low=1, high=MAX_UNION)
    population(n, a, s)
    threshold = check_integer("threshold", threshold, low=1, high=s)
    limit = check_number("max_false_match", max_false_match, low=0, high=1 - 1e-9)
    with np.errstate(divide="ignore"):
        log_limit = np.log(limit)
    covered = _UnionCover(n, a, s)
    patterns = -1
    while covered.log_at_least(threshold) <= log_limit:
        patterns += 1
        covered.add_pattern()
    return patterns


def capacity(n: ArrayLike, a: ArrayLike, *, log10: bool = False) -> float | FloatArray:
    """Return the number of different patterns of `a` active cells out of `n`; inf above 1e308.

    Parameters
    ----------
    n, a : int or array_like of int, any shapes that broadcast
        Cells of the population, and active ones in each pattern.
    log10 : bool, default=False
        Return the decimal logarithm of the number.

    Returns
    -------
    float, or ndarray of float of the shape to which the arguments broadcast
        The binomial coefficient, or its logarithm.

    Raises
    ------
    InputError
        Where a number is no integer in its range, or shapes do not broadcast.

    Examples
    --------
    >>> round(capacity(2048, 40, log10=True), 2)
    84.38
    """
    return result(log_choose(*population(n, a)), log10)


MAX_UNION = 2_000
"""Synapses of a segment on a union: the chain's matrix has as many rows and columns."""
MAX_PATTERNS = 1_000_000
"""Patterns in a union: the chain has as many steps."""


class _UnionCover:
    """Probabilities of how many of `s` cells a growing union covers, as logs."""

    def __init__(self, n: int, a: int, s: int) -> None:
        left = s - np.arange(s + 1)[:, None]
        newly = np.arange(s + 1) - np.arange(s + 1)[:, None]
        self._step = log_hypergeometric(newly, np.asarray(n), left, np.asarray(a))
        self._log_covered = np.where(np.arange(s + 1) == 0, 0.0, -np.inf)

    def add_pattern(self) -> None:
        self._log_covered = log_sum((self._log_covered[:, None] + self._step).T)

    def log_at_least(self, threshold: int) -> float:
        tail = self._log_covered[threshold:]
        return float(log_sum(tail)) if tail.size else -np.inf

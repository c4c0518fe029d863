"""Closed forms of sparse distributed representations: matches, misses, unions, capacity.

A population of `n` cells represents with `a` active ones. A segment holds `s` synapses and is
active when at least `threshold` of them get through.

====================================  ==========================================================
question                              function
====================================  ==========================================================
does chance activate a segment?       `false_match`, `false_match_under_release_failure`
does it miss its own pattern?         `miss_under_noise`, `miss_under_release_failure`,
                                      `miss_under_noise_and_release_failure`
... and a similar pattern?            `subsample_match`
how many synapses make up for it?     `synapses_needed`, `burst_transmission`
a union of many patterns?             `union_density`, `union_exact_match`, `union_false_match`
how many patterns?                    `capacity`, `union_capacity`
====================================  ==========================================================

Arguments are scalars or arrays, and broadcast. Sums are taken on logarithms, so that
probabilities are exact to about nine digits down to the smallest float, 1e-308; with
``log10=True`` a function returns the decimal logarithm, which knows no such limit.

Notes
-----
After Ahmad & Hawkins 2015 (Properties of sparse distributed representations and their application
to hierarchical temporal memory, arXiv:1503.07469) and Hawkins & Ahmad 2016 (Why neurons have
thousands of synapses, Front. Neural Circuits 10:23). Release failures thin the synapses
independently of each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from htm_brian.arguments import check_integer, check_number
from htm_brian.log_probability import (
    FloatArray,
    in_chunks,
    log_binomial,
    log_binomial_tails,
    log_choose,
    log_hypergeometric,
    log_sum,
)

_MAX_SYNAPSES = 100_000


def false_match(
    n: ArrayLike, a: ArrayLike, s: ArrayLike, threshold: ArrayLike, *, log10: bool = False
) -> float | FloatArray:
    """Return the probability that a random pattern activates a segment.

    Parameters
    ----------
    n : int or array_like of int
        Cells of the population.
    a : int or array_like of int
        Active cells of the random pattern.
    s : int or array_like of int
        Synapses of the segment, each from another cell.
    threshold : int or array_like of int
        Active synapses that activate the segment.
    log10 : bool, default=False
        Return the decimal logarithm of the probability.

    Examples
    --------
    >>> false_match(200_000, 2000, [10, 20], 10)
    array([9.77936337e-21, 1.64989875e-15])
    """
    n, a, s = _population(n, a, s)
    threshold = _integers("threshold", threshold)
    hits = np.arange(int(np.max(s, initial=0)) + 1)

    def log_probability(n: FloatArray, a: FloatArray, s: FloatArray, t: FloatArray) -> FloatArray:
        return log_sum(np.where(hits >= t, log_hypergeometric(hits, n, a, s), -np.inf))

    return _result(in_chunks(log_probability, (n, a, s, threshold), hits.size), log10)


def false_match_under_release_failure(
    n: ArrayLike,
    a: ArrayLike,
    s: ArrayLike,
    threshold: ArrayLike,
    release_probability: ArrayLike,
    *,
    log10: bool = False,
) -> float | FloatArray:
    """Return the probability of a false match when each active synapse may fail.

    Parameters as of `false_match`, and the probability that a spike is transmitted.

    Examples
    --------
    >>> f"{false_match_under_release_failure(2048, 40, 20, 10, 0.5):.4e}"
    '4.0866e-16'
    """
    n, a, s = _population(n, a, s)
    threshold = _integers("threshold", threshold)
    probability = _probabilities("release_probability", release_probability)
    size = int(np.max(s, initial=0))
    hits = np.arange(size + 1)

    def log_probability(*columns: FloatArray) -> FloatArray:
        n, a, s, t, p = columns
        return log_sum(log_hypergeometric(hits, n, a, s) + log_binomial_tails(size, t, p)[1])

    arguments = (n, a, s, np.minimum(threshold, size + 1), probability)
    return _result(in_chunks(log_probability, arguments, hits.size), log10)


def miss_under_noise(
    a: ArrayLike, s: ArrayLike, threshold: ArrayLike, replaced: ArrayLike, *, log10: bool = False
) -> float | FloatArray:
    """Return the probability that a segment misses its own pattern under noise.

    Parameters
    ----------
    a : int or array_like of int
        Active cells of the pattern.
    s : int or array_like of int
        Synapses of the segment, a random sample of those cells.
    threshold : int or array_like of int
        Active synapses that activate the segment.
    replaced : int or array_like of int
        Cells of the pattern that are silent, with others active in their place.
    log10 : bool, default=False
        Return the decimal logarithm of the probability.

    Examples
    --------
    >>> round(miss_under_noise(40, 20, 13, 12), 6)
    0.150422
    """
    return miss_under_noise_and_release_failure(a, s, threshold, replaced, 1.0, log10=log10)


def miss_under_release_failure(
    s: ArrayLike, threshold: ArrayLike, release_probability: ArrayLike, *, log10: bool = False
) -> float | FloatArray:
    """Return the probability that too few of `s` active synapses transmit.

    Parameters
    ----------
    s : int or array_like of int
        Active synapses of the segment.
    threshold : int or array_like of int
        Transmitting synapses that activate the segment.
    release_probability : float or array_like of float
        Probability that a synapse transmits: of its site, or, where it has several, of at least
        one of them (`burst_transmission`).
    log10 : bool, default=False
        Return the decimal logarithm of the probability.

    Examples
    --------
    >>> miss_under_release_failure(20, 13, [0.9, 0.5])
    array([4.15635019e-04, 8.68412018e-01])
    """
    s = _synapses(s)
    threshold = _integers("threshold", threshold)
    probability = _probabilities("release_probability", release_probability)
    successes = np.arange(int(np.max(s, initial=0)) + 1)

    def log_probability(s: FloatArray, t: FloatArray, p: FloatArray) -> FloatArray:
        return log_sum(np.where(successes < t, log_binomial(successes, s, p), -np.inf))

    return _result(in_chunks(log_probability, (s, threshold, probability), successes.size), log10)


def miss_under_noise_and_release_failure(
    a: ArrayLike,
    s: ArrayLike,
    threshold: ArrayLike,
    replaced: ArrayLike,
    release_probability: ArrayLike,
    *,
    log10: bool = False,
) -> float | FloatArray:
    """Return the probability of a miss when cells are replaced and synapses fail.

    Parameters as of `miss_under_noise` and `miss_under_release_failure`.

    Examples
    --------
    >>> round(miss_under_noise_and_release_failure(40, 20, 10, 8, 0.8), 6)
    0.043372
    """
    a, s, replaced = _synapses(a, "a"), _synapses(s), _integers("replaced", replaced)
    _require(s <= a, "s must be at most a", s)
    _require(replaced <= a, "replaced must be at most a", replaced)
    threshold = _integers("threshold", threshold)
    probability = _probabilities("release_probability", release_probability)
    size = int(np.max(s, initial=0))
    hits = np.arange(size + 1)

    def log_probability(*columns: FloatArray) -> FloatArray:
        a, s, t, v, p = columns
        return log_sum(log_hypergeometric(hits, a, a - v, s) + log_binomial_tails(size, t, p)[0])

    arguments = (a, s, np.minimum(threshold, size + 1), replaced, probability)
    return _result(in_chunks(log_probability, arguments, hits.size), log10)


def subsample_match(
    a: ArrayLike, s: ArrayLike, threshold: ArrayLike, shared: ArrayLike, *, log10: bool = False
) -> float | FloatArray:
    """Return the probability that a sub-sample of one pattern matches another.

    Parameters
    ----------
    a : int or array_like of int
        Active cells of the pattern that the segment learned.
    s : int or array_like of int
        Synapses of the segment, a random sample of those cells.
    threshold : int or array_like of int
        Active synapses that activate the segment.
    shared : int or array_like of int
        Cells that the other pattern has in common with the first.
    log10 : bool, default=False
        Return the decimal logarithm of the probability.

    Examples
    --------
    >>> round(subsample_match(40, 20, 13, 20), 6)
    0.056417
    """
    a, shared = _synapses(a, "a"), _integers("shared", shared)
    _require(shared <= a, "shared must be at most a", shared)
    s = _synapses(s)
    _require(s <= a, "s must be at most a", s)
    return false_match(a, shared, s, threshold, log10=log10)


def burst_transmission(release_probability: ArrayLike, chances: ArrayLike) -> float | FloatArray:
    """Return the probability of at least one release in several independent chances.

    Parameters
    ----------
    release_probability : float or array_like of float
        Of one site at one spike.
    chances : int or array_like of int
        Sites of the connection times spikes of the burst.

    Examples
    --------
    >>> round(burst_transmission(0.5, 3), 3)
    0.875
    """
    probability = _probabilities("release_probability", release_probability)
    n_chances = _integers("chances", chances)
    with np.errstate(divide="ignore"):
        value = np.where(n_chances > 0, -np.expm1(n_chances * np.log1p(-probability)), 0.0)
    return float(value) if value.ndim == 0 else value


def synapses_needed(
    threshold: ArrayLike, release_probability: ArrayLike, max_miss: ArrayLike
) -> int | NDArray[np.int64]:
    """Return the fewest synapses that miss their pattern at most as often as `max_miss`.

    Parameters
    ----------
    threshold : int or array_like of int
        Transmitting synapses that activate the segment.
    release_probability : float or array_like of float
        Probability that a synapse transmits, above zero.
    max_miss : float or array_like of float
        Tolerated probability of a miss, in (0, 1].

    Examples
    --------
    >>> synapses_needed(13, [0.84, 0.7, 0.5, 0.3], 0.01)
    array([20, 26, 40, 71])
    """
    threshold = _integers("threshold", threshold)
    probability = _probabilities("release_probability", release_probability)
    tolerated = _probabilities("max_miss", max_miss)
    _require(probability > 0, "release_probability must be above 0", probability)
    _require(tolerated > 0, "max_miss must be above 0", tolerated)
    threshold, probability, tolerated = np.broadcast_arrays(threshold, probability, tolerated)

    def enough(s: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray(miss_under_release_failure(s, threshold, probability)) <= tolerated

    low, high = threshold - 1, np.maximum(threshold, 1)
    while not (found := enough(high)).all():
        low, high = np.where(found, low, high), np.where(found, high, 2 * high)
        if high.max(initial=0) > _MAX_SYNAPSES:
            raise ValueError(f"more than {_MAX_SYNAPSES} synapses would be needed")
    high = np.where(threshold == 0, 0, high)
    while np.any(high - low > 1):
        middle = (low + high + 1) // 2
        found = enough(np.maximum(middle, 0))
        low, high = np.where(found, low, middle), np.where(found, middle, high)
    return int(high) if high.ndim == 0 else high


def union_density(n: ArrayLike, a: ArrayLike, patterns: ArrayLike) -> float | FloatArray:
    """Return the expected share of cells in a union of random patterns.

    Parameters
    ----------
    n, a : int or array_like of int
        Cells of the population, and active ones in each pattern.
    patterns : int or array_like of int
        Patterns in the union.

    Examples
    --------
    >>> round(union_density(2048, 40, 20), 4)
    0.326
    """
    n, a, patterns = *_population(n, a), _integers("patterns", patterns)
    return burst_transmission(a / n, patterns)


def union_exact_match(
    n: ArrayLike, a: ArrayLike, patterns: ArrayLike, *, log10: bool = False
) -> float | FloatArray:
    """Return the probability that all `a` cells of a random pattern lie in a union, as published.

    The published form takes cells to be in the union independently of one another.
    `union_false_match` with ``s = threshold = a`` does not.

    Examples
    --------
    >>> f"{union_exact_match(2048, 40, 20):.4e}, {union_false_match(2048, 40, 20, 40, 40):.4e}"
    '3.3686e-20, 1.7353e-20'
    """
    return _result(xlogy(np.asarray(a), union_density(n, a, patterns)), log10)


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
    n, a : int or array_like of int
        Cells of the population, and active ones in each pattern.
    patterns : int or array_like of int
        Patterns in the union.
    s, threshold : int or array_like of int
        Synapses of the segment, and active ones that activate it.
    log10 : bool, default=False
        Return the decimal logarithm of the probability.

    Examples
    --------
    >>> union_false_match(2048, 40, [1, 10, 100], 20, 13)
    array([4.96168848e-19, 3.72624066e-06, 9.96367401e-01])
    """
    n, a, s = _population(n, a, s)
    patterns, threshold = _integers("patterns", patterns), _integers("threshold", threshold)
    broadcast = np.broadcast_arrays(n, a, patterns, s, threshold)
    log_probability = np.empty(broadcast[0].shape)
    for index in np.ndindex(log_probability.shape):
        n_cells, active, n_patterns, synapses, needed = (int(array[index]) for array in broadcast)
        covered = _UnionCover(n_cells, active, synapses)
        for _ in range(n_patterns):
            covered.add_pattern()
        log_probability[index] = covered.log_at_least(needed)
    return _result(np.minimum(log_probability, 0.0), log10)


def union_capacity(n: int, a: int, s: int, threshold: int, max_false_match: float) -> int:
    """Return how many random patterns a union holds before it activates a segment too often.

    Parameters as of `union_false_match`, all scalars, and the tolerated probability, below one.

    Examples
    --------
    >>> union_capacity(2048, 40, 20, 13, 1e-6)
    8
    """
    _population(n, a, s)
    threshold = check_integer("threshold", threshold, low=1, high=s)
    check_integer("a", a, low=1)
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

    Examples
    --------
    >>> round(capacity(2048, 40, log10=True), 2)
    84.38
    """
    return _result(log_choose(*_population(n, a)), log10)


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


def _result(log_probability: FloatArray, log10: bool) -> float | FloatArray:
    with np.errstate(over="ignore"):
        value = log_probability / np.log(10.0) if log10 else np.exp(log_probability)
    return float(value) if value.ndim == 0 else value


def _population(
    n: ArrayLike, a: ArrayLike, s: ArrayLike | None = None
) -> tuple[NDArray[np.int64], ...]:
    cells, active = _integers("n", n), _integers("a", a)
    _require(active <= cells, "a must be at most n", active)
    if s is None:
        return cells, active
    synapses = _synapses(s)
    _require(synapses <= cells, "s must be at most n", synapses)
    return cells, active, synapses


def _synapses(value: ArrayLike, name: str = "s") -> NDArray[np.int64]:
    return _integers(name, value)


def _integers(name: str, value: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be an integer or an array of integers, got {value!r}")
    _require(array >= 0, f"{name} must be at least 0", array)
    return array.astype(np.int64)


def _probabilities(name: str, value: ArrayLike) -> FloatArray:
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or an array of numbers, got {value!r}")
    _require((array >= 0) & (array <= 1), f"{name} must lie in [0, 1]", array)
    return array.astype(np.float64)


def _require(fulfilled: NDArray[np.bool_], wanted: str, value: NDArray[np.generic]) -> None:
    fulfilled, value = np.broadcast_arrays(fulfilled, value)
    if not fulfilled.all():
        raise ValueError(f"{wanted}, got {value[~fulfilled].flat[0]}")

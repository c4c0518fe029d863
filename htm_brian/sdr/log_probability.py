"""Hypergeometric and binomial probabilities as natural logarithms, for arrays of arguments.

Every sum is one of positive terms and is taken on logarithms, so nothing cancels and nothing
underflows. The argument `k` runs along the last axis; the other arguments have a last axis of
length one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, xlog1py, xlogy

FloatArray = NDArray[np.float64]
Array = NDArray[np.int64] | NDArray[np.float64]

_MAX_TERMS = 2_000_000
"""Terms held at one time, which bounds the memory."""


def log_choose(n: Array, k: Array) -> FloatArray:
    """Return the log of the binomial coefficient, -inf outside 0 <= k <= n.

    Examples
    --------
    >>> float(np.round(np.exp(log_choose(np.array(5), np.array(2))), 9))
    10.0
    """
    possible = (k >= 0) & (k <= n)
    n, k = np.where(possible, n, 0), np.where(possible, k, 0)
    return np.where(possible, -betaln(n - k + 1.0, k + 1.0) - np.log1p(n), -np.inf)


def log_hypergeometric(k: Array, n: Array, marked: Array, drawn: Array) -> FloatArray:
    """Return the log probability that `k` of the `drawn` out of `n` are among the `marked`."""
    return log_choose(marked, k) + log_choose(n - marked, drawn - k) - log_choose(n, drawn)


def log_binomial(k: Array, n: Array, probability: Array) -> FloatArray:
    """Return the log probability of `k` successes in `n` trials."""
    possible = (k >= 0) & (k <= n)
    successes, failures = np.where(possible, k, 0), np.where(possible, n - k, 0)
    log_chance = xlogy(successes, probability) + xlog1py(failures, -probability)
    return np.where(possible, log_choose(n, k) + log_chance, -np.inf)


def log_binomial_tails(
    size: int, threshold: Array, probability: Array
) -> tuple[FloatArray, FloatArray]:
    """Return logs of P(successes < threshold) and P(successes >= threshold) in 0 ... size trials.

    The `threshold`-th success falls on trial j with a negative binomial probability. Their sum up
    to a number of trials is the upper tail; the sum beyond it, which starts from the lower tail at
    `size` trials, is the lower one.
    """
    trials = np.arange(size + 1)
    reached_at = log_choose(trials - 1, threshold - 1) + np.where(
        trials >= threshold,
        xlogy(threshold, probability)
        + xlog1py(np.maximum(trials - threshold, 0), -np.asarray(probability)),
        -np.inf,
    )
    reached_at = np.where(trials >= 1, reached_at, -np.inf)
    needed = np.asarray(threshold) > 0
    above = np.where(needed, np.logaddexp.accumulate(reached_at, axis=-1), 0.0)
    successes = np.arange(max(int(np.max(threshold)), 1))
    never = log_sum(
        np.where(
            successes < threshold, log_binomial(successes, np.asarray(size), probability), -np.inf
        )
    )[..., None]
    later = np.concatenate([never, reached_at[..., :0:-1]], axis=-1)
    below = np.where(needed, np.logaddexp.accumulate(later, axis=-1)[..., ::-1], -np.inf)
    return np.minimum(below, 0.0), np.minimum(above, 0.0)


def log_sum(log_terms: FloatArray) -> FloatArray:
    """Return the log of the sum of terms along the last axis, given as logs."""
    largest = np.max(log_terms, axis=-1, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.sum(np.exp(log_terms - shift), axis=-1)) + shift[..., 0]


def in_chunks(
    function: Callable[..., FloatArray], arguments: tuple[Array, ...], n_terms: int
) -> FloatArray:
    """Call `function` on columns of the broadcast arguments and return one log per element.

    Parameters
    ----------
    function : callable
        Takes the arguments as arrays of shape (m, 1) and returns m log probabilities.
    arguments : tuple of ndarray
        Broadcast against one another.
    n_terms : int
        Terms that `function` holds for one element.
    """
    broadcast = np.broadcast_arrays(*arguments)
    columns = [array.reshape(-1, 1) for array in broadcast]
    n_elements = len(columns[0])
    length = max(1, _MAX_TERMS // max(n_terms, 1))
    result = np.empty(n_elements)
    for start in range(0, n_elements, length):
        part = slice(start, start + length)
        result[part] = function(*(column[part] for column in columns))
    return np.minimum(result, 0.0).reshape(broadcast[0].shape)


def at_least_once(probability: ArrayLike, chances: ArrayLike) -> FloatArray:
    """Return the probability of one success or more in independent chances."""
    n = np.asarray(chances)
    with np.errstate(divide="ignore"):
        return np.where(n > 0, -np.expm1(n * np.log1p(-np.asarray(probability))), 0.0)

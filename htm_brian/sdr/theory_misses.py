"""Closed forms of a segment that misses its own pattern; the synapses that make up for it.

Part of `htm_brian.sdr.theory`, which has all of these names and says what the arguments are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.errors import InputError
from htm_brian.sdr.log_probability import (
    FloatArray,
    at_least_once,
    in_chunks,
    log_binomial,
    log_binomial_tails,
    log_hypergeometric,
    log_sum,
)
from htm_brian.sdr.theory_arguments import (
    check_shapes,
    counts,
    integers,
    probabilities,
    require,
    result,
)

_MAX_SYNAPSES = 100_000


def miss_under_noise(
    a: ArrayLike, s: ArrayLike, threshold: ArrayLike, replaced: ArrayLike, *, log10: bool = False
) -> float | FloatArray:
    """Return the probability that a segment misses its own pattern under noise.

    Parameters
    ----------
    a : int or array_like of int, any shape that broadcasts with the others
        Active cells of the pattern.
    s : int or array_like of int
        Synapses of the segment, a random sample of those cells.
    threshold : int or array_like of int
        Active synapses that activate the segment.
    replaced : int or array_like of int
        Cells of the pattern that are silent, with others active in their place.
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
    The lower tail of a hypergeometric number (Ahmad & Hawkins 2015).

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
    s : int or array_like of int, any shape that broadcasts with the others
        Active synapses of the segment.
    threshold : int or array_like of int
        Transmitting synapses that activate the segment.
    release_probability : float or array_like of float
        Probability that a synapse transmits: of its site, or, where it has several, of at least
        one of them (`burst_transmission`).
    log10 : bool, default=False
        Return the decimal logarithm of the probability.

    Returns
    -------
    float, or ndarray of float of the shape to which the arguments broadcast
        In [0, 1], or its logarithm.

    Raises
    ------
    InputError
        Where a number is out of its range, or shapes do not broadcast.

    Notes
    -----
    The lower tail of a binomial number.

    Examples
    --------
    >>> miss_under_release_failure(20, 13, [0.9, 0.5])
    array([4.15635019e-04, 8.68412018e-01])
    """
    s = integers("s", s)
    threshold = integers("threshold", threshold)
    probability = probabilities("release_probability", release_probability)
    check_shapes(s=s, threshold=threshold, release_probability=probability)
    successes = counts(s)

    def log_probability(s: FloatArray, t: FloatArray, p: FloatArray) -> FloatArray:
        return log_sum(np.where(successes < t, log_binomial(successes, s, p), -np.inf))

    return result(in_chunks(log_probability, (s, threshold, probability), successes.size), log10)


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

    Parameters
    ----------
    a, s, threshold, replaced : int or array_like of int, any shapes that broadcast
        Active cells of the pattern, synapses of the segment, how many of them activate it, and
        active cells that are replaced by others.
    release_probability : float or array_like of float
        Probability that a synapse transmits, in [0, 1].
    log10 : bool, default=False
        Return the decimal logarithm of the probability.

    Returns
    -------
    float, or ndarray of float of the shape to which the arguments broadcast
        In [0, 1], or its logarithm.

    Raises
    ------
    InputError
        Where a number is out of its range, or shapes do not broadcast.

    Notes
    -----
    A hypergeometric number of active synapses, thinned binomially.

    Examples
    --------
    >>> round(miss_under_noise_and_release_failure(40, 20, 10, 8, 0.8), 6)
    0.043372
    """
    a, s, replaced = (
        integers("a", a),
        integers("s", s),
        integers("replaced", replaced),
    )
    check_shapes(a=a, s=s, replaced=replaced)
    require(s <= a, "s must be at most a", s)
    require(replaced <= a, "replaced must be at most a", replaced)
    threshold = integers("threshold", threshold)
    probability = probabilities("release_probability", release_probability)
    check_shapes(a=a, s=s, threshold=threshold, replaced=replaced, release_probability=probability)
    hits = counts(s)
    size = hits.size - 1

    def log_probability(*columns: FloatArray) -> FloatArray:
        a, s, t, v, p = columns
        return log_sum(log_hypergeometric(hits, a, a - v, s) + log_binomial_tails(size, t, p)[0])

    arguments = (a, s, np.minimum(threshold, size + 1), replaced, probability)
    return result(in_chunks(log_probability, arguments, hits.size), log10)


def burst_transmission(release_probability: ArrayLike, chances: ArrayLike) -> float | FloatArray:
    """Return the probability of at least one release in several independent chances.

    Parameters
    ----------
    release_probability : float or array_like of float, any shape that broadcasts
        Of one site at one spike.
    chances : int or array_like of int
        Sites of the connection times spikes of the burst.

    Returns
    -------
    float, or ndarray of float of the shape to which the arguments broadcast
        ``1 - (1 - release_probability)**chances``.

    Raises
    ------
    InputError
        Where a number is out of its range, or shapes do not broadcast.

    Examples
    --------
    >>> round(burst_transmission(0.5, 3), 3)
    0.875
    """
    probability = probabilities("release_probability", release_probability)
    n_chances = integers("chances", chances)
    check_shapes(release_probability=probability, chances=n_chances)
    value = at_least_once(probability, n_chances)
    return float(value) if value.ndim == 0 else value


def synapses_needed(
    threshold: ArrayLike, release_probability: ArrayLike, max_miss: ArrayLike
) -> int | NDArray[np.int64]:
    """Return the fewest synapses that miss their pattern at most as often as `max_miss`.

    Parameters
    ----------
    threshold : int or array_like of int, any shape that broadcasts with the others
        Transmitting synapses that activate the segment.
    release_probability : float or array_like of float
        Probability that a synapse transmits, above zero.
    max_miss : float or array_like of float
        Tolerated probability of a miss, in (0, 1].

    Returns
    -------
    int, or ndarray of int of the shape to which the arguments broadcast
        The smallest `s` for which `miss_under_release_failure` is at most `max_miss`.

    Raises
    ------
    InputError
        Where a number is out of its range, shapes do not broadcast, or more than 100,000 synapses
        would be needed.

    Examples
    --------
    >>> synapses_needed(13, [0.84, 0.7, 0.5, 0.3], 0.01)
    array([20, 26, 40, 71])
    """
    threshold = integers("threshold", threshold)
    probability = probabilities("release_probability", release_probability)
    tolerated = probabilities("max_miss", max_miss)
    check_shapes(threshold=threshold, release_probability=probability, max_miss=tolerated)
    require(probability > 0, "release_probability must be above 0", probability)
    require(tolerated > 0, "max_miss must be above 0", tolerated)
    threshold, probability, tolerated = np.broadcast_arrays(threshold, probability, tolerated)

    def enough(s: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray(miss_under_release_failure(s, threshold, probability)) <= tolerated

    low, high = threshold - 1, np.maximum(threshold, 1)
    while not (found := enough(high)).all():
        low, high = np.where(found, low, high), np.where(found, high, 2 * high)
        if high.max(initial=0) > _MAX_SYNAPSES:
            raise InputError(
                f"threshold and release_probability would need more than {_MAX_SYNAPSES} synapses"
            )
    high = np.where(threshold == 0, 0, high)
    while np.any(high - low > 1):
        middle = (low + high + 1) // 2
        found = enough(np.maximum(middle, 0))
        low, high = np.where(found, low, middle), np.where(found, middle, high)
    return int(high) if high.ndim == 0 else high

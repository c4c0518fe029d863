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
from numpy.typing import ArrayLike

from htm_brian.sdr.log_probability import (
    FloatArray,
    in_chunks,
    log_binomial_tails,
    log_hypergeometric,
    log_sum,
)
from htm_brian.sdr.theory_arguments import (
    check_shapes,
    counts,
    integers,
    population,
    probabilities,
    require,
    result,
)
from htm_brian.sdr.theory_misses import (
    burst_transmission,
    miss_under_noise,
    miss_under_noise_and_release_failure,
    miss_under_release_failure,
    synapses_needed,
)
from htm_brian.sdr.theory_unions import (
    capacity,
    union_capacity,
    union_density,
    union_exact_match,
    union_false_match,
)

__all__ = [
    "burst_transmission",
    "capacity",
    "false_match",
    "false_match_under_release_failure",
    "miss_under_noise",
    "miss_under_noise_and_release_failure",
    "miss_under_release_failure",
    "subsample_match",
    "synapses_needed",
    "union_capacity",
    "union_density",
    "union_exact_match",
    "union_false_match",
]


def false_match(
    n: ArrayLike, a: ArrayLike, s: ArrayLike, threshold: ArrayLike, *, log10: bool = False
) -> float | FloatArray:
    """Return the probability that a random pattern activates a segment.

    Parameters
    ----------
    n : int or array_like of int, any shape that broadcasts with the others
        Cells of the population.
    a : int or array_like of int
        Active cells of the random pattern.
    s : int or array_like of int
        Synapses of the segment, each from another cell.
    threshold : int or array_like of int
        Active synapses that activate the segment.
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
    The upper tail of a hypergeometric number (Ahmad & Hawkins 2015).

    Examples
    --------
    >>> false_match(200_000, 2000, [10, 20], 10)
    array([9.77936337e-21, 1.64989875e-15])
    """
    n, a, s = population(n, a, s)
    threshold = integers("threshold", threshold)
    check_shapes(n=n, a=a, s=s, threshold=threshold)
    hits = counts(s)

    def log_probability(n: FloatArray, a: FloatArray, s: FloatArray, t: FloatArray) -> FloatArray:
        return log_sum(np.where(hits >= t, log_hypergeometric(hits, n, a, s), -np.inf))

    return result(in_chunks(log_probability, (n, a, s, threshold), hits.size), log10)


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

    Parameters
    ----------
    n, a, s, threshold : int or array_like of int, any shapes that broadcast
        Cells, active cells, synapses of the segment, and how many of them activate it.
    release_probability : float or array_like of float
        Probability that a spike is transmitted, in [0, 1].
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
    >>> f"{false_match_under_release_failure(2048, 40, 20, 10, 0.5):.4e}"
    '4.0866e-16'
    """
    n, a, s = population(n, a, s)
    threshold = integers("threshold", threshold)
    probability = probabilities("release_probability", release_probability)
    check_shapes(n=n, a=a, s=s, threshold=threshold, release_probability=probability)
    hits = counts(s)
    size = hits.size - 1

    def log_probability(*columns: FloatArray) -> FloatArray:
        n, a, s, t, p = columns
        return log_sum(log_hypergeometric(hits, n, a, s) + log_binomial_tails(size, t, p)[1])

    arguments = (n, a, s, np.minimum(threshold, size + 1), probability)
    return result(in_chunks(log_probability, arguments, hits.size), log10)


def subsample_match(
    a: ArrayLike, s: ArrayLike, threshold: ArrayLike, shared: ArrayLike, *, log10: bool = False
) -> float | FloatArray:
    """Return the probability that a sub-sample of one pattern matches another.

    Parameters
    ----------
    a : int or array_like of int, any shape that broadcasts with the others
        Active cells of the pattern that the segment learned.
    s : int or array_like of int
        Synapses of the segment, a random sample of those cells.
    threshold : int or array_like of int
        Active synapses that activate the segment.
    shared : int or array_like of int
        Cells that the other pattern has in common with the first.
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
    The upper tail of a hypergeometric number (Ahmad & Hawkins 2015).

    Examples
    --------
    >>> round(subsample_match(40, 20, 13, 20), 6)
    0.056417
    """
    a, shared = integers("a", a), integers("shared", shared)
    check_shapes(a=a, shared=shared)
    require(shared <= a, "shared must be at most a", shared)
    s = integers("s", s)
    check_shapes(a=a, s=s, shared=shared)
    require(s <= a, "s must be at most a", s)
    return false_match(a, shared, s, threshold, log10=log10)

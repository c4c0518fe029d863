"""Sampling of how many synapses transmit, one uniform number for each synapse and spike.

Every trial has a stream of its own, derived from the seed and the trial's number. So any split of
the trials between workers, in any order, adds up to the same counts. All transmission
probabilities, numbers of synapses and lengths of burst are read off the same trials, so that their
deviations from the closed forms go together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_integers, check_numbers
from htm_brian.errors import InputError
from htm_brian.randomness import seed_sequence

MAX_COUNTS = 100_000_000
"""Counts that are kept at one time, 800 MB."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@numba.njit(cache=True, inline="always")
def _mix(h: np.uint64) -> np.uint64:
    h = (h ^ (h >> np.uint64(30))) * _FIRST
    h = (h ^ (h >> np.uint64(27))) * _SECOND
    return h ^ (h >> np.uint64(31))


@numba.njit(cache=True)
def _count(
    key: np.uint64,
    first_trial: int,
    trials: int,
    sizes: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    spikes: int,
    counts: NDArray[np.int64],
) -> None:
    n_probabilities = probabilities.size
    hit = np.zeros((spikes, n_probabilities), dtype=np.int64)
    for trial in range(first_trial, first_trial + trials):
        state = _mix(key + _GOLDEN * np.uint64(trial + 1))
        hit[:] = 0
        size = 0
        for synapse in range(sizes[-1]):
            least = 1.0
            for spike in range(spikes):
                state += _GOLDEN
                draw = (_mix(state) >> np.uint64(11)) * 1.1102230246251565e-16
                least = min(least, draw)
                for p in range(n_probabilities):
                    hit[spike, p] += least < probabilities[p]
            if synapse + 1 == sizes[size]:
                for spike in range(spikes):
                    for p in range(n_probabilities):
                        counts[spike, size, p, hit[spike, p]] += 1
                size += 1


def transmission_counts(
    trials: int,
    sizes: Sequence[int],
    probabilities: Sequence[float],
    spikes: int = 1,
    *,
    seed: int,
    first_trial: int = 0,
) -> NDArray[np.int64]:
    """Count the trials by the number of synapses that transmit at least once.

    Parameters
    ----------
    trials : int
        Volleys to sample.
    sizes : sequence of int
        Active synapses of a segment, increasing; the smaller are parts of the larger.
    probabilities : sequence of float
        Probability that a synapse transmits a spike.
    spikes : int
        Spikes of the longest burst; all shorter ones are counted too.
    seed, first_trial : int
        Trials `first_trial` ... `first_trial` + `trials` of the experiment with this seed.

    Returns
    -------
    ndarray of int64, shape (spikes, len(sizes), len(probabilities), max(sizes) + 1)

    Examples
    --------
    >>> counts = transmission_counts(100_000, [20], [0.5], seed=42)
    >>> misses = counts[0, 0, 0, :13].sum()        # theory: 86 841
    >>> bool(abs(misses - 86_841) < 330)           # three standard errors
    True
    """
    check_integer("trials", trials, low=0)
    check_integer("spikes", spikes, low=1)
    check_integer("first_trial", first_trial, low=0)
    ordered = check_integers("sizes", sizes, low=1)
    if ordered.size == 0 or np.any(np.diff(ordered) <= 0):
        raise InputError(f"sizes must increase, got {list(sizes)}")
    chances = check_numbers("probabilities", probabilities, low=0, high=1)
    if spikes * ordered.size * chances.size * (int(ordered[-1]) + 1) > MAX_COUNTS:
        raise InputError(
            f"sizes, probabilities and spikes must make at most {MAX_COUNTS} counts, got sizes up "
            f"to {ordered[-1]}, {chances.size} probabilities and {spikes} spikes"
        )
    key = seed_sequence(seed, "transmission").generate_state(1, np.uint64)[0]
    counts = np.zeros((spikes, ordered.size, chances.size, int(ordered[-1]) + 1), dtype=np.int64)
    _count(key, first_trial, trials, ordered, chances, spikes, counts)
    return counts

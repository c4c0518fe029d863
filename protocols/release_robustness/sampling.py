"""Detection in the closed form and by sampling every synapse."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from htm_brian.sdr import theory
from htm_brian.synapses.release.sampling import transmission_counts

if TYPE_CHECKING:
    from htm_brian.protocols.release_robustness import ReleaseRobustnessParameters


PROBABILITIES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.84, 0.95)
SIZES = (20, 26, 40, 71)
THRESHOLDS = (8, 10, 13, 14, 16, 20)
THRESHOLD = 13
"""At which synapses buy misses back, and curves are drawn."""
SPIKES = (1, 2, 3)


def detection(
    p: NDArray[np.float64] | float, size: int, threshold: int, spikes: int
) -> NDArray[np.float64]:
    """Return the probability that enough synapses transmit at least one spike of a burst."""
    transmission = theory.burst_transmission(p, spikes)
    return 1.0 - np.asarray(theory.miss_under_release_failure(size, threshold, transmission))


def closed_form() -> xr.Dataset:
    """Return detection and chance matches by the closed forms."""
    p, s, t, k = np.meshgrid(PROBABILITIES, SIZES, THRESHOLDS, SPIKES, indexing="ij")
    transmission = theory.burst_transmission(p, k)
    misses = theory.miss_under_release_failure(s, t, transmission)
    chance = [theory.false_match(65_536, 1280, size, THRESHOLD) for size in SIZES]
    return xr.Dataset(
        {
            "theory": (("p", "size", "threshold", "spikes"), 1.0 - np.asarray(misses)),
            "false_match": (("size",), np.array(chance)),
        },
        coords={
            "p": list(PROBABILITIES),
            "size": list(SIZES),
            "threshold": list(THRESHOLDS),
            "spikes": list(SPIKES),
        },
    )


def sampled(parameters: ReleaseRobustnessParameters) -> xr.Dataset:
    """Sample all synapses of all trials; measure the speed on one threshold and one size."""
    transmission_counts(10, SIZES, PROBABILITIES, 3, seed=0)  # compiled before it is timed
    start = time.process_time()
    transmission_counts(parameters.speed_trials, [20], [0.5], seed=parameters.seed)
    speed = parameters.speed_trials / (time.process_time() - start)
    counts = transmission_counts(
        parameters.trials, SIZES, PROBABILITIES, max(SPIKES), seed=parameters.seed
    )
    detected = np.stack([counts[..., t:].sum(axis=-1) for t in THRESHOLDS], axis=-1)
    return xr.Dataset(
        {
            "sampled": (("spikes", "size", "p", "threshold"), detected / parameters.trials),
            "sampled_trials": ((), parameters.trials),
            "speed": ((), speed, {"units": "trials/s of CPU"}),
        }
    )


def deviations(dataset: xr.Dataset) -> xr.DataArray:
    """Return sampled less exact detection in standard errors, by the exact binomial tails.

    Where hardly any trial, or nearly all, detect, a standard error says little: there the tail of
    the binomial distribution is turned into the deviation of a normal one with the same tail.
    """
    trials = int(dataset.sampled_trials)
    exact = dataset.theory.transpose("spikes", "size", "p", "threshold")
    hits = np.rint(dataset.sampled.transpose(*exact.dims) * trials).astype(int)
    below = stats.binom.cdf(hits, trials, exact)
    above = stats.binom.sf(hits - 1, trials, exact)
    tail = np.minimum(np.minimum(below, above), 0.5)
    return exact.copy(data=np.abs(stats.norm.isf(np.clip(tail, 1e-300, None))))

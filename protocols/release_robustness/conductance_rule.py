"""What the sum of NMDA conductances alone makes of volleys, by sampled times and releases."""

from __future__ import annotations

import numpy as np
import xarray as xr
from brian2 import Quantity
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from htm_brian.parameters import Model
from htm_brian.protocols.release_robustness.stimulus import AFTER, Condition
from htm_brian.randomness import stream

RULE_STEP = 0.5e-3
"""Seconds."""


def conductance_rule(
    model: Model,
    given: tuple[Condition, ...],
    thresholds: NDArray[np.int64],
    probabilities: tuple[float, ...],
    sizes: tuple[int, ...],
    trials: int,
    interval: Quantity,
    seed: int,
) -> xr.Dataset:
    """Sample times and releases only: what the sum of the NMDA conductances makes of them.

    There is a spike if the sum, without magnesium block, at any moment exceeds that of half a
    synapse less than the threshold at one moment. What it leaves out are AMPA receptors, and that
    a branch takes time to charge. Arguments as of `detect`; the thresholds are those measured.
    """
    rng = stream(seed, "conductance rule")
    longest = max(max(c.spikes) for c in given)
    found = np.full((len(given), longest, len(probabilities), len(sizes)), np.nan)
    for k, condition in enumerate(given):
        kernel = _time_course(model, condition)
        for n in condition.spikes:
            for index in np.ndindex(len(probabilities), len(sizes)):
                p, size = probabilities[index[0]], sizes[index[1]]
                released = rng.random((trials, size, n)) < p
                weight = _unbound(model, condition, released, interval)
                spread = rng.standard_normal((trials, size, 1)) * float(condition.jitter)
                spread = np.clip(spread, -4 * float(condition.jitter), 4 * float(condition.jitter))
                times = spread + np.arange(n) * float(interval) + 4 * float(condition.jitter)
                peak = _peak(times, weight, kernel)
                found[k, n - 1, *index] = np.mean(peak > thresholds[k] - 0.5)
    return xr.Dataset({"conductance_rule": (("condition", "spikes", "p", "size"), found)})


def _time_course(model: Model, condition: Condition) -> NDArray[np.float64]:
    """Return one synapse's NMDA conductance from its release on, relative to its peak."""
    rise, decay = (float(model["nmda"][f"{end}_time_constant"]) for end in ("rise", "decay"))
    longest = 8 * float(condition.jitter) + float(AFTER)
    t = np.arange(0, longest, RULE_STEP)
    course = np.exp(-t / decay) - np.exp(-t / rise)
    return np.asarray(course / course.max())


def _unbound(
    model: Model, condition: Condition, released: NDArray[np.bool_], interval: Quantity
) -> NDArray[np.float64]:
    """Return what each spike adds: the share of its synapse's receptors that is still free."""
    kept = float(np.exp(-interval / model["nmda"]["decay_time_constant"]))
    bound = np.zeros(released.shape[:2])
    added = np.zeros(released.shape)
    for spike_number in range(released.shape[2]):
        added[..., spike_number] = released[..., spike_number] * (1 - bound)
        bound = kept * (bound + condition.occupancy * added[..., spike_number])
    return added


def _peak(
    times: NDArray[np.float64], weight: NDArray[np.float64], kernel: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the largest sum of time courses, for each trial."""
    trials = len(times)
    bins = np.round(np.broadcast_to(times, weight.shape) / RULE_STEP).astype(np.int64)
    length = int(bins.max()) + len(kernel)
    flat = bins + np.arange(trials)[:, None, None] * length
    counts = np.bincount(flat.ravel(), weight.ravel(), trials * length).reshape(trials, length)
    return np.asarray(fftconvolve(counts, kernel[None], axes=1)[:, :length].max(axis=1))

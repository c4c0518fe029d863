"""Signals read back from an ensemble's events, by linear regression on bins of time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.electrophysiology.ensembles import Spikes
from htm_brian.sdr.cell_bursts import Events

BIN = 0.02
"""Seconds; of the time courses of rate and burst fraction."""

LAGS = 5
"""Bins, from that of the signal on, that a decoder reads."""

SIZES = (50, 100, 200, 400, 800)
WINDOW = 0.1
"""Seconds over which an ensemble's burst fraction is estimated."""


def time_courses(
    spikes: Spikes, events: Events, start: float, n_bins: int, n_cells: int
) -> dict[str, NDArray[np.float64]]:
    """Return event rate, burst fraction and firing rate of each bin from `start` (seconds) on."""
    edges = start + BIN * np.arange(n_bins + 1)
    n_events = np.histogram(events.starts, edges)[0]
    n_bursts = np.histogram(events.starts[events.bursts], edges)[0]
    n_spikes = np.histogram(spikes.times, edges)[0]
    return {
        "event_rate_course": n_events / (n_cells * BIN),
        "burst_fraction_course": n_bursts / np.maximum(n_events, 1),
        "firing_rate_course": n_spikes / (n_cells * BIN),
    }


def decode(features: NDArray[np.float64], inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read the inputs from features by linear regression on a bin and those that follow it.

    The weights are fitted to the first half. What is returned of the second was not seen.
    """
    n = inputs.shape[1]
    padded = np.pad(features, ((0, 0), (0, LAGS - 1)), mode="edge")
    columns = [row[lag : lag + n] for row in padded for lag in range(LAGS)]
    design = np.column_stack([np.ones(n), *columns])
    weights = np.linalg.lstsq(design[: n // 2], inputs[:, : n // 2].T, rcond=None)[0]
    return np.asarray((design @ weights).T)


def explained(decoded: NDArray[np.float64], inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of each input's variance in the second half that a decoder explains."""
    late = slice(inputs.shape[1] // 2, None)
    truth = inputs[:, late]
    error = ((decoded[..., late] - truth) ** 2).mean(axis=-1)
    return np.asarray(1 - error / truth.var(axis=-1))


def burst_fraction_scatter(
    events: Events, start: float, duration: float, n_cells: int
) -> NDArray[np.float64]:
    """Return the SD of the burst fraction between ensembles of each size in `SIZES`.

    The cells are cut into as many ensembles as there are; all see the same signals, so that in a
    window they differ by chance alone. The variance is averaged over windows.
    """
    n_windows = int(duration / WINDOW)
    window = ((events.starts - start) / WINDOW).astype(int)
    found = []
    for size in SIZES:
        n_groups = n_cells // size
        group = events.cells // size
        used = (group < n_groups) & (window < n_windows)
        place = group[used] * n_windows + window[used]
        length = n_groups * n_windows
        n_events = np.bincount(place, minlength=length)
        n_bursts = np.bincount(place, weights=events.bursts[used], minlength=length)
        share = np.where(n_events > 0, n_bursts / np.maximum(n_events, 1), np.nan)
        variance = np.nanvar(share.reshape(n_groups, n_windows), axis=0, ddof=1)
        found.append(np.sqrt(np.nanmean(variance)))
    return np.array(found)


def scatter_slope(sizes: ArrayLike, scatter: ArrayLike) -> float:
    """Return the exponent with which the scatter of the burst fraction falls with the size."""
    return float(np.polyfit(np.log(sizes), np.log(scatter), 1)[0])

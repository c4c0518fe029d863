"""Measurement of where weights settle, beside means and expectiles of what they learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import expectile

from htm_brian.abstract.real_valued_layer import RealValuedLayer
from htm_brian.experiment.progress import Progress
from htm_brian.protocols.real_valued_layer.stimulus import (
    DISTRIBUTIONS,
    INPUTS_PER_DISTRIBUTION,
    STRETCH,
    stream_of_numbers,
)

if TYPE_CHECKING:
    from htm_brian.protocols.real_valued_layer import RealValuedLayerParameters


def settle(parameters: RealValuedLayerParameters, progress: Progress) -> xr.Dataset:
    """Let a neuron learn from all of the streams, once for each share of growth."""
    stream = stream_of_numbers(parameters)
    stretches = stream.reshape(-1, STRETCH, stream.shape[1])
    half = len(stretches) // 2
    shares = np.array(parameters.growth_shares)
    path = np.full((shares.size, len(stretches), stream.shape[1]), np.nan)
    wanted = np.full((shares.size, stream.shape[1]), np.nan)
    worst = np.nan
    progress.begin("weights settling", shares.size)
    for place, share in enumerate(shares):
        growth, decay = 2 * parameters.stream_rate * np.array([share, 1 - share])
        layer = RealValuedLayer(stream.shape[1], 1, 1, growth, decay, seed=parameters.seed)
        start = layer.weights[0].copy()
        for number, stretch in enumerate(stretches):
            layer.compute(stretch)
            path[place, number] = layer.weights[0]
        wanted[place] = [expectile(values, alpha=share) for values in stream[half * STRETCH :].T]
        if share == 0.5:
            mean = _running_mean(stream, growth, start)[STRETCH - 1 :: STRETCH]
            worst = np.abs(path[place] - mean).max()
        progress.advance()
        if progress.interrupted:
            break
    return xr.Dataset(
        {
            "path": (("growth_share", "element", "input"), path),
            "weight": (("growth_share", "input"), path[:, half:].mean(axis=1)),
            "expectile": (("growth_share", "input"), wanted),
            "running_mean_error": worst,
        },
        coords={
            "growth_share": shares,
            "element": STRETCH * np.arange(1, len(stretches) + 1),
            "distribution": ("input", np.repeat(DISTRIBUTIONS, INPUTS_PER_DISTRIBUTION)),
        },
    )


def _running_mean(
    stream: NDArray[np.float64], rate: float, start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the exponential running mean of the stream, by SciPy's recursive filter."""
    state = (1 - rate) * start[np.newaxis]
    mean: NDArray[np.float64] = lfilter([rate], [1, rate - 1], stream, axis=0, zi=state)[0]
    return mean

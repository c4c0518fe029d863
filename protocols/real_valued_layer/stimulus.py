"""Streams of numbers with known distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from htm_brian.protocols.real_valued_layer import RealValuedLayerParameters

DISTRIBUTIONS = ("uniform", "beta(2, 5)", "beta(0.5, 0.5)", "zero or one, 20 % ones")
INPUTS_PER_DISTRIBUTION = 8
STRETCH = 20
"""Elements of the stream between two records of the weights."""


def stream_of_numbers(parameters: RealValuedLayerParameters) -> NDArray[np.float64]:
    """Draw independent inputs, some from each of the distributions."""
    rng = np.random.default_rng(parameters.seed)
    length = parameters.stream_length // STRETCH * STRETCH
    shape = (length, INPUTS_PER_DISTRIBUTION)
    streams = [rng.random(shape), rng.beta(2, 5, shape), rng.beta(0.5, 0.5, shape)]
    return np.concatenate([*streams, (rng.random(shape) < 0.2).astype(float)], axis=1)

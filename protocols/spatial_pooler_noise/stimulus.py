"""Random inputs of different density."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from htm_brian.sdr.sdr import SDR

if TYPE_CHECKING:
    from htm_brian.protocols.spatial_pooler_noise import SpatialPoolerNoiseParameters


def draw_inputs(
    parameters: SpatialPoolerNoiseParameters, rng: np.random.Generator
) -> Iterator[SDR]:
    """Yield the inputs; each has a share of bits on that is drawn evenly between the densities."""
    lowest, highest = parameters.lowest_input_density, parameters.highest_input_density
    for share in rng.uniform(lowest, highest, parameters.inputs):
        n_active = round(share * parameters.input_size)
        yield SDR.random(parameters.input_size, n_active, int(rng.integers(2**62)))

"""Robustness, density and likeness of codes before, during and after learning."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.permanence import IncidenceRate, UpDown
from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.experiment.progress import Progress
from htm_brian.protocols.spatial_pooler_noise.stimulus import draw_inputs
from htm_brian.sdr.sdr import SDR

if TYPE_CHECKING:
    from htm_brian.protocols.spatial_pooler_noise import SpatialPoolerNoiseParameters

# The paper's own parameters with boosting; the others change what their names say.
PUBLISHED: dict[str, Any] = {
    "potential_fraction": 1.0,
    "permanence_rule": UpDown(increment=0.1, decrement=0.02),
    "boost_strength": 100.0,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "published": PUBLISHED,
    "without boosting": {**PUBLISHED, "boost_strength": 0.0},
    "incidence rate": {**PUBLISHED, "permanence_rule": IncidenceRate(20.0, 0.3)},
    "local inhibition": {**PUBLISHED, "inhibition_radius": 100, "potential_radius": 250},
}
NOISE = np.linspace(0, 1, 11)


def measure(
    parameters: SpatialPoolerNoiseParameters, variant: str, seed: int, progress: Progress
) -> xr.Dataset:
    """Train one pooler, and measure it after the epochs that are asked for."""
    rng = np.random.default_rng([parameters.seed, seed])
    inputs = list(draw_inputs(parameters, rng))
    pooler = SpatialPooler(
        parameters.input_size,
        parameters.columns,
        density=parameters.density,
        seed=parameters.seed + seed,
        **VARIANTS[variant],
    )
    kept = np.full((len(parameters.epochs), NOISE.size), np.nan)
    likeness = np.full(len(parameters.epochs), np.nan)
    density = np.full(parameters.epochs[-1] * len(inputs), np.nan)
    for epoch in range(parameters.epochs[-1] + 1):
        if epoch in parameters.epochs:
            place = parameters.epochs.index(epoch)
            kept[place], likeness[place] = _robustness(pooler, inputs)
        if epoch == parameters.epochs[-1] or progress.interrupted:
            break
        for number, which in enumerate(rng.permutation(len(inputs))):
            density[epoch * len(inputs) + number] = pooler.compute(inputs[which]).sparsity
        progress.advance()
    one = ("variant", "seed")
    return xr.Dataset(
        {
            "kept": ((*one, "epoch", "noise"), kept[np.newaxis, np.newaxis]),
            "likeness": ((*one, "epoch"), likeness[np.newaxis, np.newaxis]),
            "density": ((*one, "step"), density[np.newaxis, np.newaxis]),
            "entropy": (one, [[_entropy(pooler)]]),
        },
        coords={
            "variant": [variant],
            "seed": [seed],
            "epoch": list(parameters.epochs),
            "noise": NOISE,
        },
    )


def _robustness(pooler: SpatialPooler, inputs: list[SDR]) -> tuple[NDArray[np.float64], float]:
    """Return the share of winners kept at each level of noise, and that of other inputs' codes."""
    codes = [pooler.compute(sdr, learn=False) for sdr in inputs]
    kept = np.zeros((len(inputs), NOISE.size))
    for number, (sdr, code) in enumerate(zip(inputs, codes, strict=True)):
        for level, noise in enumerate(NOISE):
            noisy = pooler.compute(sdr.add_noise(noise, seed=number), learn=False)
            kept[number, level] = code.overlap(noisy) / max(len(code), 1)
    shared = [a.overlap(b) / max(len(a), 1) for a, b in combinations(codes, 2)]
    return kept.mean(axis=0), float(np.mean(shared))


def _entropy(pooler: SpatialPooler) -> float:
    """Return the entropy of the columns' duty cycles, as a share of that of equal ones."""

    def entropy(share: NDArray[np.float64]) -> float:
        share = share.clip(1e-12, 1 - 1e-12)
        return float(-(share * np.log2(share) + (1 - share) * np.log2(1 - share)).mean())

    return entropy(pooler.active_duty_cycle) / entropy(np.array([pooler.density]))

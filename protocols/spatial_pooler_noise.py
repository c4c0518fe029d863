"""A spatial pooler learns codes that noise hardly changes, at a fixed share of winning columns.

Stimulus: random inputs of different density, shown over and over in random order. Measurement:
before, during and after learning, the share of winners that stay when a share of the input's
on-bits moves elsewhere; the likeness of the codes of different inputs, as a control (a pooler with
one code for everything would be proof against any noise); the share of winners at every step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.permanence import IncidenceRate, UpDown
from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.sdr.sdr import SDR

PAPER = "Cui, Ahmad and Hawkins 2017, Front. Comput. Neurosci. 11:111"
OURS = "htm_brian's target"

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


@dataclass(frozen=True)
class SpatialPoolerNoiseParameters:
    """What a run of `SpatialPoolerNoise` depends on; sizes are those of the paper."""

    input_size: int = 1024
    columns: int = 1024
    density: float = 0.02
    inputs: int = 100
    lowest_input_density: float = 0.02
    highest_input_density: float = 0.2
    epochs: tuple[int, ...] = (0, 5, 10, 20, 40)
    seeds: int = 3
    seed: int = 42

    def __post_init__(self) -> None:
        for name, low in (("input_size", 50), ("columns", 50), ("inputs", 2), ("seeds", 1)):
            check_integer(name, getattr(self, name), low=low)
        check_number("density", self.density, low=1 / self.columns, high=0.5)
        check_number("highest_input_density", self.highest_input_density, low=0.01, high=0.5)
        check_number(
            "lowest_input_density",
            self.lowest_input_density,
            low=1 / self.input_size,
            high=self.highest_input_density,
        )
        if list(self.epochs) != sorted(set(self.epochs)) or self.epochs[0] != 0:
            raise InputError(f"epochs must rise from 0, got {self.epochs}")


class SpatialPoolerNoise(Protocol):
    """Robustness to noise, before and after learning, and the density of winners."""

    name = "spatial_pooler_noise"
    claim = (
        "learning makes a spatial pooler's codes robust to noise, at a fixed share of winners "
        "whatever the density of the input"
    )
    source = PAPER
    parameters = SpatialPoolerNoiseParameters()

    def run(self, progress: Progress) -> Outcome:
        """Train and measure every variant on every seed."""
        parameters = self.parameters
        runs = [(variant, seed) for seed in range(parameters.seeds) for variant in VARIANTS]
        progress.begin("epochs of learning", len(runs) * parameters.epochs[-1])
        found = []
        for variant, seed in runs:
            found.append(_measure(parameters, variant, seed, progress))
            if progress.interrupted:
                break
        dataset = xr.combine_by_coords(found, combine_attrs="drop_conflicts")
        assert isinstance(dataset, xr.Dataset)
        dataset.attrs["density"] = parameters.density
        if progress.interrupted:
            return Outcome(dataset, [], partial=True)
        return Outcome(dataset, checks(dataset), metrics=metrics(dataset))


def _measure(
    parameters: SpatialPoolerNoiseParameters, variant: str, seed: int, progress: Progress
) -> xr.Dataset:
    """Train one pooler, and measure it after the epochs that are asked for."""
    rng = np.random.default_rng([parameters.seed, seed])
    inputs = list(_draw_inputs(parameters, rng))
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


def _draw_inputs(
    parameters: SpatialPoolerNoiseParameters, rng: np.random.Generator
) -> Iterator[SDR]:
    lowest, highest = parameters.lowest_input_density, parameters.highest_input_density
    for share in rng.uniform(lowest, highest, parameters.inputs):
        n_active = round(share * parameters.input_size)
        yield SDR.random(parameters.input_size, n_active, int(rng.integers(2**62)))


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


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold density, robustness and the likeness of codes against their targets."""
    target = dataset.attrs["density"]
    away = np.abs(dataset.density.mean(("seed", "step")) - target)
    published = dataset.sel(variant="published").mean("seed")
    before, after = published.isel(epoch=0), published.isel(epoch=-1)
    gain = after.kept.mean("noise") - before.kept.mean("noise")
    kept = after.kept.sel(noise=0.3, method="nearest")
    return [
        *(
            Check(
                f"density less target, {name}",
                float(away.sel(variant=name)),
                "1",
                None,
                0.001,
                OURS,
            )
            for name in VARIANTS
        ),
        Check("robustness gained by learning", float(gain), "1", 0.1, None, f"{PAPER}: it grows"),
        Check("winners kept at 30 % noise after learning", float(kept), "1", 0.9, None, OURS),
        Check("likeness of other inputs' codes", float(after.likeness), "1", None, 0.05, OURS),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return, for each variant, robustness before and after learning, and how evenly it works."""
    found = {}
    for name in VARIANTS:
        variant = dataset.sel(variant=name).mean("seed")
        curve = variant.kept.mean("noise")
        found[f"robustness before learning, {name}"] = float(curve[0])
        found[f"robustness after learning, {name}"] = float(curve[-1])
        found[f"likeness of other inputs' codes, {name}"] = float(variant.likeness[-1])
        found[f"entropy of duty cycles, share of the highest, {name}"] = float(variant.entropy)
    return found

"""A spatial pooler learns codes that noise hardly changes, at a fixed share of winning columns.

Stimulus: random inputs of different density, shown over and over in random order. Measurement:
before, during and after learning, the share of winners that stay when a share of the input's
on-bits moves elsewhere; the likeness of the codes of different inputs, as a control (a pooler with
one code for everything would be proof against any noise); the share of winners at every step.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.protocols.spatial_pooler_noise.checks import PAPER, checks, metrics
from htm_brian.protocols.spatial_pooler_noise.measurement import VARIANTS, measure


@dataclass(frozen=True)
class SpatialPoolerNoiseParameters:
    """What a run of `SpatialPoolerNoise` depends on; sizes are those of the paper.

    Parameters
    ----------
    input_size, columns : int
        Bits of the input, and columns.
    density : float
        Share of the columns that win.
    inputs : int
        Random inputs that are learned.
    lowest_input_density, highest_input_density : float
        Shares of their bits that are on.
    epochs : tuple of int
        Passes after which robustness is measured, rising from 0.
    seeds : int
        Poolers.
    seed : int
        Of all that is left to chance.
    """

    input_size: int = 1024
    columns: int = 1024
    density: float = 0.02
    inputs: int = 100
    lowest_input_density: float = 0.02
    highest_input_density: float = 0.2
    epochs: tuple[int, ...] = (0, 5, 10, 20, 40)
    seeds: int = 10
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
        check_integer("seed", self.seed, low=0)
        for epoch in self.epochs:
            check_integer("epochs", epoch, low=0)
        if list(self.epochs) != sorted({0, *self.epochs}):
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
            found.append(measure(parameters, variant, seed, progress))
            if progress.interrupted:
                break
        dataset = xr.combine_by_coords(found, combine_attrs="drop_conflicts")
        assert isinstance(dataset, xr.Dataset)
        dataset.attrs["density"] = parameters.density
        if progress.interrupted:
            return Outcome(dataset, [], partial=True)
        return Outcome(dataset, checks(dataset), metrics=metrics(dataset))

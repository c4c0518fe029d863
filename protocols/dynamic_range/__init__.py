"""Unreliable synapses widen the range of input rates that the size of an SDR can tell apart.

Stimulus: populations of layer-5 cells of level 1, each cell with axons of its own choice that fire
as Poisson processes for the length of a volley, at rates from too low to too high to fire the cell.
Measurement: the share of cells that fire, that is the size of the SDR, against the rate, and from
it the range of rates over which it grows from 10 to 90 %. Control: the same cells and the same
input through synapses that always transmit the mean.

A cell fires when the transmitted spikes of a volley exceed a threshold. Their number has the
variance-to-mean ratio 1 + CV², where CV is the coefficient of variation of one synapse: a spike
more or less, and beside it a quantum more or less. So the range is wider by the square root of
1 + CV², with CV² = (1 - p) / (N p) for N sites that release with probability p.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from brian2 import Hz, Quantity, ms, second
from brian2.units.fundamentalunits import have_same_dimensions
from numpy.typing import NDArray

from htm_brian.arguments import check_integer
from htm_brian.cells.pyramidal import require_level_1
from htm_brian.engine.compiling import uncompiled
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, expected
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.parameters import load_model
from htm_brian.protocols.dynamic_range.checks import REVIEW, THREAD, checks, metrics
from htm_brian.protocols.dynamic_range.measurement import to_dataset, volleys


@dataclass(frozen=True)
class DynamicRangeParameters:
    """What a run of `DynamicRange` depends on.

    Parameters
    ----------
    model : str
        The cell.
    lowest_rate, highest_rate, n_rates : Quantity, int
        Rates of one axon, evenly spaced.
    axons, axons_per_cell : int
        Axons for each rate, and how many of them a cell listens to.
    cells, trials : int
        Cells for each rate, and volleys that they get.
    volley : Quantity
        For which the axons fire.
    duration, time_step : Quantity
        From one volley to the next, and of the integration.
    seed : int
        Of all that is left to chance.
    """

    model: str = "l5_reduced"
    lowest_rate: Quantity = quantity(30 * Hz)
    highest_rate: Quantity = quantity(100 * Hz)
    n_rates: int = 29
    axons: int = 2000
    axons_per_cell: int = 200
    cells: int = 150
    trials: int = 4
    volley: Quantity = quantity(10 * ms)
    duration: Quantity = quantity(40 * ms)
    time_step: Quantity = quantity(0.25 * ms)
    seed: int = 42

    def __post_init__(self) -> None:
        for name in ("lowest_rate", "highest_rate"):
            if not have_same_dimensions(getattr(self, name), Hz):
                raise InputError(f"{name} must have a unit like Hz, got {getattr(self, name)}")
        for name in ("volley", "duration", "time_step"):
            value = getattr(self, name)
            if not have_same_dimensions(value, second) or not value > 0 * second:
                raise InputError(f"{name} must be a positive time, got {value}")
        if not 0 * Hz <= self.lowest_rate < self.highest_rate:
            raise InputError(
                f"highest_rate must exceed lowest_rate, {self.lowest_rate}, got {self.highest_rate}"
            )
        check_integer("n_rates", self.n_rates, low=5)
        check_integer("axons", self.axons, low=1)
        check_integer("axons_per_cell", self.axons_per_cell, low=1, high=self.axons)
        check_integer("cells", self.cells, low=2)
        check_integer("trials", self.trials, low=1)
        check_integer("seed", self.seed, low=0)

    @property
    def rates(self) -> NDArray[np.float64]:
        """Spikes a second of one axon."""
        return np.linspace(float(self.lowest_rate), float(self.highest_rate), self.n_rates)


class DynamicRange(Protocol):
    """Size of an SDR against the rate of its input, by kind of synapse."""

    name = "dynamic_range"
    claim = (
        "the size of an SDR follows the rate of its input over a wider range with stochastic "
        "synapses than with deterministic ones of the same mean"
    )
    source = f"{THREAD}; {REVIEW}: synaptic noise can widen the dynamic range of transmission"
    parameters = DynamicRangeParameters()

    def __init__(self, parameters: DynamicRangeParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = require_level_1(load_model(self.parameters.model))

    def run(self, progress: Progress) -> Outcome:
        """Send volleys of every rate through every kind of synapse."""
        parameters, model = self.parameters, self._model
        with uncompiled(), expected([ORDER_OF_EXECUTION]):
            fired = volleys(model, parameters, progress)
        if progress.interrupted:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=model.rows())
        dataset = to_dataset(parameters, fired)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=model.rows())

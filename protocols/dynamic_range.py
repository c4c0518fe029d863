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
from typing import Any, NamedTuple

import brian2
import numpy as np
import xarray as xr
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    Quantity,
    SpikeMonitor,
    ms,
    second,
)
from brian2.units.fundamentalunits import have_same_dimensions
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.special import ndtr
from scipy.stats import norm

from htm_brian.arguments import check_integer
from htm_brian.cells.pyramidal import PyramidalCells, require_level_1
from htm_brian.engine.compiling import uncompiled
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, expected
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.parameters import Model, load_model
from htm_brian.sdr.mapping import spikes_to_sdr
from htm_brian.synapses.release.stochastic import ReleaseSynapses

THREAD = "discussion: Why don't HTM neuron synapses model long term potentiation and depression?"
REVIEW = "Rusakov, Savtchenko & Latham 2020, Trends Neurosci (PMC7902755)"
WIDER = f"{THREAD}: stochastic release increases the dynamic range; htm_brian's target: 20 %"
CLOSED_FORM = "closed form: square root of 1 + CV² of the synapse"
DETERMINISTIC = "deterministic"


class Synapse(NamedTuple):
    """A kind of synapse: release sites, and the probability that one of them releases."""

    name: str
    sites: int
    release_probability: float

    @property
    def widening(self) -> float:
        """What the range should be, in units of the deterministic synapse's."""
        variance = (1 - self.release_probability) / (self.sites * self.release_probability)
        return float(np.sqrt(1 + variance))


SYNAPSES = (
    Synapse(DETERMINISTIC, 1, 1.0),
    Synapse("1 site, p = 0.7", 1, 0.7),
    Synapse("1 site, p = 0.5", 1, 0.5),
    Synapse("1 site, p = 0.3", 1, 0.3),
    Synapse("5 sites, p = 0.37", 5, 0.37),
)
"""p = 0.5 is what about half of all spikes releasing nothing means (the review); 0.7 with one site
is the mean of BioNumbers 111652 (Harris et al. 2012), and five sites with 0.37 the default of the
networks of this package (models/minicolumns.toml)."""

TYPICAL = "1 site, p = 0.5"
RESAMPLES = 200


@dataclass(frozen=True)
class DynamicRangeParameters:
    """What a run of `DynamicRange` depends on."""

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
            if not have_same_dimensions(value, second) or value <= 0 * second:
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


def volleys(
    model: Model, parameters: DynamicRangeParameters, progress: Progress
) -> NDArray[np.bool_]:
    """Return who fired, by trial, kind of synapse, rate and cell."""
    shape = (len(SYNAPSES), parameters.n_rates, parameters.cells)
    cells = PyramidalCells(int(np.prod(shape)), model, dt=parameters.time_step)
    axons = NeuronGroup(
        parameters.n_rates * parameters.axons,
        "rate : Hz (constant)\nvolley_end : second (shared)",
        threshold="rand() < rate*dt*int(t < volley_end)",
        dt=parameters.time_step,
    )
    axons.rate = np.repeat(parameters.rates, parameters.axons) * Hz
    brian2.seed(parameters.seed)
    synapses = connect(model, parameters, axons, cells)
    spikes = SpikeMonitor(cells)
    network = Network(axons, cells, synapses, spikes)
    fired = np.zeros((parameters.trials, *shape), dtype=np.bool_)
    progress.begin("volleys", parameters.trials)
    for trial in fired:
        start = network.t
        axons.volley_end = start + parameters.volley
        network.run(parameters.duration)
        sdr = spikes_to_sdr(
            spikes.i[:], spikes.t[:] / second, len(cells), start / second, network.t / second
        )
        trial.flat[sdr.sparse] = True
        cells.to_rest()
        progress.advance()
        if progress.interrupted:
            break
    return fired


def connect(
    model: Model, parameters: DynamicRangeParameters, axons: NeuronGroup, cells: PyramidalCells
) -> list[ReleaseSynapses]:
    """Give every cell axons of its own choice; the same ones to a cell of each kind of synapse.

    A volley of one spike in each axon has the mean conductance that the model file gives a volley.
    """
    rng = np.random.default_rng(parameters.seed)
    n_cells = parameters.n_rates * parameters.cells
    rate = np.repeat(np.arange(parameters.n_rates), parameters.cells)
    chosen = np.array([
        rng.choice(parameters.axons, parameters.axons_per_cell, replace=False)
        for _ in range(n_cells)
    ])  # fmt: skip
    source = (chosen + parameters.axons * rate[:, None]).ravel()
    target = np.repeat(np.arange(n_cells), parameters.axons_per_cell)
    mean = model["feedforward"]["volley_conductance"] / parameters.axons_per_cell
    release = load_model("memoryless_release")
    made = []
    for place, kind in enumerate(SYNAPSES):
        synapses = ReleaseSynapses(
            axons,
            cells,
            release.with_values(
                {
                    "release.sites": kind.sites,
                    "release.release_probability": kind.release_probability,
                }
            ),
            on_release="feedforward_conductance_post += quantum*quanta",
            namespace={"quantum": mean / (kind.sites * kind.release_probability)},
            seed=parameters.seed,
            stream=kind.name,
        )
        synapses.connect(i=source, j=target + place * n_cells)
        made.append(synapses)
    return made


def growth(rates: NDArray[np.float64], share: NDArray[np.float64]) -> tuple[float, float]:
    """Return middle and width of the cumulative Gaussian that fits shares of cells best."""
    if np.count_nonzero((share > 0) & (share < 1)) < 3:
        return np.nan, np.nan  # too few to tell the width
    start = [np.interp(0.5, np.maximum.accumulate(share), rates), np.log(0.1 * np.ptp(rates))]

    def error(values: NDArray[np.float64]) -> NDArray[np.float64]:
        fitted: NDArray[np.float64] = ndtr((rates - values[0]) / np.exp(values[1])) - share
        return fitted

    found = least_squares(error, start, method="lm", max_nfev=50)
    return (float(found.x[0]), float(np.exp(found.x[1]))) if found.success else (np.nan, np.nan)


def interval(values: NDArray[np.float64]) -> list[float]:
    """Return the ends of the 95 % interval of resampled values; NaN if there are none."""
    finite = values[np.isfinite(values)]
    return [np.nan, np.nan] if finite.size == 0 else np.quantile(finite, [0.025, 0.975]).tolist()


def to_dataset(parameters: DynamicRangeParameters, fired: NDArray[np.bool_]) -> xr.Dataset:
    """Fit the curves, and those of cells drawn again and again (bootstrap)."""
    rates, n_range = parameters.rates, 2 * norm.ppf(0.9)
    share = fired.mean(axis=(0, 3))
    fits = np.array([growth(rates, row) for row in share])
    rng = np.random.default_rng([parameters.seed, 1])
    ratios = np.full((RESAMPLES, len(SYNAPSES)), np.nan)
    for row in ratios:
        drawn = rng.integers(0, parameters.cells, (parameters.n_rates, parameters.cells))
        again = np.take_along_axis(fired.mean(axis=0), drawn[None], axis=2).mean(axis=2)
        widths = np.array([growth(rates, one)[1] for one in again])
        row[:] = widths / widths[0]
    low, high = zip(*(interval(column) for column in ratios.T), strict=True)
    kinds = ("synapse",)
    return xr.Dataset(
        {
            "share": (("synapse", "rate"), share, {"units": "1"}),
            "middle": (kinds, fits[:, 0], {"units": "Hz"}),
            "range": (kinds, n_range * fits[:, 1], {"units": "Hz"}),
            "ratio": (kinds, fits[:, 1] / fits[0, 1], {"units": "1"}),
            "ratio_low": (kinds, list(low), {"units": "1"}),
            "ratio_high": (kinds, list(high), {"units": "1"}),
            "widening": (kinds, [kind.widening for kind in SYNAPSES], {"units": "1"}),
        },
        coords={
            "synapse": [kind.name for kind in SYNAPSES],
            "rate": ("rate", rates, {"units": "Hz"}),
        },
        attrs={"cells": fired.shape[0] * fired.shape[3]},
    )


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the ranges against the control and the closed form."""
    stochastic = dataset.drop_sel(synapse=DETERMINISTIC)
    typical = float(dataset.ratio.sel(synapse=TYPICAL))
    shift = np.abs(stochastic.middle / dataset.middle.sel(synapse=DETERMINISTIC) - 1)
    error = np.abs(stochastic.ratio / stochastic.widening - 1)
    return [
        Check(f"10-90 % range over control's, {TYPICAL}", typical, "1", 1.2, None, WIDER),
        Check(
            "that ratio over the closed form less 1, largest of all synapses",
            float(error.max(skipna=False)),
            "1",
            None,
            0.1,
            CLOSED_FORM,
        ),
        Check(
            "rate at which half of the cells fire, largest relative shift against control",
            float(shift.max(skipna=False)),
            "1",
            None,
            0.05,
            "the mean is matched",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return range, ratio with its interval, and closed form of every synapse."""
    found: dict[str, Any] = {}
    for name in dataset.synapse.to_numpy():
        one = dataset.sel(synapse=name)
        found[f"10-90 % range, {name}, Hz"] = float(one.range)
        if name != DETERMINISTIC:
            found[f"over control's, {name}"] = float(one.ratio)
            found[f"over control's, 95 % interval, {name}"] = (
                f"{float(one.ratio_low):.2f} to {float(one.ratio_high):.2f}"
            )
            found[f"over control's, closed form, {name}"] = float(one.widening)
    return found

"""Cells that fire in a volley against the rate of their axons, and the range of that growth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import brian2
import numpy as np
import xarray as xr
from brian2 import Hz, Network, NeuronGroup, SpikeMonitor, second
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.special import ndtr
from scipy.stats import norm

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.experiment.progress import Progress
from htm_brian.parameters import Model, load_model
from htm_brian.protocols.dynamic_range.stimulus import SYNAPSES
from htm_brian.sdr.mapping import spikes_to_sdr
from htm_brian.synapses.release.stochastic import ReleaseSynapses

if TYPE_CHECKING:
    from htm_brian.protocols.dynamic_range import DynamicRangeParameters

RESAMPLES = 200


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

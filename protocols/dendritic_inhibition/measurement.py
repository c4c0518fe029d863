"""Event rate and burst fraction of every circuit, and strengths read off them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import brian2
import numpy as np
import xarray as xr
from brian2 import Network, SpikeMonitor, nS

from htm_brian.electrophysiology.ensembles import Spikes, spikes_of
from htm_brian.engine.compiling import uncompiled
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, expected
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.running import run_watched
from htm_brian.parameters import Model
from htm_brian.protocols.dendritic_inhibition.stimulus import COPIES, build
from htm_brian.randomness import brian2_seed
from htm_brian.sdr.cell_bursts import summarise

if TYPE_CHECKING:
    from htm_brian.protocols.dendritic_inhibition import DendriticInhibitionParameters


SETTLE = 0.5
"""Seconds at the start that are not counted: facilitation takes as long to settle."""


def run_circuits(
    place: str,
    model: Model,
    inhibitor: Model,
    synapse: Model,
    parameters: DendriticInhibitionParameters,
    progress: Progress,
) -> xr.Dataset | None:
    """Return what the circuits did; None if the run was stopped."""
    with uncompiled(), expected([ORDER_OF_EXECUTION]):
        brian2.seed(brian2_seed(parameters.seed, "dendritic_inhibition", place))
        circuits = build(place, model, inhibitor, synapse, parameters)
        groups = (circuits.pyramidal, circuits.interneurons)
        monitors = [SpikeMonitor(group, "last_spike_time") for group in groups]
        network = Network(*circuits, *monitors)
        description = f"inhibition of the {place}"
        complete = run_watched(network, parameters.duration, progress, description, groups)
    return measure(parameters, *map(spikes_of, monitors)) if complete else None


def measure(
    parameters: DendriticInhibitionParameters, spikes: Spikes, inhibitory: Spikes
) -> xr.Dataset:
    """Return rates and burst fraction of every circuit."""
    counted = float(parameters.duration) - SETTLE
    n, each = parameters.n_circuits, parameters.n_pyramidal
    whole = summarise(spikes.events(SETTLE), n, each, counted)
    late = inhibitory.cells[inhibitory.times >= SETTLE] // parameters.n_interneurons
    rate = np.bincount(late, minlength=n) / (parameters.n_interneurons * counted)
    shape = (len(parameters.strengths), len(COPIES))
    dims = ("strength", "copy")
    return xr.Dataset(
        {
            "event_rate": (dims, whole.event_rate.reshape(shape), {"units": "Hz"}),
            "burst_fraction": (dims, whole.burst_fraction.reshape(shape), {"units": "1"}),
            "interneuron_rate": (dims, rate.reshape(shape), {"units": "Hz"}),
        },
        coords={
            "strength": (
                "strength",
                [float(s / nS) for s in parameters.strengths],
                {"units": "nS"},
            ),
            "copy": list(COPIES),
        },
    )


def relative(dataset: xr.Dataset) -> xr.Dataset:
    """Return event rate and burst fraction over those without inhibition, of each copy."""
    values = dataset[["event_rate", "burst_fraction"]]
    return values / values.isel(strength=0)


def halving_strength(ratio: xr.DataArray) -> float:
    """Return the strength at which a ratio is nearest to a half."""
    nearest = np.argmin(abs(ratio.to_numpy() - 0.5))
    return float(ratio.strength[nearest])


def strength_at(ratio: xr.DataArray, level: float) -> float:
    """Return the strength at which a ratio first falls to `level`, interpolated; NaN if nowhere."""
    values, strengths = ratio.to_numpy(), ratio.strength.to_numpy()
    below = int(np.argmax(values <= level))
    if not values[below] <= level:
        return np.nan
    return float(
        np.interp(-level, -values[below - 1 : below + 1], strengths[below - 1 : below + 1])
    )

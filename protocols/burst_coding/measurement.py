"""Event rate and bursts for pairs of static currents, and under two signals in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import pA

from htm_brian.electrophysiology.ensembles import COURSE_STEP, run_courses, run_ensembles
from htm_brian.experiment.progress import Progress
from htm_brian.mechanisms import active_dendrite
from htm_brian.parameters import Model
from htm_brian.protocols.burst_coding.decoding import (
    BIN,
    SIZES,
    burst_fraction_scatter,
    decode,
    explained,
    time_courses,
)
from htm_brian.protocols.burst_coding.stimulus import (
    DENDRITE,
    SIGNALS,
    SOMA,
    current_scales,
    smooth_signals,
    with_background,
)
from htm_brian.sdr.cell_bursts import summarise

if TYPE_CHECKING:
    from htm_brian.protocols.burst_coding import BurstCodingParameters


SETTLE = 0.3
"""Seconds at the start of a run that are not counted."""

SOURCES = ("event rate and burst fraction", "firing rate")


def run_table(
    name: str, model: Model, ensemble: Model, parameters: BurstCodingParameters, progress: Progress
) -> xr.Dataset | None:
    """Return event rate and bursts for each pair of currents; None if the run was stopped."""
    soma, dendrite = (grid.ravel() for grid in np.meshgrid(SOMA, DENDRITE, indexing="ij"))
    each, duration = parameters.cells_each, parameters.duration
    place, scales = active_dendrite.COMPARTMENT, (1.0, 1.0)
    if name == "tree":
        place, scales = "nexus", current_scales(model, ensemble)
        model = with_background(model, ensemble, scales)
        each = parameters.tree_cells_each
    spikes = run_ensembles(
        model,
        {
            "injected_current": soma * scales[0],
            f"injected_current_{place}": dendrite * scales[1],
        },
        each,
        duration,
        parameters.time_step,
        parameters.seed,
        progress,
        f"static currents, {name}",
    )
    if spikes is None:
        return None
    whole = summarise(spikes.events(SETTLE), len(soma), each, float(duration) - SETTLE)
    shape = (len(SOMA), len(DENDRITE))
    dims = ("soma_current", "dendrite_current")
    return xr.Dataset(
        {
            "event_rate": (dims, whole.event_rate.reshape(shape), {"units": "Hz"}),
            "burst_fraction": (dims, whole.burst_fraction.reshape(shape), {"units": "1"}),
            "spikes_per_burst": (dims, whole.spikes_per_burst.reshape(shape), {"units": "1"}),
            "interval": (dims, 1e3 * whole.interval.reshape(shape), {"units": "ms"}),
            "n_bursts": (dims, whole.n_bursts.reshape(shape), {"units": "1"}),
            "soma_scale": ((), scales[0], {"units": "1"}),
            "dendrite_scale": ((), scales[1], {"units": "1"}),
        },
        coords={
            "soma_current": ("soma_current", SOMA, {"units": "pA"}),
            "dendrite_current": ("dendrite_current", DENDRITE, {"units": "pA"}),
        },
    )


def run_signals(
    model: Model, parameters: BurstCodingParameters, progress: Progress
) -> xr.Dataset | None:
    """Return what one ensemble did under two signals, and what decoders read from it."""
    n = round((float(parameters.signal_duration) + SETTLE) / COURSE_STEP)
    courses = {
        name: float(getattr(parameters, f"{name}_mean") / pA)
        + float(getattr(parameters, f"{name}_deviation") / pA) * course
        for name, course in smooth_signals(
            SIGNALS, n, float(parameters.signal_time_constant), parameters.seed
        ).items()
    }
    spikes = run_courses(
        model,
        {
            "injected_current": courses["soma"],
            "injected_current_dendrite": courses["dendrite"],
        },
        parameters.n_cells,
        parameters.time_step,
        parameters.seed,
        progress,
        "two signals",
    )
    if spikes is None:
        return None
    n_bins = round(float(parameters.signal_duration) / BIN)
    per_bin = round(BIN / COURSE_STEP)
    skip = round(SETTLE / COURSE_STEP)
    inputs = np.array(
        [
            c[skip : skip + n_bins * per_bin].reshape(n_bins, -1).mean(axis=1)
            for c in courses.values()
        ]
    )
    events = spikes.events(SETTLE)
    rates = time_courses(spikes, events, SETTLE, n_bins, parameters.n_cells)
    features = {
        SOURCES[0]: np.array([rates["event_rate_course"], rates["burst_fraction_course"]]),
        SOURCES[1]: np.array([rates["firing_rate_course"]]),
    }
    decoded = np.array([decode(features[source], inputs) for source in SOURCES])
    scatter = burst_fraction_scatter(
        events, SETTLE, float(parameters.signal_duration), parameters.n_cells
    )
    units = {"burst_fraction_course": "1"}
    return xr.Dataset(
        {
            "input": (("signal", "time"), inputs, {"units": "pA"}),
            "decoded": (("source", "signal", "time"), decoded, {"units": "pA"}),
            "explained": (("source", "signal"), explained(decoded, inputs), {"units": "1"}),
            "scatter": (("size",), scatter, {"units": "1"}),
            **{name: (("time",), v, {"units": units.get(name, "Hz")}) for name, v in rates.items()},
        },
        coords={
            "signal": list(SIGNALS),
            "source": list(SOURCES),
            "time": ("time", BIN * (np.arange(n_bins) + 0.5), {"units": "s"}),
            "size": ("size", list(SIZES), {"units": "cells"}),
        },
    )

"""Spikes and dendritic events of every condition, and the thresholds and curves made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from brian2 import ms, nA

from htm_brian.electrophysiology.stimulation import Stimulus, Traces, stimulate
from htm_brian.electrophysiology.traces import after_hyperpolarisations, width_above
from htm_brian.experiment.progress import Progress
from htm_brian.parameters import Model
from htm_brian.protocols.bac_firing.stimulus import (
    DELAYS,
    FREQUENCIES,
    N_TRAIN,
    SPIKE_TIME,
    Course,
    conditions,
)

if TYPE_CHECKING:
    from htm_brian.protocols.bac_firing import BACFiringParameters


LEVEL = -40.0
"""mV; the nexus is active above."""


def run_layer(
    model: Model, parameters: BACFiringParameters, progress: Progress, layer: str
) -> xr.Dataset | None:
    """Return what the cells of one layer did; None if the run was stopped.

    Layer-2/3 cells are smaller: they get `layer23_share` of every current.
    """
    share = 1.0 if layer == "layer 5" else parameters.layer23_share
    groups = conditions(parameters)
    flat = [pair for pairs in groups.values() for pair in pairs]
    stimulus = Stimulus(len(flat))
    stimulus.currents["soma"] = share * np.array([soma for soma, _ in flat]).T
    stimulus.currents["nexus"] = share * np.array([nexus for _, nexus in flat]).T
    traces = stimulate(
        model,
        stimulus,
        parameters.duration,
        parameters.time_step,
        progress,
        record=("v", "v_nexus"),
        sample=max(1, round(float(0.1 * ms / parameters.time_step))),
        description=layer,
    )
    return measure(parameters, traces, groups) if traces.complete else None


def measure(
    parameters: BACFiringParameters,
    traces: Traces,
    groups: dict[str, list[tuple[Course, Course]]],
) -> xr.Dataset:
    """Return spikes, width of the dendritic event and the rest, by group of conditions."""
    time = traces.time * 1e3
    soma, nexus = traces.potential("soma"), traces.potential("nexus")
    width = width_above(time, nexus, LEVEL)
    count = np.array([len(train) for train in traces.spikes])
    begins = np.cumsum([0, *(len(pairs) for pairs in groups.values())])
    where = {name: slice(a, b) for name, a, b in zip(groups, begins, begins[1:], strict=False)}
    ends = SPIKE_TIME + (N_TRAIN - 1) * 1e3 / FREQUENCIES
    # What is left once the last spike of a train has passed the nexus.
    late = np.array(
        [
            nexus[cell, (time > end + 7.5) & (time < end + 40)].max()
            for cell, end in zip(range(begins[4], begins[5]), ends, strict=True)
        ]
    )
    intervals = np.full((4, 4), np.nan)
    for row, train in enumerate(traces.spikes[:4]):
        some = np.diff(train[:5]) * 1e3
        intervals[row, : len(some)] = some
    spikes = [train * 1e3 for train in traces.spikes]
    depth = np.nan_to_num(after_hyperpolarisations(time, soma, spikes, start=SPIKE_TIME))
    names = ["spike", "nexus", "both", "nexus, threefold"]
    found: dict[str, Any] = {
        "basic_soma": (("stimulus", "time"), soma[:4], {"units": "mV"}),
        "basic_nexus": (("stimulus", "time"), nexus[:4], {"units": "mV"}),
        "interval": (("stimulus", "number"), intervals, {"units": "ms"}),
        "late_peak": (("frequency",), late, {"units": "mV"}),
        "ahp": (("n_spikes",), depth[where["slow"]], {"units": "mV"}),
        "ahp_burst": ((), depth[2], {"units": "mV"}),
        "slow_count": (("n_spikes",), count[where["slow"]], {"units": "1"}),
    }
    dims = {
        "basic": "stimulus",
        "alone": "current",
        "with_spike": "current",
        "delay": "delay",
        "frequency": "frequency",
    }
    for name, dim in dims.items():
        found[f"{name}_count"] = ((dim,), count[where[name]], {"units": "1"})
        found[f"{name}_width"] = ((dim,), width[where[name]], {"units": "ms"})
    return xr.Dataset(
        found,
        coords={
            "stimulus": names,
            "time": ("time", time - SPIKE_TIME, {"units": "ms"}),
            "current": ("current", parameters.currents * 1e9, {"units": "nA"}),
            "delay": ("delay", DELAYS, {"units": "ms"}),
            "frequency": ("frequency", FREQUENCIES, {"units": "Hz"}),
            "n_spikes": np.arange(1, N_TRAIN + 1),
        },
        attrs={
            "event_duration": float(parameters.event_duration / ms),
            "nexus_current": float(parameters.nexus_current / nA),
        },
    )


def current_threshold(width: xr.DataArray, event: float) -> float:
    """Return the least current with an event of `event` ms or more; NaN where there is none."""
    enough = width.current.where(width >= event, drop=True)
    return float(enough.min()) if enough.size else np.nan


def critical_frequency(late: xr.DataArray) -> tuple[float, float]:
    """Return where the nexus's peak is half-way up, and over what width it rises, in Hz.

    Both are crossings of the highest peak up to each frequency, interpolated: of 50 % of all its
    way, and of 10 and 90 %. NaN where it rises by less than 10 mV.
    """
    values = np.maximum.accumulate(late.to_numpy())
    low, high = values[0], values[-1]
    if high - low < 10:
        return np.nan, np.nan
    frequencies = late.frequency.to_numpy()
    crossings = []
    for level in low + np.array([0.1, 0.5, 0.9]) * (high - low):
        at = int(np.argmax(values >= level))
        share = (level - values[at - 1]) / (values[at] - values[at - 1])
        crossings.append(frequencies[at - 1] + share * (frequencies[at] - frequencies[at - 1]))
    return float(crossings[1]), float(crossings[2] - crossings[0])


def window(dataset: xr.Dataset) -> tuple[float, float]:
    """Return the least and greatest delay of the nexus's input with a calcium spike, in ms."""
    enough = dataset.delay.where(dataset.delay_width >= dataset.attrs["event_duration"], drop=True)
    return (float(enough.min()), float(enough.max())) if enough.size else (np.nan, np.nan)

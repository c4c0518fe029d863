"""Peaks and half-widths at soma and branch, and the threshold and sums made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from brian2 import ms

from htm_brian.electrophysiology.stimulation import Traces
from htm_brian.electrophysiology.traces import depolarisations
from htm_brian.parameters import Model
from htm_brian.protocols.nmda_spike.stimulus import ARRIVAL, CONDITIONS

if TYPE_CHECKING:
    from htm_brian.protocols.nmda_spike import NMDASpikeParameters


PAIR = ("clustered", "two branches")


def to_dataset(
    model: Model, parameters: NMDASpikeParameters, traces: Traces, outer: str
) -> xr.Dataset:
    """Measure peaks and half-widths, above the potential at the synapses' arrival."""
    before = int(np.searchsorted(traces.time, ARRIVAL * 1e-3 - 1e-9))
    time = traces.time[before:] * 1e3 - ARRIVAL
    rise, measured = {}, {}
    for place, name in (("soma", "soma"), ("branch", outer)):
        trace = traces.potential(name)
        rise[place] = trace[:, before:] - trace[:, before : before + 1]
        measured[place] = depolarisations(traces.time * 1e3, trace, start=ARRIVAL)
    n = parameters.n_synapses
    size = len(CONDITIONS) * n
    shape, dims = (len(CONDITIONS), n), ("condition", "synapses")
    found: dict[str, tuple[Any, ...]] = {}
    for place, trace in rise.items():
        peak, width = measured[place].peak[:size], measured[place].half_width[:size]
        found[f"{place}_peak"] = (dims, peak.reshape(shape), {"units": "mV"})
        found[f"{place}_half_width"] = (dims, width.reshape(shape), {"units": "ms"})
        found[f"{place}_trace"] = (
            ("synapses", "time"),
            trace[:n],
            {"units": "mV", "long_name": "clustered, above rest"},
        )
    draws = (len(parameters.jitters), parameters.n_draws)
    found["jittered_branch_peak"] = (
        ("jitter", "draw"),
        measured["branch"].peak[size:].reshape(draws),
        {"units": "mV"},
    )
    charge = np.trapezoid(rise["soma"][:size], time, axis=1).reshape(shape)
    found["soma_area"] = (dims, charge, {"units": "mV ms"})
    return xr.Dataset(
        found,
        coords={
            "condition": list(CONDITIONS),
            "synapses": np.arange(1, n + 1),
            "time": ("time", time, {"units": "ms"}),
            "jitter": ("jitter", [float(j / ms) for j in parameters.jitters], {"units": "ms"}),
        },
        attrs={"model": model.name, "n_jittered": parameters.n_jittered},
    )


def threshold(peaks: xr.DataArray) -> int:
    """Return the number of synapses at which one more adds most to the peak."""
    added = np.diff(peaks.to_numpy(), prepend=0.0)
    return int(peaks.synapses[int(np.argmax(added))])


def supralinearity(dataset: xr.Dataset, condition: str) -> xr.DataArray:
    """Return the soma's peak with `k` synapses over twice that with ``k/2``, for each even `k`."""
    alone = "clustered" if condition in PAIR else condition
    even = dataset.synapses[1::2]
    whole = dataset.soma_peak.sel(condition=condition, synapses=even)
    half = dataset.soma_peak.sel(condition=alone, synapses=(even // 2).to_numpy())
    return whole / (2 * half.to_numpy())


def tolerated_jitter(dataset: xr.Dataset) -> float:
    """Return the longest jitter with a spike in half of the draws or more, in ms."""
    clustered = dataset.branch_peak.sel(condition="clustered")
    level = float(clustered.sel(synapses=threshold(dataset.soma_peak.sel(condition="clustered"))))
    share = (dataset.jittered_branch_peak >= level).mean("draw")
    tolerated = dataset.jitter.where(share >= 0.5, drop=True)
    return float(tolerated.max()) if tolerated.size else np.nan

"""The curves that level 1 is fitted to, of cells of either level.

One run of a level has every condition as a cell of its own; its responses become one variable for
each curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.electrophysiology.traces import width_above
from htm_brian.experiment.progress import Progress
from htm_brian.fitting.reduction_curves import Curves
from htm_brian.protocols.branch_reduction.levels import (
    Biophysical,
    Condition,
    Reduced,
    Responses,
    smallest,
)
from htm_brian.protocols.branch_reduction.stimulus import (
    DELAYS,
    DEPOLARISATIONS,
    DURATION,
    SPREADS,
    STRENGTHS,
    TUFT_AHEAD,
    TUFT_DELAYS,
    TUFT_SYNAPSES,
    conditions,
)

if TYPE_CHECKING:
    from htm_brian.protocols.branch_reduction import BranchReductionParameters


def measure(
    level: Biophysical | Reduced,
    parameters: BranchReductionParameters,
    progress: Progress,
    name: str,
) -> xr.Dataset | None:
    """Return the curves of one level; None if the run was stopped."""
    least = smallest(level, progress, whole_volleys=isinstance(level, Biophysical))
    if least is None:
        return None
    groups = conditions(parameters, *least)
    flat = [condition for group in groups.values() for condition in group]
    found = level.run(flat, DURATION, progress, f"all conditions, {name}")
    return None if found is None else to_dataset(parameters, groups, found, least)


def to_dataset(
    parameters: BranchReductionParameters,
    groups: Mapping[str, Sequence[Condition]],
    found: Responses,
    least: tuple[float, float],
) -> xr.Dataset:
    """Return what was measured, one variable for each curve."""
    begins = np.cumsum([0, *(len(group) for group in groups.values())])
    where = {name: slice(a, b) for name, a, b in zip(groups, begins, begins[1:], strict=False)}
    n = parameters.n_synapses
    peak = {"soma": found.soma.max(axis=1), "branch": found.branch.max(axis=1)}
    alone = where["clustered"]
    data: dict[str, tuple[object, ...]] = {}
    for place, traces in (("soma", found.soma), ("branch", found.branch)):
        width = width_above(found.time, traces[alone], peak[place][alone] / 2)
        data[f"{place}_peak"] = ("synapses", peak[place][alone], {"units": "mV"})
        data[f"{place}_half_width"] = ("synapses", width, {"units": "ms"})
        data[f"{place}_trace"] = (("synapses", "time"), traces[alone], {"units": "mV"})

    def thresholds(group: str) -> NDArray[np.float64]:
        return np.array([_threshold(rows) for rows in peak["soma"][where[group]].reshape(-1, n)])

    data["threshold"] = ((), thresholds("clustered")[0], {"units": "1"})
    for name, group in (("hold", "depolarised"), ("spread", "spread")):
        along = "depolarisation" if name == "hold" else "spread"
        peaks = peak["soma"][where[group]].reshape(-1, n)
        data[f"peak_of_{name}"] = ((along, "synapses"), peaks, {"units": "mV"})
    data["threshold_of_depolarisation"] = ("depolarisation", thresholds("depolarised"))
    data["threshold_of_spread"] = ("spread", thresholds("spread"))
    together = found.soma[where["spread"]][parameters.n_basal - 1 :: n]
    width = width_above(found.time, together, together.max(axis=1) / 2)
    data["half_width_of_spread"] = ("spread", width, {"units": "ms"})
    first = np.array(
        [train[train > 0][0] if (train > 0).any() else np.nan for train in found.spikes]
    )
    lead = {"units": "ms"}
    data["latency"] = ("strength", first[where["alone"]], lead)
    data["lead_of_strength"] = ("strength", first[where["alone"]] - first[where["predicted"]], lead)
    standard = first[where["standard"]]
    data["lead_of_delay"] = ("delay", standard - first[where["delayed"]], lead)
    data["lead_of_synapses"] = ("synapses", standard - first[where["counted"]], lead)
    count = np.array([len(train) for train in found.spikes])
    data["branches_peak"] = ("branches", peak["soma"][where["branches"]], {"units": "mV"})
    data["silent"] = ("branches", count[where["branches"]])
    data["spike_time"] = ((), first[where["spike"]][0], {"units": "ms"})
    data["tuft_count"] = ("synapses", count[where["tuft_count"]])
    data["basal_burst"] = ((), count[where["basal_burst"]][0])
    shape = (len(TUFT_SYNAPSES), len(TUFT_DELAYS))
    window = where["tuft_window"]
    data["tuft_window"] = (("tuft_synapses", "tuft_delay"), count[window].reshape(shape))
    bursts = [found.spikes[cell] for cell in range(window.start, window.stop) if count[cell] > 1]
    intervals = np.concatenate([np.diff(train) for train in bursts]) if bursts else [np.nan]
    data["burst_interval"] = ((), float(np.mean(intervals)), {"units": "ms"})
    return xr.Dataset(
        data,
        coords={
            "synapses": np.arange(1, n + 1),
            "time": ("time", found.time, {"units": "ms"}),
            "depolarisation": ("depolarisation", list(DEPOLARISATIONS), {"units": "mV"}),
            "spread": ("spread", list(SPREADS), {"units": "ms"}),
            "strength": list(STRENGTHS),
            "delay": ("delay", list(DELAYS), {"units": "ms"}),
            "branches": [1, 2, 3],
            "tuft_synapses": list(TUFT_SYNAPSES),
            "tuft_delay": ("tuft_delay", list(TUFT_DELAYS), {"units": "ms"}),
            "least_volley": least[0],
            "least_pulse": least[1],
        },
    )


def _threshold(peaks: NDArray[np.float64]) -> float:
    """Return the number of synapses at which one more adds most to the peak."""
    return float(np.argmax(np.diff(peaks, prepend=0.0)) + 1)


def edges(cell: xr.Dataset) -> NDArray[np.float64]:
    """Return first and last time of tuft input, after the spike, that makes a burst, in ms."""
    found = []
    for row in cell.tuft_window.to_numpy():
        burst = cell.tuft_delay.to_numpy()[row > 1]
        found.append((burst.min(), burst.max()) if burst.size else (np.nan, np.nan))
    return np.asarray(found) - float(cell.spike_time)


def burst_spikes(cell: xr.Dataset) -> float:
    """Return the usual number of spikes of a burst."""
    counts = cell.tuft_window.to_numpy()
    return float(np.median(counts[counts > 1])) if (counts > 1).any() else np.nan


def tuft_count(cell: xr.Dataset) -> float:
    """Return how many synapses on the tuft make a burst of a spike."""
    return float(np.argmax(cell.tuft_count.to_numpy() > 1) + 1)


def to_curves(cell: xr.Dataset, parameters: BranchReductionParameters) -> Curves:
    """Return the curves that a fit is made to."""
    same = [
        *("synapses", "soma_peak", "soma_half_width", "branch_peak", "branch_half_width"),
        *("branches_peak", "half_width_of_spread", "peak_of_hold", "peak_of_spread"),
        *("depolarisation", "threshold_of_depolarisation", "spread", "threshold_of_spread"),
        *("strength", "lead_of_strength", "delay", "lead_of_delay", "lead_of_synapses"),
        "tuft_synapses",
    ]
    first, last = edges(cell).T
    return Curves(
        **{name: np.asarray(cell[name], dtype=float) for name in same},
        threshold=float(cell.threshold),
        standard=parameters.standard,
        earliest=first,
        latest=last,
        tuft_count=tuft_count(cell),
        tuft_ahead=float(cell.spike_time) - TUFT_AHEAD,
        burst_spikes=burst_spikes(cell),
        burst_interval=float(cell.burst_interval),
    )

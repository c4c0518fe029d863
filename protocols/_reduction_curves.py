"""The curves that level 1 is fitted to: the same conditions on cells of either level.

One run of a level has every condition as a cell of its own (`htm_brian.protocols._two_levels`); its
responses become one variable for each curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from brian2 import Quantity, ms, second
from brian2.units.fundamentalunits import have_same_dimensions
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number
from htm_brian.electrophysiology.traces import width_above
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import quantity
from htm_brian.fitting.reduction_curves import Curves
from htm_brian.protocols._two_levels import Biophysical, Condition, Reduced, Responses, smallest

DEPOLARISATIONS = (5.0, 10.0, 15.0)
"""mV"""
SPREADS = (10.0, 20.0, 30.0, 40.0, 60.0, 80.0, 100.0)
"""ms"""
STRENGTHS = (1.05, 1.1, 1.2, 1.4, 1.7, 2.0)
DELAYS = tuple(np.arange(0.0, 151.0, 10.0))
"""ms, from the synapses of the branch to the volley."""
TUFT_SYNAPSES = (30, 35, 40)
TUFT_DELAYS = tuple(np.arange(-90.0, 17.0, 2.0))
"""ms, from the somatic pulse to the synapses of the tuft."""
TUFT_AHEAD = -10.0
PULSE_STRENGTH = 1.05
"""Smallest pulses that fire a resting cell."""
DURATION = 250.0


@dataclass(frozen=True)
class BranchReductionParameters:
    """What a run of `BranchReduction` depends on.

    `keep_volley`: whether the volley's time course and its way to the soma are not fitted.
    `write`: file for the fitted model, if any.
    """

    model: str = "l5_thick_tufted"
    reduced_model: str = "l5_reduced"
    network_model: str = "minicolumns"
    n_synapses: int = 40
    n_basal: int = 20
    volley_strength: float = 1.4
    delay: Quantity = quantity(30 * ms)
    time_step: Quantity = quantity(0.1 * ms)
    keep_volley: bool = False
    write: str = ""

    def __post_init__(self) -> None:
        check_integer("n_synapses", self.n_synapses, low=20, high=100)
        check_integer("n_basal", self.n_basal, low=1, high=self.n_synapses)
        check_number("volley_strength", self.volley_strength, low=1)
        for name in ("delay", "time_step"):
            value = getattr(self, name)
            if not have_same_dimensions(value, second) or value <= 0 * second:
                raise InputError(f"{name} must be a positive time, got {value}")
        if self.write and not self.write.endswith(".toml"):
            raise InputError(f"write must name a file ending in .toml, got {self.write!r}")

    @property
    def standard(self) -> dict[str, float]:
        """Synapses, delay (ms) and strength of the leads where they do not vary."""
        delay = float(self.delay / ms)
        return {
            "synapses": float(self.n_basal),
            "delay": delay,
            "strength": self.volley_strength,
        }


def conditions(
    parameters: BranchReductionParameters, volley: float, pulse: float
) -> dict[str, list[Condition]]:
    """Return the conditions by what they serve, given the smallest volley and pulse."""
    ks = range(1, parameters.n_synapses + 1)
    n, strength = parameters.n_basal, parameters.volley_strength
    delay = float(parameters.delay / ms)
    spike = PULSE_STRENGTH * pulse
    return {
        "clustered": [Condition(k) for k in ks],
        "depolarised": [Condition(k, hold=hold) for hold in DEPOLARISATIONS for k in ks],
        "spread": [Condition(k, spread=spread) for spread in SPREADS for k in ks],
        "alone": [Condition(volley=s * volley) for s in STRENGTHS],
        "predicted": [Condition(n, at=-delay, volley=s * volley) for s in STRENGTHS],
        "standard": [Condition(volley=strength * volley)],
        "delayed": [Condition(n, at=-d, volley=strength * volley) for d in DELAYS],
        "counted": [Condition(k, at=-delay, volley=strength * volley) for k in ks],
        "branches": [Condition(n, branches=b) for b in (1, 2, 3)],
        "spike": [Condition(pulse=spike)],
        "tuft_count": [Condition(k, tuft=True, at=TUFT_AHEAD, pulse=spike) for k in ks],
        "tuft_window": [
            Condition(k, tuft=True, at=d, pulse=spike) for k in TUFT_SYNAPSES for d in TUFT_DELAYS
        ],
        "basal_burst": [Condition(n, at=-delay, pulse=spike)],
    }


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

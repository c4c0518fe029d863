"""From level 2 to level 1: the reduced branch and cell are fitted, and shown beside the original.

Stimulus: the same at both levels. Synapses on one basal branch, together, spread in time, on a
depolarised cell, before a volley; synapses on the tuft around a spike. Measurement: the curves of
`htm_brian.cells.reduction.Curves`. The cell of level 1 is fitted to those of level 2, and then
measured by the same conditions in Brian2. Checks: the largest error of each curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from brian2 import Quantity, ms, second
from brian2.units.fundamentalunits import have_same_dimensions
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells import biophysical
from htm_brian.cells.pyramidal import MECHANISMS
from htm_brian.cells.reduction import FIRM, FREE, TOLERATED, Curves, Fit, fit
from htm_brian.cells.reduction_file import fitted_model, to_toml
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.parameters import Model, load_model
from htm_brian.protocols._stimulation import width_above
from htm_brian.protocols._two_levels import Biophysical, Condition, Reduced, Responses, smallest

HTM = "Hawkins & Ahmad 2016, Front Neural Circuits 10:23: a segment counts synapses"
POLSKY = "Polsky et al. 2004, Nat Neurosci 7:621: some 40 ms within a branch"
SCHILLER = "Schiller et al. 2000, Nature 404:285: 5.9 ± 1.5 mV, 64.4 ± 19.8 ms; half its spread"
FARINELLA = "Farinella et al. 2011, BMC Neurosci 12:P301: 40-50 mV, 50-100 ms"
LEAD = "an NMDA spike should advance a spike by 2-15 ms: errors below the least of that"
LARKUM = "Larkum et al. 1999, Nature 398:338: 2-4 spikes, window of several ms"

LEVELS = ("biophysical", "reduced")
DEPOLARISATIONS = (5.0, 10.0, 15.0)
"""mV"""
SPREADS = (10.0, 20.0, 30.0, 40.0, 60.0, 80.0, 100.0)
"""ms"""
STRENGTHS = (1.05, 1.1, 1.2, 1.4, 1.7, 2.0)
DELAYS = tuple(np.arange(0.0, 151.0, 10.0))
"""ms, from the synapses of the branch to the volley."""
TUFT_SYNAPSES = (20, 30, 40)
TUFT_DELAYS = tuple(np.arange(-90.0, 17.0, 2.0))
"""ms, from the somatic pulse to the synapses of the tuft."""
TUFT_AHEAD = -10.0
VOLLEY = ("feedforward.time_constant", "proximal.coupling_conductance")
"""What `keep_volley` leaves as it is: a network's volley ends by inhibition, that of the measured
cell by its NMDA receptors."""
PULSE_STRENGTH = 1.05
"""Smallest pulses that fire a resting cell."""
DURATION = 250.0

EVENT_WINDOW, WINDOW = 5.0, 10.0
"""ms; tolerated errors of the last and the first tuft input that makes a burst."""


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
                raise ValueError(f"{name} must be a positive time, got {value}")
        if self.write and not self.write.endswith(".toml"):
            raise ValueError(f"write must name a file ending in .toml, got {self.write!r}")

    @property
    def standard(self) -> dict[str, float]:
        """Synapses, delay (ms) and strength of the leads where they do not vary."""
        delay = float(self.delay / ms)
        return {
            "synapses": float(self.n_basal),
            "delay": delay,
            "strength": self.volley_strength,
        }


class BranchReduction(Protocol):
    """The fit of level 1 to level 2, and what it gets wrong."""

    name = "branch_reduction"
    claim = (
        "a branch can be reduced to an event, a threshold and a plateau whose length grows with "
        "the synapses, and a cell to four compartments, with small errors at the soma"
    )
    source = f"{HTM}; {SCHILLER}; {FARINELLA}; {LARKUM}"
    parameters = BranchReductionParameters()

    def __init__(self, parameters: BranchReductionParameters | None = None) -> None:
        super().__init__(parameters)
        self._detailed = biophysical.require(load_model(self.parameters.model))
        for table in ("spike", "ampa", "nmda", "basal", "tuft", "calcium_spike"):
            if table not in self._detailed:
                raise ValueError(
                    f"branch_reduction needs a table [{table}] ({self._detailed.file})"
                )
        self._simple = load_model(self.parameters.reduced_model).require(MECHANISMS)
        self._network = load_model(self.parameters.network_model)

    def run(self, progress: Progress) -> Outcome:
        """Measure level 2, fit level 1, measure it."""
        parameters, rows = self.parameters, self._detailed.rows() + self._simple.rows()
        step = parameters.time_step
        stopped = Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
        original = measure(Biophysical(self._detailed, step), parameters, progress, LEVELS[0])
        if original is None:
            return stopped
        free = tuple(path for path in FREE if not (parameters.keep_volley and path in VOLLEY))
        found = fit(to_curves(original, parameters), self._simple, free)
        fitted = fitted_model(
            self._simple,
            found,
            f"{self._simple.name}_fitted",
            f"{self._simple.name} with branch, plateaus and bursts as {self._detailed.name} has.",
            f"fitted to {self._detailed.name} by the protocol branch_reduction",
        )
        reduced = Reduced(fitted, step, window=1e3 * found.window)
        copy = measure(reduced, parameters, progress, LEVELS[1])
        if copy is None:
            return stopped
        if parameters.write:
            write(Path(parameters.write), fitted, found)
        dataset = xr.concat([original, copy], xr.Variable("level", list(LEVELS)))
        dataset.attrs |= {"n_basal": parameters.n_basal, "window": 1e3 * found.window}
        return Outcome(
            dataset,
            checks(dataset),
            metrics(dataset, found, fitted, self._simple, self._network),
            parameter_rows=self._detailed.rows() + fitted.rows(),
        )


def write(path: Path, model: Model, found: Fit) -> None:
    """Write the fitted model under the name of the file."""
    named = fitted_model(
        model, Fit({}, found.window, found.errors), path.stem, model.description, ""
    )
    heading = (
        "Written by: htm-brian run branch_reduction --set write=FILE. Layer-5 pyramidal cell of\n"
        "level 1, fitted to the cell of level 2. The window in which synapses count belongs to\n"
        f"the network; the fit finds {1e3 * found.window:g} ms."
    )
    path.write_text(to_toml(named, heading), encoding="utf-8")


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


def to_curves(cell: xr.Dataset, parameters: BranchReductionParameters) -> Curves:
    """Return the curves that a fit is made to."""
    same = [
        *("synapses", "soma_peak", "soma_half_width", "branch_peak", "branch_half_width"),
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
        burst_spikes=burst_spikes(cell),
        burst_interval=float(cell.burst_interval),
    )


def errors(dataset: xr.Dataset) -> dict[str, NDArray[np.float64]]:
    """Return reduced less biophysical, for each curve, over the range that counts."""
    original, copy = (dataset.sel(level=level) for level in LEVELS)
    names = ["threshold", "threshold_of_depolarisation", "threshold_of_spread", *TOLERATED]
    names += ["half_width_of_spread", "branches_peak", "silent", "tuft_count", "basal_burst"]
    found = {name: np.atleast_1d((copy[name] - original[name]).to_numpy()) for name in names}
    above = dataset.synapses.to_numpy() >= float(original.threshold)
    for name in ("branch_peak", "soma_half_width", "branch_half_width"):
        found[name] = found[name][above]
    firm = dataset.strength.to_numpy() >= FIRM
    found["lead_of_weak"] = found["lead_of_strength"][~firm]
    found["lead_of_strength"] = found["lead_of_strength"][firm]
    near = dataset.spread.to_numpy() <= 40
    found["threshold_of_far"] = found["threshold_of_spread"]
    found["threshold_of_spread"] = found["threshold_of_spread"][near]
    found["half_width_of_spread"] = found["half_width_of_spread"][near]
    found["earliest"], found["latest"] = (edges(copy) - edges(original)).T
    both = (copy.tuft_window > 1) & (original.tuft_window > 1)
    found["burst_spikes"] = (copy.tuft_window - original.tuft_window).to_numpy()[both.to_numpy()]
    tuft = [np.argmax(cell.tuft_count.to_numpy() > 1) + 1 for cell in (original, copy)]
    found["tuft_count"] = np.array([float(tuft[1] - tuft[0])])
    return found


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the largest error of each curve against what is tolerated."""
    found = errors(dataset)

    def check(name: str, key: str, unit: str, most: float, source: str) -> Check:
        values = np.abs(found[key])
        worst = float(values.max()) if values.size else np.nan
        return Check(f"largest error: {name}", worst, unit, 0, most, source)

    n = dataset.attrs["n_basal"]
    return [
        check("threshold at rest", "threshold", "1", 1, HTM),
        check("threshold, 5-15 mV depolarised", "threshold_of_depolarisation", "1", 1, HTM),
        check("threshold, spread over up to 40 ms", "threshold_of_spread", "1", 1, POLSKY),
        check("threshold, spread over up to 100 ms", "threshold_of_far", "1", 2, POLSKY),
        check(
            "peak at the soma, 1 to all synapses",
            "soma_peak",
            "mV",
            TOLERATED["soma_peak"],
            SCHILLER,
        ),
        check(
            "peak in the branch, from the threshold",
            "branch_peak",
            "mV",
            TOLERATED["branch_peak"],
            FARINELLA,
        ),
        check(
            "half-width in the branch, from the threshold",
            "branch_half_width",
            "ms",
            TOLERATED["branch_half_width"],
            FARINELLA,
        ),
        check(
            "half-width at the soma, from the threshold",
            "soma_half_width",
            "ms",
            TOLERATED["soma_half_width"],
            SCHILLER,
        ),
        check(
            f"half-width at the soma, {n} synapses spread over up to 40 ms",
            "half_width_of_spread",
            "ms",
            TOLERATED["soma_half_width"],
            SCHILLER,
        ),
        check("peak at the soma, two and three branches", "branches_peak", "mV", 1, SCHILLER),
        check("spikes by one to three plateaus alone", "silent", "1", 0, HTM),
        check("lead, by delay", "lead_of_delay", "ms", TOLERATED["lead_of_delay"], LEAD),
        check("lead, by synapses", "lead_of_synapses", "ms", TOLERATED["lead_of_synapses"], LEAD),
        check(
            "lead, volley 1.2 to 2 times the smallest",
            "lead_of_strength",
            "ms",
            TOLERATED["lead_of_strength"],
            LEAD,
        ),
        check("lead, volley 1.05 and 1.1 times the smallest", "lead_of_weak", "ms", 2, LEAD),
        check("tuft synapses that make a burst of a spike", "tuft_count", "1", 1, LARKUM),
        check("spikes of a burst", "burst_spikes", "1", 1, LARKUM),
        check("earliest tuft input that makes a burst", "earliest", "ms", WINDOW, LARKUM),
        check("latest tuft input that makes a burst", "latest", "ms", EVENT_WINDOW, LARKUM),
        check(f"spikes, one out of a basal plateau of {n}", "basal_burst", "1", 1, LARKUM),
    ]


def metrics(
    dataset: xr.Dataset, found: Fit, fitted: Model, begun: Model, network: Model
) -> dict[str, object]:
    """Return the fitted values beside those of the network's cell, and root mean square errors."""
    rows: dict[str, object] = {}
    for path in found.values:
        table, _, key = path.partition(".")
        new, old = (model[table].parameter(key).text for model in (fitted, begun))
        rows[path] = f"{new} ({begun.name}: {old})"
    window = network["distal"].parameter("coincidence_window").text
    rows["coincidence window"] = f"{1e3 * found.window:g} ms ({network.name}: {window})"
    for name, values in errors(dataset).items():
        if values.size > 1:
            rows[f"rms error, {name.replace('_', ' ')}"] = float(np.sqrt(np.mean(values**2)))
    return rows

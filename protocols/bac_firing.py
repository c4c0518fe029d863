"""BAC firing: a back-propagated spike and input to the tuft together make a burst (Larkum 1999).

Stimulus, after Hay et al. 2011: 1.9 nA for 5 ms into the soma, an EPSP-like current into the nexus,
alone and together, in many strengths and at many delays; trains of five spikes at many frequencies;
trains of one to five spikes. Every condition is a cell. Measurement: spikes, and how long the nexus
is above -40 mV. The same for layer 2/3 cells, whose dendritic event is short (Larkum 2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from brian2 import Quantity, amp, ms, nA, second
from brian2.units.fundamentalunits import have_same_dimensions
from numpy.typing import NDArray
from scipy.optimize import curve_fit
from scipy.special import expit

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells import biophysical
from htm_brian.electrophysiology.stimulation import (
    Stimulus,
    Traces,
    stimulate,
)
from htm_brian.electrophysiology.traces import after_hyperpolarisations, width_above
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.parameters import Model, load_model
from htm_brian.synapses.release.epsp import TimeCourse

LARKUM = "Larkum et al. 1999, Nature 398:338"
LARKUM_TRAINS = "Larkum et al. 1999, PNAS 96:14600: 60-200 Hz between cells, transition of 10-20 Hz"
LARKUM_L23 = "Larkum et al. 2007, J Neurosci 27:8999: layer 2/3"
HAY = "Hay et al. 2011, PLOS Comput Biol 7:e1002107 (ModelDB 139653), run in NEURON 9.0.2"
NAUD = "Naud & Sprekeler 2018, PNAS 115:E6329: windows from -5..+10 to -15..+15 ms"
HAY_ANSWERS = {
    "spikes of the burst": 3.0,
    "first interval, ms": 9.7,
    "peak of the nexus, mV": 6.4,
    "nexus above -40 mV, ms": 32.3,
    "peak of the nexus after one spike, mV": -37.0,
    "after-hyperpolarisation, one spike, mV": 1.6,
    "after-hyperpolarisation, burst, mV": 4.75,
}

LEVEL = -40.0
"""mV; the nexus is active above."""
SPIKE_TIME, GAP = 40.0, 5.0
"""ms; begin of the somatic pulse, and from there to the current into the nexus."""
DELAYS = np.arange(-30.0, 41.0, 1.0)
FREQUENCIES = np.arange(30.0, 201.0, 2.5)
TUFT_INPUT = TimeCourse(0.5e-3, 5e-3)
"""Of the current into the nexus (Hay et al. 2011)."""

N_TRAIN = 5
SLOW_TRAIN = 50.0
"""Hz; below every critical frequency: spikes without a calcium spike."""


@dataclass(frozen=True)
class BACFiringParameters:
    """What a run of `BACFiring` depends on."""

    model: str = "l5_thick_tufted"
    layer23_model: str = "l23_pyramidal"
    layer23_share: float = 0.4
    soma_current: Quantity = quantity(1.9 * nA)
    soma_duration: Quantity = quantity(5 * ms)
    nexus_current: Quantity = quantity(0.5 * nA)
    highest_current: Quantity = quantity(3 * nA)
    n_currents: int = 60
    train_current: Quantity = quantity(4.35 * nA)  # 0.15 less drops spikes of slow trains
    train_duration: Quantity = quantity(2 * ms)
    event_duration: Quantity = quantity(15 * ms)
    duration: Quantity = quantity(260 * ms)
    time_step: Quantity = quantity(0.05 * ms)

    def __post_init__(self) -> None:
        check_integer("n_currents", self.n_currents, low=4)
        check_number("layer23_share", self.layer23_share, low=0.01, high=1)
        for name in ("soma_current", "nexus_current", "highest_current", "train_current"):
            _check_positive(name, getattr(self, name), amp)
        for name in ("soma_duration", "train_duration", "event_duration", "duration", "time_step"):
            _check_positive(name, getattr(self, name), second)
        if self.duration < 240 * ms:
            raise InputError(f"duration must be at least 240 ms, got {self.duration}")

    @property
    def currents(self) -> NDArray[np.float64]:
        """Amperes into the nexus, in equal steps up to the highest."""
        return np.linspace(0, float(self.highest_current), self.n_currents + 1)[1:]


def _check_positive(name: str, value: Quantity, unit: Quantity) -> None:
    if not have_same_dimensions(value, unit) or value <= 0 * unit:
        raise InputError(f"{name} must be positive, in a unit like {unit}, got {value}")


class BACFiring(Protocol):
    """Bursts by coincidence of a spike and input to the tuft, in layer 5 and in layer 2/3."""

    name = "bac_firing"
    claim = (
        "in layer-5 cells one spike together with subthreshold input to the tuft makes a burst of "
        "2 to 4 spikes; in layer 2/3 the dendritic event is short and adds one spike at most"
    )
    source = f"{LARKUM}; {LARKUM_TRAINS}; {LARKUM_L23}; for comparison {HAY}"
    parameters = BACFiringParameters()
    packages = ("efel",)

    def __init__(self, parameters: BACFiringParameters | None = None) -> None:
        super().__init__(parameters)
        names = {"layer 5": self.parameters.model, "layer 2/3": self.parameters.layer23_model}
        self._models = {layer: load_model(name) for layer, name in names.items()}
        for model in self._models.values():
            biophysical.require(model)
            for table in ("calcium_spike", "backpropagation"):
                if table not in model:
                    raise InputError(f"bac_firing needs a table [{table}] ({model.file})")

    def run(self, progress: Progress) -> Outcome:
        """Stimulate cells of both layers."""
        rows = [row for model in self._models.values() for row in model.rows()]
        found = []
        for layer, model in self._models.items():
            dataset = run_layer(model, self.parameters, progress, layer)
            if dataset is None:
                return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
            found.append(dataset)
        dataset = xr.concat(found, xr.Variable("layer", list(self._models)))
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)


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


Course = NDArray[np.float64]


def conditions(parameters: BACFiringParameters) -> dict[str, list[tuple[Course, Course]]]:
    """Return the currents (A) into soma and nexus at each step, for every condition."""
    step = float(parameters.time_step / ms)
    time = np.arange(round(float(parameters.duration / ms) / step)) * step
    none = np.zeros_like(time)

    def pulse(start: float, current: Quantity, duration: Quantity) -> Course:
        # The share of each step that the pulse covers: it may begin between two steps.
        covered = np.minimum(time + step, start + float(duration / ms)) - np.maximum(time, start)
        return float(current) * np.clip(covered / step, 0, 1)

    def spikes(n: int, frequency: float) -> Course:
        starts = SPIKE_TIME + 1e3 / frequency * np.arange(n)
        pulses = [pulse(t, parameters.train_current, parameters.train_duration) for t in starts]
        return np.sum(pulses, axis=0)

    spike = pulse(SPIKE_TIME, parameters.soma_current, parameters.soma_duration)
    epsp = TUFT_INPUT.at(1e-3 * (time - SPIKE_TIME - GAP))
    weak, strong = float(parameters.nexus_current), 3 * float(parameters.nexus_current)
    return {
        "basic": [(spike, none), (none, weak * epsp), (spike, weak * epsp), (none, strong * epsp)],
        "alone": [(none, current * epsp) for current in parameters.currents],
        "with_spike": [(spike, current * epsp) for current in parameters.currents],
        "delay": [
            (spike, weak * TUFT_INPUT.at(1e-3 * (time - SPIKE_TIME - delay))) for delay in DELAYS
        ],
        "frequency": [(spikes(N_TRAIN, float(frequency)), none) for frequency in FREQUENCIES],
        "slow": [(spikes(n, SLOW_TRAIN), none) for n in range(1, N_TRAIN + 1)],
    }


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
    """Return where a sigmoid fitted to the nexus's peak is half-way up, and its width, in Hz.

    The width is that from 10 to 90 % of the way, and at least that between two frequencies.
    """
    values, frequencies = late.to_numpy(), late.frequency.to_numpy()
    low, high = float(values.min()), float(values.max())
    if high - low < 10:
        return np.nan, np.nan
    spacing, span = float(np.diff(frequencies).min()), float(np.ptp(frequencies))
    first = max(1, int(np.argmax(values >= (low + high) / 2)))
    (_, _, critical, width), _ = curve_fit(
        _sigmoid,
        frequencies,
        values,
        p0=(low, high, float(frequencies[first - 1 : first + 1].mean()), 2 * spacing),
        bounds=(
            (low - 20, low, frequencies[0], spacing),
            (high, high + 20, frequencies[-1], 2 * span),
        ),
    )
    return float(critical), float(width)


def _sigmoid(
    frequency: NDArray[np.float64], low: float, high: float, middle: float, width: float
) -> NDArray[np.float64]:
    """Return a logistic curve that goes from 10 to 90 % of its way within `width`."""
    return low + (high - low) * expit(2 * np.log(9) * (frequency - middle) / width)


def whole_rise(late: xr.DataArray) -> float:
    """Return over what width the peak itself goes from 10 to 90 % of all its way, in Hz."""
    values = np.maximum.accumulate(late.to_numpy())
    levels = values[0] + np.array([0.1, 0.9]) * (values[-1] - values[0])
    begin, end = np.interp(levels, values, late.frequency.to_numpy())
    return float(end - begin)


def window(dataset: xr.Dataset) -> tuple[float, float]:
    """Return the least and greatest delay of the nexus's input with a calcium spike, in ms."""
    enough = dataset.delay.where(dataset.delay_width >= dataset.attrs["event_duration"], drop=True)
    return (float(enough.min()), float(enough.max())) if enough.size else (np.nan, np.nan)


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold both layers against the literature."""
    return layer5_checks(dataset.sel(layer="layer 5")) + layer23_checks(
        dataset.sel(layer="layer 2/3")
    )


def layer5_checks(cell: xr.Dataset) -> list[Check]:
    """Return the checks of the layer-5 cell."""
    event = cell.attrs["event_duration"]
    alone = current_threshold(cell.alone_width, event)
    with_spike = current_threshold(cell.with_spike_width, event)
    critical, transition = critical_frequency(cell.late_peak)
    first, last = window(cell)
    count = cell.basic_count
    return [
        Check(
            "spikes after the somatic pulse alone",
            float(count.sel(stimulus="spike")),
            "1",
            1,
            1,
            HAY,
        ),
        Check(
            "spikes after the subthreshold input to the nexus alone",
            float(count.sel(stimulus="nexus")),
            "1",
            0,
            0,
            HAY,
        ),
        Check("spikes after both together", float(count.sel(stimulus="both")), "1", 2, 4, LARKUM),
        Check(
            "threshold of the calcium spike, lowered by a spike by",
            100 * (1 - with_spike / alone),
            "%",
            35,
            75,
            f"{LARKUM}; {NAUD.partition(':')[0]}",
        ),
        Check(
            "earliest input to the nexus, after the spike, that makes a burst",
            first,
            "ms",
            -15,
            0,
            f"{LARKUM}: several ms; {NAUD}",
        ),
        Check(
            "latest input to the nexus, after the spike, that makes a burst",
            last,
            "ms",
            5,
            15,
            f"{LARKUM}: several ms; {NAUD}",
        ),
        Check("critical frequency", critical, "Hz", 60, 120, LARKUM_TRAINS),
        Check(
            "width of the transition at the critical frequency",
            transition,
            "Hz",
            None,
            20,
            LARKUM_TRAINS,
        ),
        Check(
            "after-hyperpolarisation, least gain with one more spike",
            float(cell.ahp.diff("n_spikes").min()),
            "mV",
            0.2,
            None,
            f"{HAY}: deepens from 1.6 mV (one spike) to 4.75 mV (three)",
        ),
        Check(
            "after-hyperpolarisation of the burst over that of one spike",
            float(cell.ahp_burst / cell.ahp[0]),
            "1",
            1.5,
            5,
            f"{HAY}: 4.75/1.6",
        ),
    ]


def layer23_checks(cell: xr.Dataset) -> list[Check]:
    """Return the checks of the layer-2/3 cell."""
    physiological = cell.sel(current=slice(None, 3 * cell.attrs["nexus_current"] + 1e-9))
    longest = float(
        np.maximum(physiological.alone_width.max(), physiological.with_spike_width.max())
    )
    extra = float(cell.with_spike_count.max()) - float(cell.basic_count.sel(stimulus="spike"))
    return [
        Check(
            "layer 2/3: spikes after the somatic pulse alone",
            float(cell.basic_count.sel(stimulus="spike")),
            "1",
            1,
            1,
            LARKUM_L23,
        ),
        Check(
            "layer 2/3: longest dendritic event, input up to threefold, alone or with a spike",
            longest,
            "ms",
            1,
            20,
            f"{LARKUM_L23}: no sustained plateau",
        ),
        Check(
            "layer 2/3: most spikes that input to the nexus adds to one",
            extra,
            "1",
            0,
            1,
            f"{LARKUM_L23}: at most one or two",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the detailed cell's answers beside this one's; nothing is demanded of them."""
    cell = dataset.sel(layer="layer 5")
    both = cell.sel(stimulus="both")
    event = cell.attrs["event_duration"]
    here = {
        "spikes of the burst": float(both.basic_count),
        "first interval, ms": float(both.interval[0]),
        "peak of the nexus, mV": float(both.basic_nexus.max()),
        "nexus above -40 mV, ms": float(both.basic_width),
        "peak of the nexus after one spike, mV": float(
            cell.basic_nexus.sel(stimulus="spike").max()
        ),
        "after-hyperpolarisation, one spike, mV": float(cell.ahp[0]),
        "after-hyperpolarisation, burst, mV": float(cell.ahp_burst),
    }
    found: dict[str, Any] = {}
    for name, value in here.items():
        found[name] = value
        found[f"{name}, Hay 2011"] = HAY_ANSWERS[name]
    found["threshold of the calcium spike alone, nA"] = current_threshold(cell.alone_width, event)
    found["the same after a spike, nA"] = current_threshold(cell.with_spike_width, event)
    found["whole rise of the peak with the frequency, 10 to 90 %, Hz"] = whole_rise(cell.late_peak)
    layer23 = dataset.sel(layer="layer 2/3")
    found["critical frequency in layer 2/3, Hz"] = critical_frequency(layer23.late_peak)[0]
    return found

"""The two modes of a relay cell: a burst after hyperpolarisation, else a rate that follows input.

Stimulus: a relay cell is held depolarised, then hyperpolarised for 0 to 1000 ms, then gets a step
of current. Every duration and every step is a cell of one group, and so is every cell without the
T-current. Measurement: spikes of the burst that the step begins with, state of the T-current's gate
at the step, rate of the tonic train. A burst is what Lu, Guido and Sherman count: a silence of
100 ms, then spikes at intervals of 4 ms or less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from brian2 import Quantity, amp, ms, mV, pA, siemens, volt
from brian2.units.fundamentalunits import have_same_dimensions
from numpy.typing import NDArray

from htm_brian.arguments import check_integer
from htm_brian.cells import biophysical
from htm_brian.electrophysiology.stimulation import Stimulus, Traces, stimulate
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.fitting import resting
from htm_brian.mechanisms import spike, t_current
from htm_brian.parameters import Model, load_model

SHERMAN = "Sherman 2001, Trends Neurosci 24:122: tonic and burst firing of relay cells"
CRITERION = "Lu, Guido & Sherman 1992: silence of 100 ms or more, then intervals of 4 ms or less"
MCCORMICK = "McCormick & Huguenard 1992: no burst without the T-current"

SILENCE = 100.0
"""ms without a spike before a burst."""
INTERVAL = 4.0
"""ms between spikes of a burst, at most."""
SETTLING = 200.0
"""ms at the depolarised potential before anything else."""
DURATIONS = np.array([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 150, 200, 300, 500, 1000.0])
"""ms of hyperpolarisation, up to `longest`."""
SAMPLE = 0.5
"""ms from one recorded value to the next."""
BEFORE = 100.0
"""ms before the step that are kept of the traces."""


@dataclass(frozen=True)
class RelayModesParameters:
    """What a run of `RelayModes` depends on."""

    model: str = "thalamic_relay"
    hyperpolarised: Quantity = quantity(-85 * mV)
    depolarised: Quantity = quantity(-60 * mV)
    longest: Quantity = quantity(1000 * ms)
    step: Quantity = quantity(200 * pA)
    lowest_step: Quantity = quantity(100 * pA)
    highest_step: Quantity = quantity(300 * pA)
    n_steps: int = 9
    highest_tonic_step: Quantity = quantity(600 * pA)
    n_tonic_steps: int = 25
    train: Quantity = quantity(1000 * ms)
    time_step: Quantity = quantity(0.05 * ms)

    def __post_init__(self) -> None:
        check_integer("n_steps", self.n_steps, low=2)
        check_integer("n_tonic_steps", self.n_tonic_steps, low=5)
        for name in ("step", "lowest_step", "highest_step", "highest_tonic_step"):
            _check_positive(name, getattr(self, name), amp)
        for name in ("train", "time_step"):
            _check_positive(name, getattr(self, name), ms)
        if not have_same_dimensions(self.longest, ms) or self.longest < 150 * ms:
            raise InputError(f"longest must be at least 150 ms, got {self.longest}")
        for name in ("hyperpolarised", "depolarised"):
            if not have_same_dimensions(getattr(self, name), volt):
                raise InputError(f"{name} must have a unit like V, got {getattr(self, name)}")
        if self.hyperpolarised >= self.depolarised:
            raise InputError(
                f"hyperpolarised must lie below depolarised, {self.depolarised}, "
                f"got {self.hyperpolarised}"
            )
        if self.highest_step <= self.lowest_step:
            raise InputError(
                f"highest_step must exceed lowest_step, {self.lowest_step}, got {self.highest_step}"
            )

    @property
    def durations(self) -> NDArray[np.float64]:
        """Ms of hyperpolarisation."""
        longest = float(self.longest / ms)
        return np.append(DURATIONS[longest > DURATIONS], longest)

    @property
    def steps(self) -> NDArray[np.float64]:
        """Amperes, after hyperpolarisation."""
        return np.linspace(float(self.lowest_step), float(self.highest_step), self.n_steps)

    @property
    def tonic_steps(self) -> NDArray[np.float64]:
        """Amperes, of the depolarised cell."""
        return np.linspace(0, float(self.highest_tonic_step), self.n_tonic_steps)


def _check_positive(name: str, value: Quantity, unit: Quantity) -> None:
    if not have_same_dimensions(value, unit) or value <= 0 * unit:
        raise InputError(f"{name} must be positive, in a unit like {unit}, got {value}")


class RelayModes(Protocol):
    """Burst and tonic firing of a thalamic relay cell."""

    name = "relay_modes"
    claim = (
        "hyperpolarised for 100 ms, a relay cell answers a step with a burst of 2 to 6 spikes at "
        "intervals of 4 ms or less; depolarised, it fires at a rate that is linear in the current"
    )
    source = f"{SHERMAN}; {CRITERION}"
    parameters = RelayModesParameters()

    def __init__(self, parameters: RelayModesParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = biophysical.require(load_model(self.parameters.model))
        for table in (spike.TABLE, t_current.TABLE):
            if table not in self._model:
                raise InputError(f"relay_modes needs a table [{table}] ({self._model.file})")

    def run(self, progress: Progress) -> Outcome:
        """Stimulate all cells at once."""
        parameters, model = self.parameters, self._model
        groups = conditions(parameters)
        traces = stimulate(
            model,
            stimulus(model, parameters, groups),
            (start(parameters) + float(parameters.train / ms)) * ms,
            parameters.time_step,
            progress,
            record=("v", "t_inactivation"),
            sample=max(1, round(SAMPLE / float(parameters.time_step / ms))),
        )
        if not traces.complete:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=model.rows())
        dataset = measure(parameters, traces, groups)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=model.rows())


@dataclass(frozen=True)
class Condition:
    """What one cell gets: ms of hyperpolarisation, then a step (A), with or without T-current."""

    duration: float
    step: float
    channels: bool = True


def conditions(parameters: RelayModesParameters) -> dict[str, list[Condition]]:
    """Return the conditions by the curve that they belong to."""
    longest = float(parameters.longest / ms)
    return {
        "duration": [Condition(d, float(parameters.step)) for d in parameters.durations],
        "step": [Condition(longest, step) for step in parameters.steps],
        "blocked": [Condition(longest, step, False) for step in parameters.steps],
        "tonic": [Condition(0, step) for step in parameters.tonic_steps],
        "example": [
            Condition(longest, float(parameters.step)),
            Condition(0, float(parameters.step)),
            Condition(longest, float(parameters.step), False),
        ],
    }


def start(parameters: RelayModesParameters) -> float:
    """Return when the step begins, in ms."""
    return SETTLING + float(parameters.longest / ms)


def stimulus(
    model: Model, parameters: RelayModesParameters, groups: dict[str, list[Condition]]
) -> Stimulus:
    """Return the currents: they hold the passive cell at its potentials, and make the step."""
    flat = [condition for group in groups.values() for condition in group]
    step = float(parameters.time_step / ms)
    onset = start(parameters)
    n_steps = round((onset + float(parameters.train / ms)) / step)
    time = np.arange(n_steps)[:, None] * step
    began = onset - np.array([condition.duration for condition in flat])
    rest = model["soma"]["resting_potential"]
    conductance = 1 / resting.input_resistance(model) * siemens
    high = float((parameters.depolarised - rest) * conductance)
    low = float((parameters.hyperpolarised - rest) * conductance)
    added = np.array([condition.step for condition in flat])
    # Between two steps of time, half a step decides.
    before = np.where(time + step / 2 < began, high, low)
    made = Stimulus(len(flat))
    # The step comes on top of what holds the depolarised cell, whatever went before.
    made.currents["soma"] = np.where(time + step / 2 < onset, before, high + added)
    made.values["t_current.conductance"] = model["t_current"]["conductance"] * np.array(
        [float(condition.channels) for condition in flat]
    )
    return made


def burst_size(train: NDArray[np.float64], begin: float = -np.inf) -> int:
    """Return how many spikes the first event from `begin` on has that comes after a silence.

    Parameters
    ----------
    train : ndarray
        Spike times, ms.
    begin : float
        ms.

    Returns
    -------
    int
        2 or more is a burst, 1 a single spike, 0 no spike after a silence.
    """
    silences = np.diff(train, prepend=-np.inf)
    first = np.flatnonzero((train >= begin) & (silences >= SILENCE))
    if not len(first):
        return 0
    later = np.diff(train[first[0] :])
    return 1 + int(np.argmax(np.append(later > INTERVAL, True)))


def n_bursts(train: NDArray[np.float64], begin: float) -> int:
    """Return how many bursts begin from `begin` (ms) on."""
    silences = np.diff(train, prepend=-np.inf)
    following = np.diff(train, append=np.inf)
    return int(((train >= begin) & (silences >= SILENCE) & (following <= INTERVAL)).sum())


def measure(
    parameters: RelayModesParameters, traces: Traces, groups: dict[str, list[Condition]]
) -> xr.Dataset:
    """Return bursts, rates and traces, by the curve that the cells belong to."""
    onset = start(parameters)
    trains = [train * 1e3 for train in traces.spikes]
    begins = np.cumsum([0, *(len(group) for group in groups.values())])
    where = {name: slice(a, b) for name, a, b in zip(groups, begins, begins[1:], strict=False)}
    time = traces.time * 1e3
    at_step = int(np.searchsorted(time, onset - SAMPLE / 2))
    gate = traces.variables["t_inactivation"]
    # The first spike after the step, and the next: intervals of a train that may be no burst.
    late = [train[train >= onset] for train in trains]
    first = np.array([train[1] - train[0] if len(train) > 1 else np.nan for train in late])
    latency = np.array([train[0] - onset if len(train) else np.nan for train in late])
    seconds = float(parameters.train / ms) / 1e3
    rate = np.array([len(train) for train in late]) / seconds
    size = np.array([burst_size(train, onset) for train in trains])
    bursts = np.array([n_bursts(train, onset) for train in trains])
    shown = time >= onset - BEFORE
    longest = max(1, *(len(train) for train in late))
    spikes = np.full((len(groups["example"]), longest), np.nan)
    for row, train in zip(spikes, late[where["example"]], strict=True):
        row[: len(train)] = train - onset
    found = {
        "gate": (("duration",), gate[where["duration"], at_step], {"units": "1"}),
        "tonic_rate": (("tonic_step",), rate[where["tonic"]], {"units": "Hz"}),
        "tonic_bursts": (("tonic_step",), bursts[where["tonic"]], {"units": "1"}),
        "latency": (("step",), latency[where["step"]], {"units": "ms"}),
        "blocked_bursts": (("step",), bursts[where["blocked"]], {"units": "1"}),
        "potential": (
            ("example", "time"),
            traces.potential("soma")[where["example"]][:, shown],
            {"units": "mV"},
        ),
        "spike_time": (("example", "number"), spikes, {"units": "ms"}),
        "example_gate": (("example", "time"), gate[where["example"]][:, shown], {"units": "1"}),
    }
    for name in ("duration", "step", "blocked"):
        dim = "duration" if name == "duration" else "step"
        found[f"{name}_size"] = ((dim,), size[where[name]], {"units": "1"})
        found[f"{name}_interval"] = ((dim,), first[where[name]], {"units": "ms"})
    return xr.Dataset(
        found,
        coords={
            "duration": ("duration", parameters.durations, {"units": "ms"}),
            "step": ("step", parameters.steps * 1e12, {"units": "pA"}),
            "tonic_step": ("tonic_step", parameters.tonic_steps * 1e12, {"units": "pA"}),
            "time": ("time", time[shown] - onset, {"units": "ms"}),
            "example": ["hyperpolarised", "depolarised", "hyperpolarised, no T-current"],
        },
    )


def shortest_burst(dataset: xr.Dataset) -> float:
    """Return the shortest hyperpolarisation that makes a burst, in ms; NaN where there is none.

    That is where the first interval falls to that of a burst, interpolated between two durations.
    """
    burst = np.flatnonzero(dataset.duration_size >= 2)
    if not len(burst) or burst[0] == 0:
        return float(dataset.duration[0]) if len(burst) else np.nan
    pair = dataset.isel(duration=slice(int(burst[0]) - 1, int(burst[0]) + 1))
    interval, duration = pair.duration_interval.to_numpy(), pair.duration.to_numpy()
    if np.isnan(interval[0]):
        return float(duration[1])
    return float(np.interp(-INTERVAL, -interval, duration))


def linearity(dataset: xr.Dataset) -> float:
    """Return the correlation of rate and current where the cell fires; NaN below three such."""
    fires = dataset.tonic_rate.to_numpy() > 0
    if fires.sum() < 3:
        return np.nan
    current, rate = dataset.tonic_step.to_numpy()[fires], dataset.tonic_rate.to_numpy()[fires]
    return float(np.corrcoef(current, rate)[0, 1])


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold both modes against the literature."""
    long = dataset.sel(duration=slice(SILENCE, None))
    sizes = np.concatenate([long.duration_size, dataset.step_size])
    intervals = np.concatenate([long.duration_interval, dataset.step_interval])
    longest = float("nan") if np.isnan(intervals).any() else float(intervals.max())
    after = f"after {SILENCE:g} ms or more of hyperpolarisation"
    return [
        Check(f"fewest spikes of the burst, {after}", int(sizes.min()), "1", 2, 6, SHERMAN),
        Check(f"most spikes of the burst, {after}", int(sizes.max()), "1", 2, 6, SHERMAN),
        Check(f"longest first interval, {after}", longest, "ms", None, INTERVAL, CRITERION),
        Check(
            "shortest hyperpolarisation that makes a burst",
            shortest_burst(dataset),
            "ms",
            50,
            100,
            f"{SHERMAN}: some 100 ms free it of inactivation; the lower end is ours",
        ),
        Check(
            "bursts of the depolarised cell, all steps",
            int(dataset.tonic_bursts.sum()),
            "1",
            0,
            0,
            CRITERION,
        ),
        Check(
            "correlation of the tonic rate with the current",
            linearity(dataset),
            "1",
            0.95,
            None,
            f"{SHERMAN}: linear summation in tonic mode",
        ),
        Check(
            "bursts after hyperpolarisation without T-current, all steps",
            int(dataset.blocked_bursts.sum()),
            "1",
            0,
            0,
            MCCORMICK,
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers; nothing is demanded of them."""
    fires = dataset.tonic_rate > 0
    slope = np.polyfit(dataset.tonic_step[fires], dataset.tonic_rate[fires], 1)[0]
    return {
        "tonic rate, highest, Hz": float(dataset.tonic_rate.max()),
        "slope of the tonic rate, Hz/nA": 1e3 * float(slope),
        "gate of the T-current after 100 ms, share": float(dataset.gate.sel(duration=SILENCE)),
        "gate of the T-current after the longest, share": float(dataset.gate[-1]),
        "latency of the burst, weakest step, ms": float(dataset.latency[0]),
        "latency of the burst, strongest step, ms": float(dataset.latency[-1]),
    }

"""Firing rate against injected current: where firing begins, how it grows, how it adapts.

Stimulus: a current step into the soma of a resting cell, one cell for each current. Measurement:
times of the spikes, and the resting cell's input resistance. Checks: against closed forms of the
model. A detailed layer-5 cell's answers to the same steps stand beside it, without a verdict: a
soma with one adaptation current does not fire as that cell does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from brian2 import Network, Quantity, SpikeMonitor, amp, ms, mV, nA, ohm, second
from brian2.units.fundamentalunits import have_same_dimensions
from numpy.typing import NDArray

from htm_brian.arguments import check_integer
from htm_brian.brian_compiling import uncompiled
from htm_brian.cells.exact import spike_times
from htm_brian.cells.pyramidal import MECHANISMS, PyramidalCells, input_conductance
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.parameters import Model, load_model

HAY = (
    "Hay et al. 2011, PLOS Comput Biol 7:e1002107: layer-5b cell (ModelDB 139653, cell1, "
    "L5PCbiophys3), run in NEURON 9.0.2"
)
HAY_RATES = {0.3: 0.0, 0.4: 4.5, 0.619: 11.0, 1.0: 15.5}
"""Spikes a second in a step of 2 s, by current in nA."""
HAY_INTERVALS = {0.619: (10.2, 97.7), 1.0: (6.8, 66.5)}
"""First and last interspike interval in ms, by current in nA."""
HAY_RESISTANCE = 37.3
"""Megaohm, with a step of -0.2 nA."""

STRETCHES = 10
CLOSED_FORM = "closed form: (threshold - rest) x input conductance of the resting cell"
EXACT = "the same equations solved without a time step (htm_brian.cells.exact)"


@dataclass(frozen=True)
class FiringRateParameters:
    """What a run of `FiringRate` depends on."""

    model: str = "l5_reduced"
    highest_current: Quantity = quantity(1.2 * nA)
    n_currents: int = 49
    probe_current: Quantity = quantity(-0.2 * nA)
    duration: Quantity = quantity(2 * second)
    time_step: Quantity = quantity(0.1 * ms)

    def __post_init__(self) -> None:
        check_integer("n_currents", self.n_currents, low=3)
        units = {
            "highest_current": amp,
            "probe_current": amp,
            "duration": second,
            "time_step": second,
        }
        for name, unit in units.items():
            value = getattr(self, name)
            if not have_same_dimensions(value, unit):
                raise ValueError(f"{name} must have a unit like {unit}, got {value}")
            if name != "probe_current" and value <= 0 * unit:
                raise ValueError(f"{name} must be positive, got {value}")
        if self.probe_current >= 0 * amp:
            raise ValueError(f"probe_current must be negative, got {self.probe_current}")
        if self.duration < STRETCHES * self.time_step:
            raise ValueError(
                f"duration must be at least {STRETCHES} time steps, got {self.duration}"
            )

    @property
    def currents(self) -> NDArray[np.float64]:
        """Amperes: evenly spaced from 0, and those that the detailed cell was given."""
        even = np.linspace(0, float(self.highest_current), self.n_currents)
        given = np.array(list(HAY_RATES)) * 1e-9
        return np.unique(np.concatenate((even, given[given <= float(self.highest_current)])))


class FiringRate(Protocol):
    """Rheobase, rate and adaptation of a pyramidal cell of level 1."""

    name = "firing_rate"
    claim = (
        "a layer-5 pyramidal cell is silent below its rheobase, fires the faster the more current "
        "it gets, and slows down during a step"
    )
    source = f"Naud & Sprekeler 2018, PNAS 115:E6329 (soma); for comparison {HAY}"
    parameters = FiringRateParameters()

    def __init__(self, parameters: FiringRateParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = load_model(self.parameters.model).require(MECHANISMS)

    def run(self, progress: Progress) -> Outcome:
        """Apply the steps, then look closer where firing begins."""
        parameters, model = self.parameters, self._model
        with uncompiled():
            trains, probe = steps(model, parameters, progress)
            if progress.interrupted:
                return Outcome(xr.Dataset(), [], partial=True, parameter_rows=model.rows())
            rheobase = find_rheobase(model, parameters, trains)
        dataset = to_dataset(model, parameters, trains, probe, rheobase)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=model.rows())


def steps(
    model: Model, parameters: FiringRateParameters, progress: Progress
) -> tuple[list[NDArray[np.float64]], float]:
    """Give every current to a cell of its own, and the probe to one more.

    Returns
    -------
    list of ndarray
        Spike times of each cell, in seconds.
    float
        Potential of the probed cell at the end, in volts.
    """
    currents = np.append(parameters.currents, float(parameters.probe_current))
    cells = PyramidalCells(len(currents), model, dt=parameters.time_step, method="rk2")
    cells.injected_current = currents * amp
    spikes = SpikeMonitor(cells, "last_spike_time")
    network = Network(cells, spikes)
    progress.begin("current steps", STRETCHES)
    for _ in range(STRETCHES):
        network.run(parameters.duration / STRETCHES)
        progress.advance()
        if progress.interrupted:
            break
    trains = spikes.values("last_spike_time")
    return [np.asarray(trains[cell]) for cell in range(len(currents) - 1)], float(cells.v[-1])


def find_rheobase(
    model: Model, parameters: FiringRateParameters, trains: list[NDArray[np.float64]]
) -> float:
    """Return the least current that fires a cell, in amperes, to 0.01 of the curve's spacing."""
    fired = np.array([len(train) > 0 for train in trains])
    if fired[0] or not fired.any():
        return np.nan
    first = int(np.argmax(fired))
    silent, firing = parameters.currents[first - 1 : first + 1]
    currents = np.linspace(silent, firing, 101)
    cells = PyramidalCells(len(currents), model, dt=parameters.time_step, method="rk2")
    cells.injected_current = currents * amp
    spikes = SpikeMonitor(cells)
    Network(cells, spikes).run(min(parameters.duration, 500 * ms))
    return float(currents[np.argmax(spikes.count[:] > 0)])


def to_dataset(
    model: Model,
    parameters: FiringRateParameters,
    trains: list[NDArray[np.float64]],
    probe: float,
    rheobase: float,
) -> xr.Dataset:
    """Gather what was measured, what is exact, and what the detailed cell does."""
    seconds = float(parameters.duration)
    exact = [spike_times(model, i * amp, parameters.duration) for i in parameters.currents]
    longest = max(2, *(len(train) for train in (*trains, *exact)))
    conductance = input_conductance(model)
    resting = model["soma"]["resting_potential"]
    closed = (model["spike"]["threshold"] - resting) * conductance
    measured = (probe * 1e3 * mV - resting) / parameters.probe_current
    current = ("current",)
    return xr.Dataset(
        {
            "rate": (current, [len(t) / seconds for t in trains], {"units": "Hz"}),
            "exact_rate": (current, [len(t) / seconds for t in exact], {"units": "Hz"}),
            "spike_time": (("current", "spike"), _table(trains, longest) * 1e3, {"units": "ms"}),
            "exact_spike_time": (
                ("current", "spike"),
                _table(exact, longest) * 1e3,
                {"units": "ms"},
            ),
            "rheobase": ((), rheobase * 1e9, {"units": "nA"}),
            "exact_rheobase": ((), float(closed / nA), {"units": "nA"}),
            "input_resistance": ((), float(measured / ohm) * 1e-6, {"units": "Mohm"}),
            "exact_input_resistance": ((), float(1 / conductance / ohm) * 1e-6, {"units": "Mohm"}),
            "hay_rate": (("hay_current",), list(HAY_RATES.values()), {"units": "Hz"}),
        },
        coords={
            "current": (current, parameters.currents * 1e9, {"units": "nA"}),
            "hay_current": (("hay_current",), list(HAY_RATES), {"units": "nA"}),
        },
        attrs={"reference": HAY, "model": model.name},
    )


def _table(trains: list[NDArray[np.float64]], width: int) -> NDArray[np.float64]:
    """Return trains as rows, filled up with NaN."""
    table = np.full((len(trains), width), np.nan)
    for row, train in zip(table, trains, strict=True):
        row[: len(train)] = train
    return table


def mean_interval(times: xr.DataArray) -> xr.DataArray:
    """Return, by current, the mean interspike interval; NaN below two spikes."""
    n_spikes = times.notnull().sum("spike")
    span = times.max("spike") - times.min("spike")
    return (span / (n_spikes - 1)).where(n_spikes >= 2)


def slowing(times: xr.DataArray) -> xr.DataArray:
    """Return, by current, the last interspike interval over the first; NaN below three spikes."""
    intervals = times.diff("spike")
    n_intervals = intervals.notnull().sum("spike")
    last = intervals.isel(spike=(n_intervals - 1).clip(min=0))
    return (last / intervals.isel(spike=0)).where(n_intervals >= 2)


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the measurements against the closed forms."""
    rheobase, resistance = float(dataset.exact_rheobase), float(dataset.exact_input_resistance)
    falls = int((dataset.rate.diff("current") < 0).sum())
    interval, exact_interval = (
        mean_interval(times) for times in (dataset.spike_time, dataset.exact_spike_time)
    )
    error = float(np.abs(interval / exact_interval - 1).max())
    ratio, exact_ratio = slowing(dataset.spike_time), slowing(dataset.exact_spike_time)
    strongest = float(ratio.isel(current=-1))
    return [
        Check(
            "rheobase", float(dataset.rheobase), "nA", 0.99 * rheobase, 1.01 * rheobase, CLOSED_FORM
        ),
        Check(
            "input resistance",
            float(dataset.input_resistance),
            "Mohm",
            0.99 * resistance,
            1.01 * resistance,
            "closed form: leaks and couplings in series and in parallel",
        ),
        Check(
            "steps of the curve on which the rate falls",
            falls,
            "1",
            None,
            0,
            "an integrate-and-fire cell has no depolarisation block",
        ),
        Check(
            "mean interspike interval less exact one, largest, relative",
            error,
            "1",
            None,
            0.01,
            EXACT,
        ),
        Check(
            "last over first interspike interval, highest current",
            strongest,
            "1",
            1.0,
            None,
            "Naud & Sprekeler 2018: spikes add to an adaptation current",
        ),
        Check(
            "that ratio less the exact one",
            abs(strongest - float(exact_ratio.isel(current=-1))),
            "1",
            None,
            0.02,
            EXACT,
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the detailed cell's answers beside this one's; nothing is demanded of them."""
    found: dict[str, Any] = {
        "input resistance, Mohm": float(dataset.input_resistance),
        "input resistance, Hay 2011, Mohm": HAY_RESISTANCE,
    }
    for current, rate in HAY_RATES.items():
        here = dataset.sel(current=current, method="nearest")
        found[f"rate at {current:g} nA, Hz"] = float(here.rate)
        found[f"rate at {current:g} nA, Hay 2011, Hz"] = rate
    ratio = slowing(dataset.spike_time)
    for current, (first, last) in HAY_INTERVALS.items():
        slowed = float(ratio.sel(current=current, method="nearest"))
        found[f"last over first interval at {current:g} nA"] = slowed
        found[f"last over first interval at {current:g} nA, Hay 2011"] = last / first
    return found

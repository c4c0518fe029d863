"""Steps of current into cells of level 1 or 2: rate, latency, intervals, resistance.

One cell for each current; a step begins once the cells have come to rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import (
    Network,
    NetworkOperation,
    Quantity,
    SpikeMonitor,
    StateMonitor,
    amp,
    ms,
    mV,
    nA,
    ohm,
)
from numpy.typing import NDArray

from htm_brian.cells.exact import spike_times
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.cells.reduced_response import input_conductance
from htm_brian.electrophysiology import traces
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.running import run_watched
from htm_brian.fitting import resting
from htm_brian.parameters import Model
from htm_brian.protocols.firing_rate.reference import HAY, HAY_INTERVALS, HAY_RATES

if TYPE_CHECKING:
    from htm_brian.protocols.firing_rate import FiringRateParameters

ONSET = 100 * ms
"""Of a step; by then the cells are at rest."""
SETTLED = 300 * ms
"""Into a step; a burst at its onset and the pause after it are over."""
FINER = 101
"""Currents between the last that is silent and the first that fires."""
LOOK = 250 * ms
"""For how long these are given."""


@dataclass(frozen=True)
class Steps:
    """What the cells of one model get.

    Attributes
    ----------
    currents : ndarray
        Amperes, one for each cell.
    probe : Quantity
        Negative current, for one more cell.
    duration, time_step : Quantity
        Of the steps, and of the simulation.
    """

    currents: NDArray[np.float64]
    probe: Quantity
    duration: Quantity
    time_step: Quantity


Trains = list[NDArray[np.float64]]


def measure(
    reduced: Model, detailed: Model, parameters: FiringRateParameters, progress: Progress
) -> xr.Dataset | None:
    """Return the answers of both levels to the steps; None if the run was stopped."""
    return both_levels(reduced, detailed, parameters.steps, progress)


def both_levels(
    reduced: Model, detailed: Model, steps: Steps, progress: Progress
) -> xr.Dataset | None:
    """Return the answers of both levels, the exact ones of level 1, and those of Hay's cell.

    None if the run was stopped.
    """
    answers = []
    for model in (reduced, detailed):
        found = answer(model, steps, progress)
        if found is None:
            return None
        answers.append(found)
    both = xr.concat(answers, xr.Variable("level", [1, 2]), join="outer")
    exactly = exact(reduced, steps)
    exactly = exactly.rename({name: f"exact_{name}" for name in exactly.data_vars})
    passive = passive_resistance(detailed)
    return (
        xr.merge([both, exactly], join="outer")
        .assign(
            passive_resistance=((), passive, {"units": "Mohm"}),
            hay_rate=(("hay_current",), list(HAY_RATES.values()), {"units": "Hz"}),
            hay_current=(("hay_current",), list(HAY_RATES), {"units": "nA"}),
            hay_interval=(
                ("hay_interval_current", "end"),
                list(HAY_INTERVALS.values()),
                {"units": "ms"},
            ),
            hay_interval_current=(
                ("hay_interval_current",),
                list(HAY_INTERVALS),
                {"units": "nA"},
            ),
        )
        .assign_attrs(model=reduced.name, detailed_model=detailed.name, reference=HAY)
    )


def answer(model: Model, steps: Steps, progress: Progress) -> xr.Dataset | None:
    """Return what the cells of a model do; None if the run was stopped."""
    currents = np.append(steps.currents, float(steps.probe))
    found = _inject(model, currents, steps.duration, steps.time_step, progress)
    if found is None:
        return None
    trains, time, probed = found
    rheobase = find_rheobase(model, steps, trains[:-1], progress)
    if rheobase is None:
        return None
    start = float(ONSET / ms)
    end = start + float(steps.duration / ms)
    response = traces.step_response(time, probed, float(steps.probe / nA), start, end)
    dataset = trains_to_dataset(steps, trains[:-1])
    single = {
        "rheobase": (rheobase * 1e9, "nA"),
        "input_resistance": (response.resistance, "Mohm"),
        "time_constant": (response.time_constant, "ms"),
        "sag": (response.sag, "1"),
    }
    return dataset.assign({k: ((), value, {"units": unit}) for k, (value, unit) in single.items()})


def _inject(
    model: Model,
    currents: NDArray[np.float64],
    duration: Quantity,
    time_step: Quantity,
    progress: Progress,
) -> tuple[Trains, NDArray[np.float64], NDArray[np.float64]] | None:
    """Return spikes (s after the onset), and times (ms) and potential (mV) of the last cell."""
    # The closed forms of level 1 are met to second order; level 2 needs its own stable method.
    method = "rk2" if model.level == 1 else None
    cells = PyramidalCells(len(currents), model, dt=time_step, method=method)
    spikes = SpikeMonitor(cells, "last_spike_time")
    monitor = StateMonitor(cells, "v", record=[len(currents) - 1])

    def step() -> None:
        if cells.t >= ONSET:
            cells.injected_current = currents * amp

    network = Network(
        cells,
        spikes,
        monitor,
        NetworkOperation(step, dt=ONSET, when="start"),
    )
    description = f"current steps, level {model.level}"
    if not run_watched(network, ONSET + duration, progress, description, [cells]):
        return None
    trains = spikes.values("last_spike_time")
    return (
        [np.asarray(trains[cell]) - float(ONSET) for cell in range(len(currents))],
        np.asarray(monitor.t / ms),
        np.asarray(monitor.v[0] / mV),
    )


def find_rheobase(model: Model, steps: Steps, trains: Trains, progress: Progress) -> float | None:
    """Return the least current that fires a cell, in amperes, to 0.01 of the curve's spacing.

    NaN where no current fires one, or all do; None if the run was stopped.
    """
    fired = np.array([len(train) > 0 for train in trains])
    if fired[0] or not fired.any():
        return np.nan
    at = int(np.argmax(fired))
    finer = np.linspace(steps.currents[at - 1], steps.currents[at], FINER)
    found = _inject(model, finer, min(steps.duration, LOOK), steps.time_step, progress)
    if found is None:
        return None
    hits = [len(train) > 0 for train in found[0]]
    return float(finer[int(np.argmax(hits))]) if any(hits) else float(finer[-1])


def trains_to_dataset(steps: Steps, trains: Trains) -> xr.Dataset:
    """Return rate, latency and pattern of the spikes (seconds after the onset), by current."""
    table = np.full((len(trains), max(2, *(len(train) for train in trains))), np.nan)
    for row, train in zip(table, trains, strict=True):
        row[: len(train)] = train * 1e3
    seconds = float(steps.duration)
    pattern = _pattern(steps, trains)
    current = ("current",)
    return xr.Dataset(
        {
            "rate": (current, [len(train) / seconds for train in trains], {"units": "Hz"}),
            "latency": (current, table[:, 0], {"units": "ms"}),
            "spike_time": (("current", "spike"), table, {"units": "ms"}),
            "adaptation_index": (current, pattern["adaptation_index2"], {"units": "1"}),
            "interval_variation": (current, pattern["ISI_CV"], {"units": "1"}),
        },
        coords={
            "current": (current, steps.currents * 1e9, {"units": "nA"}),
            "spike": np.arange(1, table.shape[1] + 1),
        },
    )


def _pattern(steps: Steps, trains: Trains) -> dict[str, NDArray[np.float64]]:
    """Return eFEL's measures of a train, which leave out the first interval (a burst's)."""
    # First and last interval, latency and rate are taken from the times themselves: drawn into a
    # trace they would be rounded to its steps.
    step, end = float(steps.time_step / ms), float(steps.duration / ms)
    time = np.arange(0, end, step)
    drawn = traces.with_spikes(
        time, np.full((len(trains), len(time)), -70.0), [train * 1e3 for train in trains]
    )
    names = ("adaptation_index2", "ISI_CV")
    found = traces.features(time, drawn, names, start=0, end=end)
    return {name: traces.first(values) for name, values in found.items()}


def exact(model: Model, steps: Steps) -> xr.Dataset:
    """Return what the equations of level 1 say without a time step."""
    trains = [spike_times(model, i * amp, steps.duration) for i in steps.currents]
    conductance = input_conductance(model)
    closed = (model["spike"]["threshold"] - model["soma"]["resting_potential"]) * conductance
    return trains_to_dataset(steps, trains)[["rate", "latency", "spike_time"]].assign(
        rheobase=((), float(closed / nA), {"units": "nA"}),
        input_resistance=((), float(1 / conductance / ohm) * 1e-6, {"units": "Mohm"}),
    )


def passive_resistance(model: Model) -> float:
    """Return the input resistance of the passive tree of level 2, in megaohm."""
    return resting.input_resistance(model) * 1e-6


def mean_interval(times: xr.DataArray) -> xr.DataArray:
    """Return, by current, the mean interspike interval; NaN below two spikes."""
    n_spikes = times.notnull().sum("spike")
    span = times.max("spike") - times.min("spike")
    return (span / (n_spikes - 1)).where(n_spikes >= 2)


def ends(times: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Return, by current, the first and the last interspike interval; NaN below three spikes."""
    intervals = times.diff("spike")
    enough = intervals.notnull().sum("spike") >= 2
    rows, present = intervals.transpose("current", "spike"), intervals.notnull()
    begin, end = (
        present.argmax("spike"),
        present.sizes["spike"] - 1 - present[{"spike": slice(None, None, -1)}].argmax("spike"),
    )
    return rows.isel(spike=begin).where(enough), rows.isel(spike=end).where(enough)


def slowing(times: xr.DataArray) -> xr.DataArray:
    """Return, by current, the last interspike interval over the first; NaN below three spikes."""
    first, last = ends(times)
    return last / first


def later_slowing(times: xr.DataArray) -> xr.DataArray:
    """Return, by current, the last interval over the first that begins `SETTLED` into the step."""
    return slowing(times.where(times >= float(SETTLED / ms)))


def slope(rate: xr.DataArray, low: float, high: float) -> float:
    """Return by how much the rate grows from one current (nA) to another, in Hz/nA."""
    begin, end = (rate.sel(current=current, method="nearest") for current in (low, high))
    return float((end - begin) / (end.current - begin.current))

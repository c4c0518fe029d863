"""Excitatory potentials that follow one another: how far they sum at the soma.

Each synapse gets a cell for one spike and one for a train of each rate; a cell without input is
subtracted. At level 2 it is one synapse on the soma, which stands for the dendrites next to it,
with NMDA receptors and without. Level 1 has no single synapses on its soma's side: there it is a
small volley, whose conductance decays more slowly, for it holds the spread of its arrivals too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import Network, Quantity, SpikeGeneratorGroup, StateMonitor, Synapses, mV, second
from numpy.typing import NDArray
from scipy.optimize import least_squares

from htm_brian.cells.biophysical import on_glutamate
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.electrophysiology import traces
from htm_brian.electrophysiology.stimulation import Stimulus, stimulate
from htm_brian.experiment.progress import Progress
from htm_brian.parameters import Model
from htm_brian.synapses.release import short_term
from htm_brian.synapses.release.epsp import TimeCourse

if TYPE_CHECKING:
    from htm_brian.protocols.firing_rate import FiringRateParameters

RATES = (40.0, 80.0, 100.0)
"""Hz."""
ONSET = 0.05
"""Seconds; time of the first spike."""
LEFT_AT = (25.0, 12.5, 10.0)
"""ms; intervals at these rates."""
RECEPTORS = {"AMPA": ("ampa",), "AMPA and NMDA": ("ampa", "nmda")}
VOLLEY = "volley, level 1"
VOLLEY_SHARE = 0.002
"""Of a volley; some 0.2 mV, so that what is left of the driving force hardly matters."""
QUARTER = 0.25
"""An EPSP is over when that is left of it."""


def measure(
    reduced: Model, detailed: Model, parameters: FiringRateParameters, progress: Progress
) -> xr.Dataset | None:
    """Return how the potentials of every synapse sum, and each alone; None if stopped."""
    duration, time_step = parameters.train_duration, parameters.time_step
    found = potentials(detailed, reduced, duration, time_step, progress)
    if found is None:
        return None
    return summation(found).assign(single=found.potential.sel(train=0, drop=True))


def spikes(rate: float, duration: Quantity) -> NDArray[np.float64]:
    """Return the times of a train, in seconds; one spike at rate 0."""
    n = 1 if rate == 0 else int(np.ceil(rate * float(duration) - 1e-9))
    return ONSET + np.arange(n) / (rate or 1)


def potentials(
    detailed: Model, reduced: Model, duration: Quantity, time_step: Quantity, progress: Progress
) -> xr.Dataset | None:
    """Return the potentials of every synapse, alone and in trains; None if the run was stopped.

    Parameters
    ----------
    detailed, reduced : Model
        Cells of level 2 and 1.
    duration : Quantity
        Of the trains.
    """
    total = duration + ONSET * second
    rates = (0.0, *RATES)
    stimulus = Stimulus(len(RECEPTORS) * len(rates) + 1)
    given = [(kind, rate) for kind in RECEPTORS.values() for rate in rates]
    for cell, (kind, rate) in enumerate(given):
        stimulus.synapses(cell, on_glutamate("soma", kind), spikes(rate, duration))
    found = stimulate(
        detailed, stimulus, total, time_step, progress, description="trains of one synapse"
    )
    if not found.complete:
        return None
    soma = found.potential("soma")
    at_level_2 = (soma[:-1] - soma[-1]).reshape(len(RECEPTORS), len(rates), -1)
    at_level_1 = _volleys(reduced, rates, duration, total, time_step)
    return xr.Dataset(
        {
            "potential": (
                ("synapse", "train", "time"),
                np.concatenate((at_level_2, at_level_1[None])),
                {"units": "mV"},
            )
        },
        coords={
            "synapse": [*RECEPTORS, VOLLEY],
            "train": ("train", list(rates), {"units": "Hz"}),
            "time": ("time", (found.time - ONSET) * 1e3, {"units": "ms"}),
        },
    )


def _volleys(
    model: Model,
    rates: tuple[float, ...],
    duration: Quantity,
    total: Quantity,
    time_step: Quantity,
) -> NDArray[np.float64]:
    """Return the soma's depolarisation at level 1, in mV."""
    cells = PyramidalCells(len(rates), model, dt=time_step, method="rk2")
    trains = [spikes(rate, duration) for rate in rates]
    target = np.repeat(np.arange(len(rates)), [len(train) for train in trains])
    axons = SpikeGeneratorGroup(
        len(target), np.arange(len(target)), np.concatenate(trains) * second, clock=cells.clock
    )
    volley = f"{VOLLEY_SHARE}*feedforward_volley_conductance_post"
    synapses = Synapses(
        axons, cells, on_pre=f"feedforward_conductance_post += {volley}", clock=cells.clock
    )
    synapses.connect(i=np.arange(len(target)), j=target)
    monitor = StateMonitor(cells, "v", record=True)
    Network(cells, axons, synapses, monitor).run(total, namespace={})
    return np.asarray((monitor.v - model["soma"]["resting_potential"]) / mV)


def summation(found: xr.Dataset) -> xr.Dataset:
    """Measure the potentials, and hold the trains against sums of what one spike does."""
    time = found.time.to_numpy()
    single = found.potential.sel(train=0).to_numpy()
    measured = traces.depolarisations(time - time[0], single, start=-time[0])
    trains = found.potential.sel(train=list(RATES))
    late = trains.where(trains.time > time[-1] - 1e3 / trains.train)
    peak = xr.DataArray(measured.peak, dims="synapse")
    sums, curves, fits, over = [], [], [], []
    for row, top in zip(single, measured.peak, strict=True):
        course, gain = fit(time, row / top)
        fits.append((course.rise * 1e3, course.decay * 1e3))
        over.append(_over(time, row / top))
        sums.append([_late(time, rate, lambda t, r=row: np.interp(t, time, r)) for rate in RATES])
        curves.append(
            [
                _late(time, rate, lambda t, c=course, g=gain, p=top: g * p * c.at(t * 1e-3))
                for rate in RATES
            ]
        )
    left = [[np.interp(after, time, row) for after in LEFT_AT] for row in single]
    table, one = ("synapse", "train"), ("synapse",)
    return xr.Dataset(
        {
            "peak": (one, measured.peak, {"units": "mV"}),
            "half_width": (one, measured.half_width, {"units": "ms"}),
            "over": (
                one,
                over,
                {"units": "ms", "long_name": "from spike to a quarter of the peak"},
            ),
            "rise": (one, np.array(fits)[:, 0], {"units": "ms"}),
            "decay": (one, np.array(fits)[:, 1], {"units": "ms"}),
            "left": (("synapse", "after"), np.array(left) / measured.peak[:, None]),
            "late_over_first": late.max("time") / peak,
            "superposed": (table, np.array(sums) / measured.peak[:, None]),
            "by_time_course": (table, np.array(curves) / measured.peak[:, None]),
            "mean_over_first": late.mean("time") / peak,
        },
        coords={
            "synapse": found.synapse,
            "train": trains.train,
            "after": ("after", list(LEFT_AT), {"units": "ms"}),
        },
    )


def fit(time: NDArray[np.float64], single: NDArray[np.float64]) -> tuple[TimeCourse, float]:
    """Return the difference of two exponentials nearest to a potential, and its peak."""
    since = np.maximum(time, 0) * 1e-3

    def course(parameters: NDArray[np.float64]) -> TimeCourse:
        return TimeCourse(parameters[0], parameters[0] + parameters[1])

    found = least_squares(
        lambda p: p[2] * course(p).at(since) - single,
        [1e-3, 15e-3, 1.0],
        bounds=([1e-4, 1e-4, 0.5], [0.05, 0.3, 1.5]),
    ).x
    return course(found), float(found[2])


def _late(time: NDArray[np.float64], rate: float, single: object) -> float:
    """Return the highest potential in the last period of a train, by summing single ones."""
    last = time[time > time[-1] - 1e3 / rate]
    total = np.zeros_like(last)
    for start in np.arange(0, time[-1] + 1e-9, 1e3 / rate):
        total += np.where(last >= start, single(np.maximum(last - start, 0)), 0)  # type: ignore[operator]
    return float(total.max())


def _over(time: NDArray[np.float64], single: NDArray[np.float64]) -> float:
    """Return when a quarter of the potential is left, in ms after the spike."""
    after = int(np.argmax(single))
    below = single[after:] < QUARTER
    return float(time[after + int(np.argmax(below))]) if below.any() else np.nan


def depressed_drive(use: float, recovery_time: float) -> NDArray[np.float64]:
    """Return the mean drive by a depressing synapse at `RATES`, over that of its first spike.

    In spikes' worth a second: rate times the stationary share of the first amplitude.
    """
    share = short_term.stationary(use, recovery_time, 0.0, RATES) / use
    return np.asarray(share) * np.array(RATES)

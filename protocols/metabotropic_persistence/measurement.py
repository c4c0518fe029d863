"""Depolarisation over seconds, and how often a basal input fires the cell in noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import ms, mV
from numpy.typing import NDArray

from htm_brian.electrophysiology.stimulation import Stimulus, Traces, stimulate
from htm_brian.electrophysiology.traces import width_above
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.parameters import Model
from htm_brian.protocols.metabotropic_persistence.stimulus import (
    VOLLEY,
    basal_compartments,
    basal_input,
    noise,
    trains,
    volleys,
)

if TYPE_CHECKING:
    from htm_brian.protocols.metabotropic_persistence import MetabotropicPersistenceParameters


SETTLED = 400.0
"""ms after the last volley; AMPA and NMDA receptors have closed."""

RESOLUTION = 0.1
"""Synapses; of the basal input's threshold."""


def persist(
    model: Model, parameters: MetabotropicPersistenceParameters, progress: Progress
) -> xr.Dataset | None:
    """Return the soma's depolarisation after each train, with receptors and without."""
    given = trains(parameters)
    places = basal_compartments(model)
    stimulus = Stimulus(2 * len(given))
    with_receptors = np.arange(stimulus.n_cells) < len(given)
    for cell in range(stimulus.n_cells):
        times = list(given.values())[cell % len(given)]
        volleys(stimulus, cell, places, times, parameters.n_synapses)
    per_volley = model["metabotropic"]["calcium_per_volley"] * with_receptors
    stimulus.values = {"metabotropic.calcium_per_volley": per_volley}
    sample = max(1, round(float(2 * ms / parameters.time_step)))
    traces = stimulate(
        model,
        stimulus,
        parameters.duration,
        parameters.time_step,
        progress,
        sample=sample,
        description="depolarisation over seconds",
    )
    if not traces.complete:
        return None
    depolarisation = traces.potential("soma") - float(model["soma"]["resting_potential"] / mV)
    time = traces.time * 1e3
    last = np.array([times[-1] for times in given.values()] * 2)
    later = np.where(time[None, :] >= last[:, None] + SETTLED, depolarisation, -np.inf)
    since = np.where(time[None, :] > last[:, None] + 1, depolarisation, 0.0)
    above = width_above(time, since, float(parameters.level / mV)) / 1e3
    shape, dims = (2, len(given)), ("receptors", "train")
    return xr.Dataset(
        {
            "depolarisation": (
                (*dims, "time"),
                depolarisation.reshape(*shape, -1),
                {"units": "mV"},
            ),
            "time_above": (dims, above.reshape(shape), {"units": "s"}),
            "left": (dims, later.max(axis=1).reshape(shape), {"units": "mV"}),
            "spikes": (dims, np.reshape([len(t) for t in traces.spikes], shape), {"units": "1"}),
        },
        coords={
            "receptors": ["with receptors", "without receptors"],
            "train": list(given),
            "time": ("time", (time - VOLLEY) / 1e3, {"units": "s"}),
        },
        attrs={"level": float(parameters.level / mV), "n_close": len(parameters.intervals)},
    )


def fire(
    model: Model, parameters: MetabotropicPersistenceParameters, progress: Progress
) -> xr.Dataset | None:
    """Return how often a subthreshold basal input fires noisy cells, after volleys and without."""
    least = least_basal(model, parameters, progress)
    if least is None:
        return None
    n = parameters.n_trials
    arms = ("after volleys", "without volleys", "after volleys, no receptors")
    stimulus = Stimulus(len(arms) * n)
    places = basal_compartments(model)
    close = next(iter(trains(parameters).values()))
    test = close[-1] + float(parameters.test_time / ms)
    strength = parameters.basal_share * least
    for cell in range(stimulus.n_cells):
        if arms[cell // n] != "without volleys":
            volleys(stimulus, cell, places, close, parameters.n_synapses)
        basal_input(stimulus, cell, places, strength, test)
    receptors = np.repeat([1.0, 1.0, 0.0], n)
    stimulus.values = {
        "metabotropic.calcium_per_volley": model["metabotropic"]["calcium_per_volley"] * receptors
    }
    duration = (test + 60) * ms
    stimulus.currents["soma"] = np.tile(noise(model, parameters, duration), (1, len(arms)))
    traces = stimulate(
        model,
        stimulus,
        duration,
        parameters.test_time_step,
        progress,
        sample=round(float(1 * ms / parameters.test_time_step)),
        description="basal input in noise",
    )
    if not traces.complete:
        return None
    share, before = count(traces, test * 1e-3, len(arms))
    undisturbed = (traces.time > 0.06) & (traces.time < test * 1e-3)
    quiet = traces.potential("soma")[n : 2 * n, undisturbed]
    return xr.Dataset(
        {
            "probability": (("arm",), share, {"units": "1"}),
            "spontaneous": (("arm",), before, {"units": "1"}),
            "noise_sd": ((), float(quiet.std()), {"units": "mV"}),
        },
        coords={"arm": list(arms)},
        attrs={"least_basal": least},
    )


def count(traces: Traces, test: float, n_arms: int) -> tuple[NDArray[np.float64], ...]:
    """Return the share of trials with a spike within 50 ms of the input, and just before."""
    found = []
    for start in (test, test - 0.05):
        hit = [bool(((train >= start) & (train < start + 0.05)).any()) for train in traces.spikes]
        found.append(np.reshape(hit, (n_arms, -1)).mean(axis=1))
    return tuple(found)


def least_basal(
    model: Model, parameters: MetabotropicPersistenceParameters, progress: Progress
) -> float | None:
    """Return how many basal synapses just fire a resting cell; None if the run was stopped.

    Not a whole number: an input that is a share of it is then as near to threshold at any step.
    """
    places = basal_compartments(model)
    strengths = np.arange(1, 40 * len(places) + RESOLUTION / 2, RESOLUTION)
    stimulus = Stimulus(len(strengths))
    for cell in range(stimulus.n_cells):
        basal_input(stimulus, cell, places, 1.0, 5.0)
    for table in ("ampa", "nmda"):
        unitary = model[table]["unitary_conductance"]
        stimulus.values[f"{table}.unitary_conductance"] = unitary * strengths
    traces = stimulate(
        model,
        stimulus,
        60 * ms,
        parameters.test_time_step,
        progress,
        record=(),
        description="threshold of the basal input",
    )
    if not traces.complete:
        return None
    fired = np.array([len(train) > 0 for train in traces.spikes])
    if not fired.any():
        raise InputError(f"{strengths[-1]:g} basal synapses do not fire the cell ({model.file})")
    return float(strengths[int(np.argmax(fired))])

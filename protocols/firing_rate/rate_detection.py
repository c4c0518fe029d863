"""Coincidence detection by a branch whose inputs fire at random, against their rate.

Presynaptic cells fire as Poisson processes from time 0 on; each spike is transmitted by chance, and
a synapse counts once, however often it does. A branch that starts a plateau within the window has
seen enough of its synapses. At one moment of a window that has begun with nothing the count only
grows, so that the windows of all lengths are read from one run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import Network, Quantity, SpikeGeneratorGroup, SpikeMonitor, ms, second
from numpy.typing import NDArray
from scipy import stats

from htm_brian.cells import tree
from htm_brian.electrophysiology.keyed_synapses import keyed_synapses
from htm_brian.electrophysiology.stimulation import Stimulus, stimulate
from htm_brian.experiment.progress import Progress
from htm_brian.mechanisms.branch import DendriticBranches
from htm_brian.parameters import Model
from htm_brian.randomness import stream
from htm_brian.sdr import theory

if TYPE_CHECKING:
    from htm_brian.protocols.firing_rate import FiringRateParameters

RATES = (5.0, 10.0, 20.0, 30.0, 40.0, 60.0, 80.0, 100.0)
"""Hz, of each presynaptic cell."""
WINDOWS = (10.0, 30.0, 50.0)
"""ms."""
STEP = 0.1 * ms
"""Two spikes of one axon in one step count as one: 0.3 % of the drive at 100 Hz."""
PLATEAU = -40.0
"""mV; a branch of level 2 above it is in an NMDA plateau."""
SETTLED = 20.0
"""ms after the window, for the plateau of level 2 to rise."""


@dataclass(frozen=True)
class Inputs:
    """Synapses of one branch, and when they are enough."""

    n_synapses: int = 20
    threshold: int = 10
    transmission: float = 0.5


def transmitted(inputs: Inputs, rate: float, window: float) -> float:
    """Return the probability that a synapse transmits in a window (ms): thinned Poisson spikes."""
    return float(1 - np.exp(-inputs.transmission * rate * window * 1e-3))


def closed_form(inputs: Inputs) -> NDArray[np.float64]:
    """Return the probability of detection, of shape (rates, windows)."""
    share = np.array([[transmitted(inputs, rate, w) for w in WINDOWS] for rate in RATES])
    miss = theory.miss_under_release_failure(inputs.n_synapses, inputs.threshold, share)
    return np.asarray(1 - np.asarray(miss))


def measure(
    cell: Model, detailed: Model, parameters: FiringRateParameters, progress: Progress
) -> xr.Dataset | None:
    """Return how often a branch sees enough synapses; None if the run was stopped."""
    return detection(
        cell,
        detailed,
        Inputs(),
        trials=parameters.n_trials,
        branches=parameters.n_branches,
        detailed_branches=parameters.n_detailed_branches,
        seed=parameters.seed,
        progress=progress,
    )


def detection(
    cell: Model,
    detailed: Model,
    inputs: Inputs,
    *,
    trials: int,
    branches: int,
    detailed_branches: int,
    seed: int,
    progress: Progress,
) -> xr.Dataset | None:
    """Return detection by theory, by sampling, by spiking branches; None if the run was stopped.

    Parameters
    ----------
    cell, detailed : Model
        Of level 1 and 2.
    inputs : Inputs
        Of each branch.
    trials, branches, detailed_branches : int
        For each rate: sampled, of level 1, of level 2.
    seed : int
        Of spikes and releases.
    """
    at_level_2 = _at_level_2(detailed, inputs, detailed_branches, seed, progress)
    if at_level_2 is None:
        return None
    table = ("input_rate", "window")
    return xr.Dataset(
        {
            "detection": (table, closed_form(inputs)),
            "detection_sampled": (table, _sampled(inputs, trials, seed)),
            "detection_spiking": (table, _spiking(cell, inputs, branches, seed)),
            "detection_level_2": (table, at_level_2),
        },
        coords={
            "input_rate": ("input_rate", list(RATES), {"units": "Hz"}),
            "window": ("window", list(WINDOWS), {"units": "ms"}),
        },
        attrs={
            "trials": trials,
            "branches": branches,
            "detailed_branches": detailed_branches,
            "n_synapses": inputs.n_synapses,
            "threshold": inputs.threshold,
            "transmission": inputs.transmission,
        },
    )


def _sampled(inputs: Inputs, trials: int, seed: int) -> NDArray[np.float64]:
    """Draw the spikes of each synapse in each window, and which of them are transmitted."""
    rng = stream(seed, "sampled windows")
    found = np.empty((len(RATES), len(WINDOWS)))
    for index in np.ndindex(*found.shape):
        expected = RATES[index[0]] * WINDOWS[index[1]] * 1e-3
        spikes = rng.poisson(expected, (trials, inputs.n_synapses))
        counts = (rng.binomial(spikes, inputs.transmission) > 0).sum(axis=1)
        found[index] = np.mean(counts >= inputs.threshold)
    return found


def _poisson(
    rates: NDArray[np.float64], seed: int, *keys: int | str
) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
    """Return axon and time (s) of the spikes in the longest window, on the grid of `STEP`."""
    step = float(STEP)
    n_steps = round(max(WINDOWS) * 1e-3 / step)
    chance = 1 - np.exp(-rates * step)
    hits = stream(seed, *keys).random((n_steps, len(rates))) < chance
    at, axon = np.nonzero(hits)
    return axon, at * step


def _spiking(cell: Model, inputs: Inputs, n: int, seed: int) -> NDArray[np.float64]:
    """Return the share of branches of level 1 that start a plateau within each window."""
    size = len(RATES) * n
    branches = DendriticBranches(size, cell, dt=STEP, name="detecting_branches")
    branches.activation_threshold = inputs.threshold
    owner = np.repeat(np.arange(size), inputs.n_synapses)
    axon, times = _poisson(np.repeat(RATES, n * inputs.n_synapses), seed, "spikes")
    axons = SpikeGeneratorGroup(
        len(owner), axon, times * second, clock=branches.clock, name="detected_axons"
    )
    synapses = keyed_synapses(
        axons,
        branches,
        presynaptic=np.arange(len(owner)),
        postsynaptic=owner,
        transmission_probability=inputs.transmission,
        window=max(WINDOWS) * ms,
        seed=seed,
        stream=("releases",),
        withdrawn=False,
        name="detecting_synapses",
    )
    plateaus = SpikeMonitor(branches)
    Network(axons, branches, synapses, plateaus).run(max(WINDOWS) * ms + STEP, namespace={})
    # A second plateau may follow within the window: the first one counts.
    onset = np.full(size, np.inf)
    np.minimum.at(onset, np.asarray(plateaus.i[:]), np.asarray(plateaus.t / ms))
    # A branch sees spikes one step late: its threshold comes before the synapses.
    ends = np.array(WINDOWS) + float(STEP / ms) / 2
    return np.stack([(onset <= end).reshape(len(RATES), n).mean(axis=1) for end in ends], axis=1)


def _at_level_2(
    model: Model, inputs: Inputs, n: int, seed: int, progress: Progress
) -> NDArray[np.float64] | None:
    """Return the share of outer basal branches of level 2 in a plateau after each window.

    There every release adds to the conductance, and the threshold is that of the NMDA spike.
    """
    place = tree.outermost(model, "basal")
    stimulus = Stimulus(len(RATES) * len(WINDOWS) * n)
    per_window = len(RATES) * n
    every = np.repeat(RATES, n * inputs.n_synapses)
    for number, window in enumerate(WINDOWS):
        axon, times = _poisson(every, seed, "level 2", number)
        arrives = stream(seed, "level 2 releases", number).random(len(axon)) < inputs.transmission
        kept = arrives & (times < window * 1e-3 - float(STEP) / 2)
        for cell in range(per_window):
            mine = kept & (axon // inputs.n_synapses == cell)
            stimulus.glutamate(number * per_window + cell, place, times[mine])
    duration: Quantity = (max(WINDOWS) + SETTLED) * ms
    found = stimulate(
        model,
        stimulus,
        duration,
        STEP,
        progress,
        record=(f"v_{place}",),
        sample=5,
        description="branches of level 2",
    )
    if not found.complete:
        return None
    peak = found.potential(place).max(axis=1).reshape(len(WINDOWS), len(RATES), n)
    return np.asarray((peak > PLATEAU).mean(axis=2).T)


def deviation(measured: xr.DataArray, exact: xr.DataArray, trials: int) -> float:
    """Return the largest deviation in standard errors, by the exact binomial tails."""
    hits = np.rint(measured.to_numpy() * trials).astype(int)
    share = exact.to_numpy()
    tail = np.minimum(stats.binom.cdf(hits, trials, share), stats.binom.sf(hits - 1, trials, share))
    return float(np.abs(stats.norm.isf(np.clip(np.minimum(tail, 0.5), 1e-300, None))).max())

"""Volleys onto level-1 branches in Brian2, whose plateau is an event that is seen at the soma."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import (
    Network,
    NetworkOperation,
    NeuronGroup,
    Quantity,
    SpikeGeneratorGroup,
    Synapses,
    ms,
    mV,
    second,
)
from numpy.typing import NDArray

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.electrophysiology.keyed_synapses import keyed_synapses
from htm_brian.experiment.progress import Progress
from htm_brian.mechanisms.branch import DendriticBranches
from htm_brian.parameters import Model, load_model
from htm_brian.protocols.release_robustness.sampling import PROBABILITIES, SIZES, SPIKES
from htm_brian.randomness import stream
from htm_brian.synapses.release.short_term import train
from htm_brian.synapses.release.stochastic import ReleaseSynapses

if TYPE_CHECKING:
    from htm_brian.protocols.release_robustness import ReleaseRobustnessParameters

TIME_STEP = 0.5 * ms
SEEN_AT_SOMA = 2.95 * mV
"""Half of the 5.9 mV that a plateau adds at the resting soma (Schiller 2000)."""
BURST_PRESETS = ("layer23_pair", "layer5_pair", "layer6_to_layer4", "layer4_pair")


def measure(
    cell: Model, network: Model, parameters: ReleaseRobustnessParameters, progress: Progress
) -> xr.Dataset | None:
    """Send volleys to branches of several thresholds; None if the run was stopped."""
    p, thresholds = parameters, parameters.spiking_thresholds
    timings = {"together": 0 * ms, "spread": p.jitter}
    found = []
    for jitter in timings.values():
        volleys = Volleys(PROBABILITIES, SIZES, SPIKES, p.repeats, jitter, p.seed)
        of_thresholds = []
        for threshold in thresholds:
            of_thresholds.append(detect(volleys, cell, network, threshold))
            progress.advance()
            if progress.interrupted:
                return None
        found.append(xr.concat(of_thresholds, "spiking_threshold"))
    both = xr.concat(found, "timing").assign_coords(
        timing=list(timings), spiking_threshold=list(thresholds)
    )
    return both.merge(window_rule(volleys, cell, network, thresholds, p.window_trials))


@dataclass(frozen=True)
class Volleys:
    """All combinations of transmission probability, synapses and spikes, each some times."""

    probabilities: tuple[float, ...]
    sizes: tuple[int, ...]
    spikes: tuple[int, ...]
    repeats: int
    jitter: Quantity
    seed: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Probabilities, sizes, spikes, repeats."""
        return len(self.probabilities), len(self.sizes), len(self.spikes), self.repeats

    def branches(self) -> tuple[NDArray[np.float64], ...]:
        """Return probability, size and number of the burst of each branch."""
        indices = np.indices(self.shape).reshape(4, -1)
        return (
            np.array(self.probabilities)[indices[0]],
            np.array(self.sizes)[indices[1]],
            indices[2],
        )

    def delays(self, n_synapses: int, threshold: int) -> NDArray[np.float64]:
        """Return a delay in seconds for each synapse."""
        rng = stream(self.seed, "jitter", threshold)
        spread = rng.standard_normal(n_synapses) * float(self.jitter)
        return np.clip(float(4 * self.jitter) + spread, 0, float(8 * self.jitter))


def detect(volleys: Volleys, cell: Model, network: Model, threshold: int) -> xr.Dataset:
    """Send the volleys to branches of resting cells; return how often a plateau follows.

    Parameters
    ----------
    volleys : Volleys
        One branch, with a cell of its own, for each condition and repeat.
    cell, network : Model
        Branch and soma; interval of bursts; coincidence window.
    threshold : int
        Synapses that start a plateau.
    """
    n = int(np.prod(volleys.shape))
    interval, window = cell["burst"]["interval"], network["distal"]["coincidence_window"]
    branches = DendriticBranches(n, cell, dt=TIME_STEP, name="volley_branches")
    branches.activation_threshold = threshold
    cells = PyramidalCells(n, cell, dt=TIME_STEP, method="rk2", name="volley_cells")
    axis = Synapses(branches, cells, "basal_conductance_post = conductance_pre : siemens (summed)")
    axis.connect(j="i")
    axons = _axons(volleys.spikes, interval)
    synapses = _synapses(volleys, axons, branches, threshold, window)
    rest, peak = float(cells.v[0]), np.zeros(n)

    def watch() -> None:
        np.maximum(peak, np.asarray(cells.v[:]) - rest, out=peak)

    last = float(8 * volleys.jitter) + float(interval) * (max(volleys.spikes) - 1)
    duration = last * second + window + cell["branch"]["plateau_duration"]
    parts = (branches, cells, axis, axons, synapses, NetworkOperation(watch, dt=2 * ms))
    Network(*parts).run(duration, namespace={})
    at_branch = np.asarray(branches.plateau_onset[:]) >= 0
    at_soma = peak > float(SEEN_AT_SOMA)
    dimensions = ("p", "size", "spikes")
    return xr.Dataset(
        {
            "spiking": (dimensions, at_branch.reshape(volleys.shape).mean(axis=-1)),
            "disagreement": ((), float(np.mean(at_branch != at_soma))),
        },
        coords={
            "p": list(volleys.probabilities),
            "size": list(volleys.sizes),
            "spikes": list(volleys.spikes),
        },
    )


def _axons(spikes: tuple[int, ...], interval: Quantity) -> SpikeGeneratorGroup:
    """Return one axon for each length of burst; the first spike at 0."""
    axon = np.repeat(np.arange(len(spikes)), spikes)
    order = np.concatenate([np.arange(n) for n in spikes])
    return SpikeGeneratorGroup(len(spikes), axon, order * interval, dt=TIME_STEP, name="axons")


def _synapses(
    volleys: Volleys,
    axons: SpikeGeneratorGroup,
    branches: DendriticBranches,
    threshold: int,
    window: Quantity,
) -> Synapses:
    p, size, burst = volleys.branches()
    branch = np.repeat(np.arange(p.size), size.astype(np.int64))
    number = np.concatenate([np.arange(n) for n in size])
    synapses = keyed_synapses(
        axons,
        branches,
        presynaptic=burst[branch],
        postsynaptic=branch,
        transmission_probability=p[branch],
        window=window,
        seed=volleys.seed,
        stream=("volleys", threshold),
        number=number,
        name="volley_synapses",
    )
    delay = volleys.delays(branch.size, threshold) * second
    synapses.release.delay = delay
    synapses.withdraw.delay = delay + window
    return synapses


def window_rule(
    volleys: Volleys, cell: Model, network: Model, thresholds: tuple[int, ...], trials: int
) -> xr.Dataset:
    """Sample spikes' times and releases only: what the coincidence window alone makes of them.

    A synapse counts from its first release on, for one window. A plateau starts if at any moment at
    least the threshold count.
    """
    rng = stream(volleys.seed, "window")
    interval = float(cell["burst"]["interval"])
    window, step = float(network["distal"]["coincidence_window"]), float(TIME_STEP)
    found = np.zeros((*volleys.shape[:3], len(thresholds)))
    for index in np.ndindex(*volleys.shape[:3]):
        p, size, spikes = (
            values[i]
            for values, i in zip(
                (volleys.probabilities, volleys.sizes, volleys.spikes), index, strict=True
            )
        )
        released = rng.random((trials, size, spikes)) < p
        first = np.where(released.any(axis=2), released.argmax(axis=2), np.inf)
        spread = rng.standard_normal((trials, size)) * float(volleys.jitter)
        start = np.round((spread + first * interval) / step)
        end = np.round((spread + first * interval + window) / step)
        most = np.zeros(trials, dtype=np.int64)
        for synapse in range(size):  # a plateau can only start when a synapse begins to count
            now = start[:, synapse, None]
            most = np.maximum(most, ((start <= now) & (now < end)).sum(axis=1))
        for t, threshold in enumerate(thresholds):
            found[*index, t] = np.mean(most >= threshold)
    return xr.Dataset({"window_rule": (("p", "size", "spikes", "spiking_threshold"), found)})


def burst_transmission(connections: int, seed: int) -> xr.Dataset:
    """Send bursts through stochastic synapses with short-term plasticity, from rest.

    A connection transmits a burst if it releases at least one quantum. Depression does not lower
    that: a site that has not released yet is still full. Facilitation raises it.
    """
    spikes = (1, 2, 3)
    interval = 0.01
    measured, exact = [], []
    for preset in BURST_PRESETS:
        model = load_model(preset)
        axon = SpikeGeneratorGroup(1, [0] * 3, np.arange(3) * interval * second, dt=5 * ms)
        ends = NeuronGroup(1, "", dt=5 * ms)
        synapses = ReleaseSynapses(
            axon,
            ends,
            model,
            on_release="first += int(first == 0)*int(quanta > 0)*draws/4",
            equations="first : 1  # spike that released first, 0 for none",
            seed=seed,
            stream=f"burst {preset}",
        )
        everyone = np.zeros(connections, dtype=int)
        synapses.connect(i=everyone, j=everyone)
        Network(axon, ends, synapses).run(30 * ms, namespace={})
        first = np.asarray(synapses.first[:])
        measured.append([np.mean((first > 0) & (first <= k)) for k in spikes])
        utilisation = train(
            float(model["release"]["release_probability"]),
            float(model["short_term"]["recovery_time"]),
            float(model["short_term"]["facilitation_time"]),
            np.arange(3) * interval,
        ).utilisation
        exact.append(1 - np.cumprod((1 - utilisation) ** int(model["release"]["sites"])))
    chance = np.array(exact)
    dimensions = ("burst_preset", "spikes")
    return xr.Dataset(
        {
            "burst_measured": (dimensions, np.array(measured)),
            "burst_exact": (dimensions, chance),
            "burst_error": (dimensions, np.sqrt(chance * (1 - chance) / connections)),
        },
        coords={"burst_preset": list(BURST_PRESETS), "spikes": list(spikes)},
    )

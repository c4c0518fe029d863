"""A circuit of level 1 for a graphics card, and the same in C++ standalone.

There are 40 senders, which spike once a volley, and 1000 receivers with a branch each, on which 20
senders end; a branch needs 13 releases for a plateau, and 0.65 of the spikes release. Half of the
receivers have a noisy current. Beside it a dozen cells have no chance in them at all. Axons that
spike together draw by Brian2's `rand()`, and a slower clock has synapses with a delay: both go
wrong without the mends of `htm_brian.engine.cuda`.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from brian2 import (
    Clock,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    defaultclock,
    device,
    ms,
    pA,
    set_device,
)
from brian2.devices.device import reinit_and_delete
from numpy.typing import NDArray

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine import cuda
from htm_brian.engine.fast_settings import use_fast_settings
from htm_brian.mechanisms.branch import DendriticBranches, on_release
from htm_brian.parameters import load_model
from htm_brian.randomness import key_words
from htm_brian.synapses.release.draws import FUNCTIONS
from htm_brian.synapses.release.stochastic import ReleaseSynapses
from htm_brian.synapses.release.terminals import TerminalSynapses

STEP, ELEMENT, DURATION = 0.25, 50.0, 200.0
"""Milliseconds."""
SENDERS, RECEIVERS, SYNAPSES = 40, 1000, 20
TRANSMISSION = 0.65
NOISE, KEPT = 40.0, 0.95
"""Of the noisy current: pA added at each step, and what is left of the deviation after it."""
AXONS, DRAWS = 40, 200


class Run(NamedTuple):
    """What one run left behind; of the senders and the certain cells (cell, crossing in ms)."""

    certain: NDArray[np.float64]
    certain_state: dict[str, NDArray[np.float64]]
    senders: NDArray[np.float64]
    quanta: NDArray[np.int32]
    amplitudes: NDArray[np.float64]
    tally: NDArray[np.float64]
    plateaus: NDArray[np.int64]
    spikes: NDArray[np.int64]
    latency: NDArray[np.float64]
    current: NDArray[np.float64]
    draws: tuple[NDArray[np.float64], NDArray[np.float64]]
    keyed: NDArray[np.float64]
    heard: NDArray[np.float64]


class Circuit:
    """Cells, branches and synapses of every kind that is to run on a card."""

    def __init__(self) -> None:
        defaultclock.dt = STEP * ms
        volley = "feedforward_conductance += feedforward_volley_conductance"
        chance = np.random.default_rng(0)
        self.certain = PyramidalCells(12, name="certain")
        self.certain.injected_current = np.linspace(0, 200, 12) * pA
        self.senders = PyramidalCells(SENDERS, name="senders")
        self.senders.injected_current = np.linspace(0, 150, SENDERS) * pA
        self.receivers = PyramidalCells(RECEIVERS, name="receivers")
        for cells in (self.certain, self.senders, self.receivers):
            cells.run_regularly(volley, dt=ELEMENT * ms)
        self.receivers.run_regularly(
            f"injected_current = ({KEPT}*injected_current + {NOISE}*pA*randn())"
            f"*int(i >= {RECEIVERS // 2})"
        )
        self.branches = DendriticBranches(RECEIVERS, name="branches")
        self.certain_branches = DendriticBranches(12, name="certain_branches")
        for group in (self.branches, self.certain_branches):
            group.run_regularly("tally = 0\npotential_tally = 0", dt=ELEMENT * ms)
        release = load_model("memoryless_release").with_values(
            {"release.sites": 1, "release.release_probability": TRANSMISSION}
        )
        code = on_release(self.branches.parameters, "quanta", "quanta")
        self.distal = ReleaseSynapses(
            self.senders, self.branches, release, on_release=code, name="distal"
        )
        ends = [chance.choice(SENDERS, SYNAPSES, replace=False) for _ in range(RECEIVERS)]
        self.distal.connect(i=np.ravel(ends), j=np.repeat(np.arange(RECEIVERS), SYNAPSES))
        self.distal.delay = chance.choice([1.0, 2.0, 2.5], SYNAPSES * RECEIVERS) * ms
        self.boutons = TerminalSynapses(
            self.senders,
            self.receivers,
            "layer5_pair",
            on_release="feedforward_conductance_post += 3*nS*amplitude",
            delay=2 * ms,
            name="boutons",
        )
        self.boutons.connect(
            i=chance.integers(SENDERS, size=RECEIVERS), j=np.arange(RECEIVERS, dtype=int)
        )
        reliable = Synapses(
            self.certain,
            self.certain_branches,
            on_pre=on_release(self.certain_branches.parameters, "13", "13"),
            delay=2 * ms,
            name="reliable",
        )
        reliable.connect(i=[3, 4, 5], j=[9, 10, 11])
        axes = [
            self._axes(self.branches, self.receivers, "axes"),
            self._axes(self.certain_branches, self.certain, "certain_axes"),
        ]
        self.sinks = NeuronGroup(DRAWS, "", name="sinks")
        axons = SpikeGeneratorGroup(AXONS, range(AXONS), [1] * AXONS * ms, name="axons")
        self.drawing = []
        for name in ("one_delay", "many_delays"):
            synapses = Synapses(
                axons,
                self.sinks,
                "draw : 1\nkeyed : 1",
                on_pre="draw = rand()\nkeyed = keyed_normal(1, 3, 5, i, j, 0, 7)",
                namespace=FUNCTIONS,
                name=name,
            )
            synapses.connect(
                i=np.repeat(np.arange(AXONS), DRAWS), j=np.tile(np.arange(DRAWS), AXONS)
            )
            self.drawing.append(synapses)
        self.drawing[1].delay = chance.choice([0, 0.5, 1], AXONS * DRAWS) * ms
        slow = Clock(2 * STEP * ms, name="slow_clock")
        talkers = NeuronGroup(
            5,
            "dx/dt = 1/(3*ms) : 1",
            threshold="x > 1 + 0.2*i",
            reset="x = 0",
            method="euler",
            clock=slow,
            name="talkers",
        )
        self.listeners = NeuronGroup(5, "heard : 1\nlast : second", name="listeners")
        talk = Synapses(
            talkers,
            self.listeners,
            on_pre="heard_post += t/ms\nlast_post = t",
            delay=6 * STEP * ms,
            clock=slow,
            name="talk",
        )
        talk.connect(j="i")
        self.monitors = {
            each.name: SpikeMonitor(each, "last_spike_time", name=f"{each.name}_spikes")
            for each in (self.certain, self.senders, self.receivers)
        }
        self.plateaus = SpikeMonitor(self.branches, record=False, name="plateaus")
        self.network = Network(
            self.certain,
            self.certain_branches,
            self.senders,
            self.receivers,
            self.branches,
            self.distal,
            reliable,
            *self.boutons.objects,
            *axes,
            axons,
            self.sinks,
            *self.drawing,
            talkers,
            self.listeners,
            talk,
            *self.monitors.values(),
            self.plateaus,
        )

    @staticmethod
    def _axes(branches: DendriticBranches, cells: PyramidalCells, name: str) -> Synapses:
        drive = "basal_conductance_post = conductance_pre : siemens (summed)"
        axes = Synapses(branches, cells, drive, name=name)
        axes.connect(i=np.arange(len(cells)), j=np.arange(len(cells)))
        return axes

    def keys(self, seed: int) -> dict[object, int]:
        """Return the arguments of a run that name its draws."""
        found = {}
        for synapses in (self.distal, self.boutons.terminals):
            low, high = key_words(seed, "release", synapses.stream, 0)
            found |= {synapses.stream_low: low, synapses.stream_high: high}
        return found

    def result(self) -> Run:
        cells, times = self._spikes("receivers").T
        last = times >= DURATION - ELEMENT
        latency = np.full(RECEIVERS, np.nan)
        order = np.argsort(-times[last])  # the first is written last
        latency[cells[last][order].astype(int)] = times[last][order]
        state = ("v", "v_proximal", "v_basal", "adaptation")
        return Run(
            self._spikes("certain"),
            {name: np.array(getattr(self.certain, name)) for name in state},
            self._spikes("senders"),
            np.array(self.distal.quanta[:]),
            np.array(self.boutons.terminals.amplitude[:]),
            np.array(self.branches.tally),
            np.array(self.plateaus.count),
            np.bincount(cells.astype(int), minlength=RECEIVERS),
            latency - (DURATION - ELEMENT),
            np.array(self.receivers.injected_current / pA),
            tuple(np.array(synapses.draw[:]) for synapses in self.drawing),
            np.concatenate([synapses.keyed[:] for synapses in self.drawing]),
            np.concatenate([self.listeners.heard, self.listeners.last / ms]),
        )

    def _spikes(self, name: str) -> NDArray[np.float64]:
        return spikes_of(self.monitors[name])


def spikes_of(monitor: SpikeMonitor) -> NDArray[np.float64]:
    """Return cell and crossing in ms of each spike, sorted; within a step a card has no order."""
    found = np.column_stack([np.array(monitor.i), np.array(monitor.last_spike_time / ms)])
    return found[np.lexsort(found.T)]


@contextmanager
def built_for(card: bool) -> Iterator[str]:
    """Let Brian2 build for the card or in C++, in a folder that is given, and go back."""
    with tempfile.TemporaryDirectory() as folder:
        if card:
            cuda.use_cuda(folder, build_on_run=False)
        else:
            use_fast_settings()
            set_device("cpp_standalone", directory=folder, build_on_run=False)
        yield folder
        reinit_and_delete()
        set_device("runtime")


@functools.cache
def runs(card: bool, seeds: tuple[int, ...]) -> list[Run]:
    """Build the circuit once, and run it with the draws of each seed."""
    with built_for(card) as folder:
        circuit = Circuit()
        circuit.network.run(DURATION * ms)
        device.build(run=False, directory=folder)
        found = []
        for seed in seeds:
            device.run(run_args=circuit.keys(seed), with_output=False)
            found.append(circuit.result())
    return found

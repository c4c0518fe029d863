"""Synapses that each get two trains of their own, in Brian2, on a grid of 0.1 ms."""

from __future__ import annotations

import numpy as np
from brian2 import Network, SpikeGeneratorGroup, ms, prefs
from numpy.typing import NDArray

from htm_brian.synapses.plasticity.online import OnlineRule
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses

Trains = list[NDArray[np.float64]]
"""Spike times in ms, one array for each synapse."""


def random_trains(n: int, seed: int, duration: float = 400.0, rate: float = 0.03) -> Trains:
    """Return trains of random spikes, at least 1 ms apart, on the grid."""
    rng = np.random.default_rng(seed)
    return [np.flatnonzero(rng.random(int(duration)) < rate) + 0.1 * k for k in range(n)]


def group(trains: Trains) -> SpikeGeneratorGroup:
    who = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    return SpikeGeneratorGroup(len(trains), who, np.concatenate(trains) * ms)


def synapses_of(rule: OnlineRule, pre: Trains, post: Trains, name: str = "plastic") -> Network:
    """Return a network of one synapse for each pair of trains, called `name`."""
    before, after = group(pre), group(post)
    synapses = PlasticSynapses(before, after, rule, name=name)
    synapses.connect(j="i")
    if rule.catch_up:
        synapses.run_regularly(rule.catch_up, dt=100 * ms)
    return Network(before, after, synapses)


def efficacy_after(
    rule: OnlineRule, pre: Trains, post: Trains, until: float, target: str = "numpy"
) -> NDArray[np.float64]:
    """Return the efficacies at a time in ms, a multiple of 100."""
    prefs.codegen.target = target
    network = synapses_of(rule, pre, post)
    network.run((until + 0.1) * ms)
    return np.array(network["plastic"].efficacy[:])

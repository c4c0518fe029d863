"""Releases drawn by name: their share, what they share, what they do to a branch."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, ms

from htm_brian import load_model
from htm_brian.electrophysiology.keyed_synapses import keyed_synapses
from htm_brian.mechanisms.branch import DendriticBranches

SIZE = 20


def tallies(n: int, p: float, seed: int, at: float, withdrawn: bool = True) -> np.ndarray:
    """Return how many of 20 synapses count on each of `n` branches, `at` ms after a volley."""
    branches = DendriticBranches(n, load_model("l5_reduced"), dt=0.5 * ms)
    branches.activation_threshold = 1000
    axons = SpikeGeneratorGroup(1, [0], [0] * ms, clock=branches.clock)
    synapses = keyed_synapses(
        axons,
        branches,
        presynaptic=np.zeros(n * SIZE, int),
        postsynaptic=np.repeat(np.arange(n), SIZE),
        transmission_probability=p,
        window=20 * ms,
        seed=seed,
        stream=("test",),
        number=np.tile(np.arange(SIZE), n),
        withdrawn=withdrawn,
    )
    Network(branches, axons, synapses).run(at * ms, namespace={})
    return np.asarray(branches.tally[:])


def test_the_share_that_releases_is_the_probability() -> None:
    counted = tallies(500, 0.3, 1, 5)
    error = np.sqrt(0.3 * 0.7 / (500 * SIZE))
    assert counted.mean() / SIZE == pytest.approx(0.3, abs=4 * error)
    assert (tallies(10, 1.0, 1, 5) == SIZE).all()
    assert (tallies(10, 0.0, 1, 5) == 0).all()


def test_draws_go_by_name() -> None:
    """The same branches of a larger group draw the same; another seed does not."""
    few = tallies(10, 0.5, 1, 5)
    assert few.tolist() == tallies(50, 0.5, 1, 5)[:10].tolist()
    assert few.tolist() != tallies(10, 0.5, 2, 5).tolist()
    assert (tallies(10, 0.6, 1, 5) >= few).all()


def test_a_synapse_counts_for_a_window() -> None:
    assert (tallies(5, 1.0, 1, 19) == SIZE).all()
    assert (tallies(5, 1.0, 1, 25) == 0).all()
    assert (tallies(5, 1.0, 1, 25, withdrawn=False) == SIZE).all()

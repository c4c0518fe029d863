"""Candidates are drawn as often as their distance says, each once, and none that is connected."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, ms

from htm_brian.errors import InputError
from htm_brian.synapses.candidates import NearbyPairs
from htm_brian.synapses.structural import StructuralSynapses


def grid(side: int) -> np.ndarray:
    return np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2) * 1.0


def test_pairs_are_drawn_in_proportion_to_the_kernel() -> None:
    pairs = NearbyPairs(grid(4), grid(4), lambda d: np.exp(-(d**2)), cutoff=2.5, themselves=False)
    rng = np.random.default_rng(1)
    times = 20_000
    drawn = np.zeros((16, 16))
    for _ in range(times):
        pre, post = pairs.draw(1, rng)
        drawn[pre, post] += 1
    distance = np.linalg.norm(grid(4)[:, None] - grid(4)[None], axis=2)
    wanted = np.exp(-(distance**2)) * (distance <= 2.5) * (distance > 0)
    wanted /= wanted.sum()
    assert np.all(drawn[wanted == 0] == 0)
    drawn, wanted = drawn[wanted > 0], wanted[wanted > 0]
    chi2 = ((drawn - times * wanted) ** 2 / (times * wanted)).sum()
    n = len(wanted) - 1
    assert abs(chi2 - n) < 4 * np.sqrt(2 * n)


def test_the_first_of_two_drawn_together_has_the_law_of_one_drawn_alone() -> None:
    """Without replacement: P(a pair is among two) = p + sum over others of q p/(1 - q)."""
    line = np.array([[0.0], [1.0], [3.0]])
    pairs = NearbyPairs([[0.0]], line, lambda d: 1 / (1 + d), cutoff=5)
    p = pairs.weight / pairs.weight.sum()
    rng, times = np.random.default_rng(2), 20_000
    count = np.zeros(3)
    for _ in range(times):
        count[pairs.draw(2, rng)[1]] += 1
    expected = np.array(
        [p[k] + sum(p[m] * p[k] / (1 - p[m]) for m in range(3) if m != k) for k in range(3)]
    )
    assert count / times == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(times))


def test_what_is_connected_is_not_drawn_and_no_pair_twice() -> None:
    cells = NeuronGroup(9, "v : 1", threshold="v > 1", reset="v = 0")
    structure = StructuralSynapses(Synapses(cells, cells, on_pre="v_post += 1"), capacity=9)
    pairs = NearbyPairs(grid(3), grid(3), np.ones_like, cutoff=1.1, themselves=False)
    rng = np.random.default_rng(3)
    for wanted, there in ((10, 10), (10, 20), (10, 24), (10, 24)):
        structure.grow(*pairs.draw(wanted, rng, without=structure))
        assert len(set(zip(*structure.pairs(), strict=True))) == len(structure) == there
    Network(cells, structure.synapses).run(0 * ms)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(InputError, match="must have as many dimensions, got 2 and 1"):
        NearbyPairs(grid(2), [[0.0]], np.ones_like, cutoff=1)
    with pytest.raises(InputError, match="cutoff must be positive, got 0"):
        NearbyPairs(grid(2), grid(2), np.ones_like, cutoff=0)
    with pytest.raises(InputError, match="kernel must return one number of at least 0"):
        NearbyPairs(grid(2), grid(2), lambda d: -d, cutoff=2)

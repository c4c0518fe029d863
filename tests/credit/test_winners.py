"""HTM's local rule as a hidden layer: what it changes, and what it cannot see."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.abstract.permanence import UpDown
from htm_brian.credit.winners import WinnersNetwork


@pytest.fixture
def network() -> WinnersNetwork:
    return WinnersNetwork(12, 6, 2, np.random.default_rng(1), rule=UpDown(0.05, 0.02), winners=2)


def test_winners_have_the_most_connected_on_bits(network: WinnersNetwork) -> None:
    inputs = np.random.default_rng(2).random((30, 12))
    overlap = (inputs > 0.5) @ (network.permanence >= 0.5).T.astype(int)
    for row, active in zip(overlap, network.hidden(inputs) > 0, strict=True):
        assert active.sum() == 2 and row[active].min() >= row[~active].max()


def test_only_winners_learn_and_by_their_inputs(network: WinnersNetwork) -> None:
    inputs = np.zeros((1, 12))
    inputs[0, :5] = 1
    before, active = network.permanence.copy(), network.hidden(inputs)[0] > 0
    network.learn(inputs, np.array([[1.0, 0.0]]), 0.1, hidden=True)
    change = network.permanence - before
    assert not change[~active].any()
    np.testing.assert_allclose(change[active][:, :5], 0.05, atol=1e-6)
    np.testing.assert_allclose(change[active][:, 5:], -0.02, atol=1e-6)


def test_the_local_change_is_the_gradient_of_the_fit(network: WinnersNetwork) -> None:
    inputs = np.random.default_rng(3).random((40, 12))
    change, before = network.local_change(inputs), network.fit(inputs)
    # Too small a step for any synapse to cross the threshold: the winners stay.
    network.permanence += 1e-9 * change
    rise = (network.fit(inputs) - before) / 1e-9
    assert rise == pytest.approx((change**2).sum(), rel=1e-4)


def test_targets_change_nothing_in_the_hidden_layer(network: WinnersNetwork) -> None:
    inputs = np.random.default_rng(4).random((10, 12))
    found = []
    for target in (0, 1):
        one = WinnersNetwork(12, 6, 2, np.random.default_rng(1), rule=UpDown(), winners=2)
        one.learn(inputs, np.eye(2)[[target] * 10], 0.1, hidden=True)
        found.append(one.permanence)
    np.testing.assert_array_equal(*found)


def test_boosted_winners_take_turns() -> None:
    rng = np.random.default_rng(5)
    inputs = rng.random((200, 12))
    most = []
    for strength in (0.0, 20.0):
        one = WinnersNetwork(
            12, 20, 2, np.random.default_rng(1), rule=UpDown(), winners=2, boost_strength=strength
        )
        for each in inputs:
            one.learn(each[None], np.array([[1.0, 0.0]]), 0.1, hidden=False)
        assert one.duty_cycle.sum() == pytest.approx(2)
        most.append(one.duty_cycle.max())
    assert most[1] < 0.5 * most[0], most


def test_duty_cycles_are_the_share_of_examples_that_a_cell_wins(network: WinnersNetwork) -> None:
    inputs = np.random.default_rng(6).random((50, 12))
    network.learn(inputs, np.tile([1.0, 0.0], (50, 1)), 0.1, hidden=False)
    np.testing.assert_allclose(network.duty_cycle, network.hidden(inputs).mean(axis=0))

"""Rules of credit on rates, where paper and pencil tell what they do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from htm_brian.credit.rates import RateNetwork, angle
from htm_brian.credit.rules import (
    Backpropagation,
    BurstTeaching,
    Frozen,
    SegregatedDendrites,
    TargetPropagation,
)
from htm_brian.parameters import load_model

MODEL = load_model("credit_on_rates")
SIZES = (5, 7, 4, 3)


@pytest.fixture
def example() -> tuple[RateNetwork, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    network = RateNetwork.random(SIZES, rng, output="logistic")
    return network, rng.random((20, 5)), rng.random((20, 3))


def test_back_propagation_is_the_gradient(example: tuple) -> None:
    network, inputs, targets = example
    found = Backpropagation().changes(network, inputs, targets)
    for change, wanted in zip(found, network.gradient(inputs, targets), strict=True):
        np.testing.assert_allclose(change.weights, wanted.weights)
        np.testing.assert_allclose(change.biases, wanted.biases)


def test_symmetric_bursts_of_small_gain_are_back_propagation(example: tuple) -> None:
    """The slope of a share of bursts is 1/4 there, and a layer down the gain counts twice."""
    network, inputs, targets = example
    table = MODEL.with_values({"bursts.dendritic_gain": 0.01, "bursts.teaching_gain": 0.001})
    rule = BurstTeaching(network, table["bursts"], np.random.default_rng(1), symmetric=True)
    found = rule.changes(network, inputs, targets)
    for depth, (change, wanted) in enumerate(
        zip(reversed(found), reversed(network.gradient(inputs, targets)), strict=True)
    ):
        scale = 0.001 * (0.01 / 4) ** depth
        np.testing.assert_allclose(change.weights / scale, wanted.weights, rtol=0.02, atol=1e-4)


def test_a_share_of_bursts_stays_a_share(example: tuple) -> None:
    network, inputs, _ = example
    table = MODEL.with_values({"bursts.teaching_gain": 1.0})["bursts"]
    rule = BurstTeaching(network, table, np.random.default_rng(1))
    rates = network.forward(inputs)
    share = float(table["reference_share"])
    up = rule.errors(network, rates, np.ones((20, 3)))[-1] / rates[-1]
    down = rule.errors(network, rates, np.zeros((20, 3)))[-1] / rates[-1]
    assert (up <= 1 - share + 1e-12).all() and (down >= -share - 1e-12).all()
    assert (up > 0).all() and (down < 0).all()
    for error in rule.errors(network, rates, rates[-1]):
        np.testing.assert_allclose(error, 0, atol=1e-15)


def test_a_hidden_cell_learns_by_the_difference_of_its_plateaus() -> None:
    network = RateNetwork([np.array([[0.0]]), np.array([[0.0]])], [np.zeros(1)] * 2, "logistic")
    rule = SegregatedDendrites(network, MODEL["dendrites"], np.random.default_rng(4))
    apical = float(rule._apical[0][0, 0])
    error = rule.errors(network, network.forward(np.ones((1, 1))), np.ones((1, 1)))[0]
    wanted = (expit(apical) - expit(0.5 * apical)) * 0.25
    assert error[0, 0] == pytest.approx(wanted)


def test_targets_are_rates_where_outputs_are_right_and_inverses_come_to_invert() -> None:
    rng = np.random.default_rng(5)
    network = RateNetwork.random((4, 3, 6), rng, output="logistic")
    network.weights[1] *= 2
    model = MODEL.with_values({"targets.inverse_rate": 2.0, "targets.inverse_noise": 0.05})
    rule = TargetPropagation(network, model["targets"], rng)
    inputs = rng.random((50, 4))
    rates = network.forward(inputs)
    np.testing.assert_allclose(rule.errors(network, rates, rates[-1])[0], 0, atol=1e-15)

    def missed() -> float:
        return float(np.abs(rule._back(1, rates[-1]) - rates[1]).mean())

    before = missed()
    for _ in range(1500):
        rule.changes(network, inputs, rates[-1])
    assert missed() < before / 4


def test_a_frozen_layer_stays(example: tuple) -> None:
    network, inputs, targets = example
    *hidden, last = Frozen().changes(network, inputs, targets)
    assert not any(change.weights.any() for change in hidden)
    np.testing.assert_allclose(last.weights, network.gradient(inputs, targets)[-1].weights)


def test_exclusive_or_is_learned_by_bursts_with_random_feedback_and_not_by_one_layer() -> None:
    inputs = np.array([[0, 0], [1, 0], [0, 1], [1, 1.0]])
    targets = np.array([[0.1], [0.9], [0.9], [0.1]])
    for sizes, solved in (((2, 4, 1), True), ((2, 1), False)):
        rng = np.random.default_rng(1)
        network = RateNetwork.random(sizes, rng, output="logistic")
        rule = BurstTeaching(network, MODEL["bursts"], rng)
        for _ in range(1500):
            network.add(rule.changes(network, inputs, targets), 100)
        high = 10 * network.forward(inputs)[-1][:, 0] > 6
        assert (high.tolist() == [False, True, True, False]) is solved


def test_random_feedback_comes_to_align() -> None:
    rng = np.random.default_rng(6)
    inputs = rng.random((60, 8))
    targets = np.eye(3)[(inputs[:, :3]).argmax(axis=1)]
    network = RateNetwork.random((8, 20, 3), rng)
    rule = BurstTeaching(network, MODEL["bursts"], rng)
    angles = []
    for _ in range(400):
        changes = rule.changes(network, inputs, targets)
        angles.append(angle(changes[0].weights, network.gradient(inputs, targets)[0].weights))
        network.add(changes, 25)
    print(angles[::100])
    assert angles[-1] < 60 < angles[0]

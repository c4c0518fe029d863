"""Layers of rates: the gradient is that of the loss."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.credit.rates import RateNetwork, angle
from htm_brian.errors import InputError


@pytest.mark.parametrize("output", ["softmax", "logistic"])
def test_the_gradient_is_the_slope_of_the_loss(output: str) -> None:
    rng = np.random.default_rng(1)
    network = RateNetwork.random((4, 5, 3, 2), rng, output=output)
    inputs, targets = rng.random((6, 4)), rng.random((6, 2))
    targets /= targets.sum(axis=1, keepdims=True)
    changes = network.gradient(inputs, targets)
    for layer, change in enumerate(changes):
        for parameters, slopes in (
            (network.weights[layer], change.weights),
            (network.biases[layer], change.biases),
        ):
            for place in np.ndindex(parameters.shape):
                kept, losses = parameters[place], []
                for step in (1e-6, -1e-6):
                    parameters[place] = kept + step
                    losses.append(network.loss(inputs, targets))
                parameters[place] = kept
                wanted = -(losses[0] - losses[1]) / 2e-6
                assert slopes[place] == pytest.approx(wanted, abs=1e-7)


def test_the_loss_is_zero_at_the_targets_and_falls_along_the_gradient() -> None:
    rng = np.random.default_rng(2)
    network = RateNetwork.random((3, 4, 2), rng)
    inputs = rng.random((5, 3))
    assert network.loss(inputs, network.forward(inputs)[-1]) == pytest.approx(0, abs=1e-12)
    targets = np.eye(2)[[0, 1, 0, 1, 1]]
    before = network.loss(inputs, targets)
    network.add(network.gradient(inputs, targets), 0.1)
    assert network.loss(inputs, targets) < before


def test_angles() -> None:
    a, b = np.array([[1.0, 0.0]]), np.array([[0.0, 2.0]])
    assert (angle(a, a), angle(a, b), angle(a, -a)) == (0, 90, 180)
    assert angle(a, 0 * b) == 90


def test_what_cannot_be_is_refused() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(InputError, match="output must be one of 'softmax'"):
        RateNetwork.random((2, 1), rng, output="linear")
    with pytest.raises(InputError, match="sizes must name inputs and outputs"):
        RateNetwork.random((2,), rng)

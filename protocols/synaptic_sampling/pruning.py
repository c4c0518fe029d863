"""Measurement of test accuracy on digits: as learned, pruned, and after brief relearning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from htm_brian.sdr.sampling_machine import Bits, SynapticSamplingMachine
from htm_brian.streams.digits import Digits

if TYPE_CHECKING:
    from htm_brian.protocols.synaptic_sampling import SynapticSamplingParameters

CLASSES = 10


def prune_digits(
    parameters: SynapticSamplingParameters, digits: Digits, number: int
) -> list[float]:
    """Return test accuracies: as learned, after pruning, and after brief relearning."""
    rng = np.random.default_rng([parameters.seed, 1000 + number])
    machine = SynapticSamplingMachine(
        digits.train_images.shape[1] + CLASSES,
        parameters.digit_hidden,
        parameters.transmission_probability,
        seed=int(rng.integers(2**31)),
    )
    for epoch in range(parameters.epochs):
        done = epoch / parameters.epochs
        share = 1 if done < 0.6 else 0.3 if done < 0.85 else 0.1
        _learn_epoch(machine, digits, parameters.digit_rate * share, rng)
    found = [_accuracy(parameters, machine, digits, rng)]
    machine.prune(parameters.pruned_share)
    found.append(_accuracy(parameters, machine, digits, rng))
    for epoch in range(parameters.relearning_epochs):
        share = 0.3 if 2 * epoch < parameters.relearning_epochs else 0.1
        _learn_epoch(machine, digits, parameters.digit_rate * share, rng)
    return [*found, _accuracy(parameters, machine, digits, rng)]


def _learn_epoch(
    machine: SynapticSamplingMachine, digits: Digits, rate: float, rng: np.random.Generator
) -> None:
    labels = np.eye(CLASSES, dtype=np.uint8)[digits.train_labels]
    order = rng.permutation(len(labels))
    for part in np.array_split(order, max(len(order) // 25, 1)):
        machine.learn(
            np.concatenate([_ink(digits.train_images[part], rng), labels[part]], axis=1), rate
        )


def _ink(images: NDArray[np.float64], rng: np.random.Generator) -> Bits:
    """Return which pixels are on: each as often as it is dark."""
    return (rng.random(images.shape) < images).astype(np.uint8)


def _accuracy(
    parameters: SynapticSamplingParameters,
    machine: SynapticSamplingMachine,
    digits: Digits,
    rng: np.random.Generator,
) -> float:
    """Return the share of test images whose label unit is on most often while pixels are shown."""
    n_images = len(digits.test_labels)
    votes = np.zeros((n_images, CLASSES))
    for _ in range(parameters.readings):
        pixels = _ink(digits.test_images, rng)
        labels = np.zeros((n_images, CLASSES), dtype=np.uint8)
        for _ in range(3):
            whole = machine.visible(machine.hidden(np.concatenate([pixels, labels], axis=1)))
            labels = whole[:, -CLASSES:]
            votes += labels
    return float((votes.argmax(axis=1) == digits.test_labels).mean())

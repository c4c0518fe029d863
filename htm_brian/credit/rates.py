r"""Layers of rates, and what back-propagation would change in them.

A hidden cell's rate is the logistic function of its input, in units of its largest rate. An output
cell's rate is that, too, or the share of it among all outputs (softmax). The task's loss is the
cross-entropy to the target rates; for both kinds of output its gradient at the input of an output
cell is :math:`y - t`, so that

.. math::

    -\frac{dL}{dW_l} = \delta_l\, h_{l-1}^T, \qquad \delta_{out} = t - y, \qquad
    \delta_l = h_l (1 - h_l)\; W_{l+1}^T \delta_{l+1}

Rules of this package return such changes, one for each layer, without looking at the weights of
another layer; `angle` tells how far they point from back-propagation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax, xlogy

from htm_brian.arguments import check_choice, check_integer
from htm_brian.errors import InputError

Floats = NDArray[np.float64]
OUTPUTS = ("softmax", "logistic")


class Change(NamedTuple):
    """What a rule would add to a layer, before it is multiplied by a learning rate.

    Attributes
    ----------
    weights : ndarray of shape (n_cells, n_inputs)
    biases : ndarray of shape (n_cells,)
    """

    weights: Floats
    biases: Floats


@dataclass
class RateNetwork:
    """Layers of rates, each fully connected to the one before.

    Attributes
    ----------
    weights : list of ndarray of shape (n_cells, n_inputs)
        The first is that of the first hidden layer, the last that of the outputs.
    biases : list of ndarray of shape (n_cells,)
    output : {"softmax", "logistic"}

    Examples
    --------
    >>> network = RateNetwork.random((2, 3, 1), np.random.default_rng(1), output="logistic")
    >>> [each.shape for each in network.forward(np.zeros((5, 2)))]
    [(5, 2), (5, 3), (5, 1)]
    """

    weights: list[Floats]
    biases: list[Floats]
    output: str = "softmax"

    @classmethod
    def random(
        cls, sizes: Sequence[int], rng: np.random.Generator, *, output: str = "softmax"
    ) -> RateNetwork:
        """Return a network with normal weights of variance one over the number of inputs.

        Parameters
        ----------
        sizes : sequence of int
            Inputs, hidden layers, outputs.
        """
        check_choice("output", output, OUTPUTS)
        if len(sizes) < 2:
            raise InputError(f"sizes must name inputs and outputs at least, got {tuple(sizes)}")
        for size in sizes:
            check_integer("sizes", size, low=1)
        pairs = list(zip(sizes[1:], sizes, strict=False))
        weights = [rng.standard_normal(pair) / np.sqrt(pair[1]) for pair in pairs]
        return cls(weights, [np.zeros(n) for n, _ in pairs], output)

    def forward(self, inputs: Floats) -> list[Floats]:
        """Return the rates of all layers, the inputs first; each of shape (n_examples, n_cells)."""
        rates = [inputs]
        for number, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            drive = rates[-1] @ weights.T + biases
            last = number == len(self.weights) - 1 and self.output == "softmax"
            rates.append(softmax(drive, axis=1) if last else expit(drive))
        return rates

    def loss(self, inputs: Floats, targets: Floats) -> float:
        """Return the mean cross-entropy, less that of the targets with themselves."""
        rates = np.clip(self.forward(inputs)[-1], 1e-12, 1 - 1e-12)
        found = xlogy(targets, targets) - xlogy(targets, rates)
        if self.output == "logistic":
            found += xlogy(1 - targets, 1 - targets) - xlogy(1 - targets, 1 - rates)
        return float(found.sum(axis=1).mean())

    def gradient(self, inputs: Floats, targets: Floats) -> list[Change]:
        """Return the steepest descent of the loss, by back-propagation."""
        rates = self.forward(inputs)
        error = targets - rates[-1]
        changes = [change_of(error, rates[-2])]
        for layer in range(len(self.weights) - 2, -1, -1):
            here = rates[layer + 1]
            error = (error @ self.weights[layer + 1]) * here * (1 - here)
            changes.insert(0, change_of(error, rates[layer]))
        return changes

    def add(self, changes: Sequence[Change], learning_rate: float) -> None:
        """Change the weights and biases, in place."""
        for weights, biases, change in zip(self.weights, self.biases, changes, strict=True):
            weights += learning_rate * change.weights
            biases += learning_rate * change.biases


def change_of(error: Floats, inputs: Floats) -> Change:
    """Return the mean over examples of error times input.

    Parameters
    ----------
    error : ndarray of shape (n_examples, n_cells)
    inputs : ndarray of shape (n_examples, n_inputs)
    """
    return Change(error.T @ inputs / len(error), error.mean(axis=0))


def angle(first: Floats, second: Floats) -> float:
    """Return the angle between two arrays as vectors, in degrees; 90 where one is zero.

    Examples
    --------
    >>> angle(np.array([1.0, 0.0]), np.array([1.0, 1.0]))
    45.0
    """
    norm = float(np.linalg.norm(first) * np.linalg.norm(second))
    if norm == 0:
        return 90.0
    return round(float(np.degrees(np.arccos(np.clip((first * second).sum() / norm, -1, 1)))), 9)

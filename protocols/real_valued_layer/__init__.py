"""What the weights of a real-valued, HTM-like layer become, and what a classifier gains by them.

Stimulus: streams of numbers with known distributions; then images of digits. Measurement: where the
weights settle, against the mean and the expectiles of what they learned from; then the accuracy of
a logistic classifier on the scores of the layer. Two controls stand beside that accuracy, without
which it says nothing about the layer: the same classifier on the raw pixels, and on the scores of
templates that never learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from htm_brian.abstract.real_valued_layer import RealValuedLayer
from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.protocols.real_valued_layer.checks import (
    THREAD,
    accuracy_check,
    accuracy_needed,
    controls,
    settling_checks,
    table,
)
from htm_brian.protocols.real_valued_layer.classification import classify
from htm_brian.protocols.real_valued_layer.settling import settle
from htm_brian.streams.digits import read_mnist


@dataclass(frozen=True)
class RealValuedLayerParameters:
    """What a run of `RealValuedLayerProtocol` depends on.

    Parameters
    ----------
    stream_length, stream_rate : int, float
        Numbers of each stream, and the learning rate on them.
    growth_shares : tuple of float
        Growth over growth and decay.
    mnist : Path or None
        Folder with the files of MNIST; the bundled small digits if left out.
    n_neurons, n_learners : int
        Of the layer, and how many of them learn from an image.
    growth_rate, decay_rate, sensitivity : float
        Of its rule.
    epochs, splits : int
        Passes over the images, and splits into those that teach and those that test.
    seed : int
        Of all that is left to chance.
    """

    stream_length: int = 20_000
    stream_rate: float = 0.002
    growth_shares: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.9)
    mnist: Path | None = None
    n_neurons: int = 200
    n_learners: int = 5
    growth_rate: float = 0.05
    decay_rate: float = 0.05
    sensitivity: float = 1.0
    epochs: int = 5
    splits: int = 10
    seed: int = 42

    def __post_init__(self) -> None:
        for name, low in (("stream_length", 100), ("epochs", 0), ("splits", 1), ("seed", 0)):
            check_integer(name, getattr(self, name), low=low)
        check_number("stream_rate", self.stream_rate, low=1e-6, high=0.5)
        for share in self.growth_shares:
            check_number("growth_shares", share, low=0.01, high=0.99)
        if 0.5 not in self.growth_shares:
            raise InputError("growth_shares must hold 0.5, where growth and decay are equal")
        self.layer(n_inputs=1)

    def layer(self, n_inputs: int, seed: int = 0) -> RealValuedLayer:
        """Return the layer of the classifier, untrained."""
        return RealValuedLayer(
            n_inputs,
            self.n_neurons,
            self.n_learners,
            self.growth_rate,
            self.decay_rate,
            self.sensitivity,
            seed,
        )


class RealValuedLayerProtocol(Protocol):
    """Means and expectiles, and a classifier with its controls."""

    name = "real_valued_layer"
    claim = (
        "the weights of a real-valued HTM-like layer become the running average of the input, and "
        "a classifier on its scores reads digits"
    )
    source = THREAD
    packages = ("sklearn",)
    parameters = RealValuedLayerParameters()

    def __init__(self, parameters: RealValuedLayerParameters | None = None) -> None:
        super().__init__(parameters)
        self._mnist = None if self.parameters.mnist is None else read_mnist(self.parameters.mnist)

    def run(self, progress: Progress) -> Outcome:
        """Let the weights settle, then classify."""
        settled = settle(self.parameters, progress)
        if progress.interrupted:
            return Outcome(settled, [], partial=True)
        classified = classify(self.parameters, self._mnist, progress)
        dataset = settled.merge(classified, combine_attrs="no_conflicts")
        if progress.interrupted:
            return Outcome(dataset, [], partial=True)
        needed = accuracy_needed(self._mnist)
        checks = [*settling_checks(settled), accuracy_check(classified, *needed)]
        return Outcome(
            dataset, checks, metrics=controls(classified), table=table(checks, classified)
        )

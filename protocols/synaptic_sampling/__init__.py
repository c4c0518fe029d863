"""A network whose only chance is in its synapses samples what it has learned, and can be pruned.

Stimulus: (1) small SDRs, each with a target probability; (2) images of digits with their labels.
Measurement: (1) how often the network, running freely, is at each SDR; at every step each of its
synapses transmits or not (a random mask). Control: the same weights through synapses that always
transmit the mean. (2) Test accuracy of the digits: as learned, after the weakest synapses were
removed, and after brief relearning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.experiment.threads import one_thread
from htm_brian.protocols.synaptic_sampling.checks import NEFTCI, STAGES, checks, metrics
from htm_brian.protocols.synaptic_sampling.pruning import prune_digits
from htm_brian.protocols.synaptic_sampling.sampling import frequencies
from htm_brian.sdr.sampling_machine import Bits
from htm_brian.streams.digits import bundled_digits


@dataclass(frozen=True)
class SynapticSamplingParameters:
    """What a run of `SynapticSampling` depends on.

    Parameters
    ----------
    target : tuple of float
        Probabilities of the SDRs to be sampled; they sum to 1.
    bits, hidden : int
        On-bits of an SDR, and hidden units.
    machines : int
        Networks that learn them.
    batches, batch, chain_steps : int
        Of learning: batches, SDRs of each, and steps of its own chain in between.
    rate, rate_fall : float
        Learning rate at the beginning, and its share that is left at the end.
    chains, settling, steps : int
        Of free running: chains, and their steps before and during the count.
    transmission_probability : float
        Of a synapse at a step.
    digit_hidden, digit_rate, epochs : int, float
        Hidden units, learning rate and passes, with digits.
    pruned_share, relearning_epochs : float, int
        Share of the weakest synapses that is removed, and passes after it.
    readings : int
        Over which a digit is read.
    splits : int
        Splits into digits that teach and digits that test.
    seed : int
        Of all that is left to chance.
    """

    target: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1)
    bits: int = 3
    hidden: int = 24
    machines: int = 2
    batches: int = 1500
    batch: int = 200
    chain_steps: int = 10
    rate: float = 0.05
    rate_fall: float = 0.04
    chains: int = 1000
    settling: int = 300
    steps: int = 200
    transmission_probability: float = 0.5
    digit_hidden: int = 500
    digit_rate: float = 0.1
    epochs: int = 160
    relearning_epochs: int = 16
    pruned_share: float = 0.75
    readings: int = 40
    splits: int = 8
    seed: int = 42

    def __post_init__(self) -> None:
        for value in self.target:
            check_number("target", value, low=0.01, high=1)
        if abs(sum(self.target) - 1) > 1e-9 or len(self.target) < 2:
            raise InputError(
                f"target must hold two or more shares that sum to 1, got {self.target}"
            )
        names = "bits hidden machines batches batch chain_steps chains steps digit_hidden readings"
        for name in [*names.split(), "splits"]:
            check_integer(name, getattr(self, name), low=1)
        for name in ("settling", "epochs", "relearning_epochs", "seed"):
            check_integer(name, getattr(self, name), low=0)
        check_number("rate", self.rate, low=1e-6, high=10)
        check_number("rate_fall", self.rate_fall, low=1e-6, high=1)
        check_number("digit_rate", self.digit_rate, low=1e-6, high=10)
        check_number("transmission_probability", self.transmission_probability, low=0.01, high=0.99)
        check_number("pruned_share", self.pruned_share, low=0, high=0.99)

    @property
    def patterns(self) -> Bits:
        """Return the SDRs, one a row; no bit is in two of them."""
        rows = np.repeat(np.eye(len(self.target), dtype=np.uint8), self.bits, axis=1)
        return rows


class SynapticSampling(Protocol):
    """Frequencies of sampled SDRs, and accuracy after pruning."""

    name = "synaptic_sampling"
    claim = (
        "random masks on its synapses are enough for a network to sample what it has learned, and "
        "most of its synapses can be removed"
    )
    source = NEFTCI
    packages = ("sklearn",)
    parameters = SynapticSamplingParameters()
    seeds_by_default = 10

    def run(self, progress: Progress) -> Outcome:
        """Let every network learn and run freely; then learn the digits."""
        with one_thread():
            return self._run(progress)

    def _run(self, progress: Progress) -> Outcome:
        parameters = self.parameters
        progress.begin("networks", parameters.machines + parameters.splits)
        parts = []
        for number in range(parameters.machines):
            parts.append(frequencies(parameters, number))
            progress.advance()
            if progress.interrupted:
                return Outcome(xr.Dataset(), [], partial=True)
        dataset = xr.concat(parts, "machine")
        accuracy = []
        for number in range(parameters.splits):
            accuracy.append(prune_digits(parameters, bundled_digits(number), number))
            progress.advance()
            if progress.interrupted:
                return Outcome(dataset, [], partial=True)
        dataset["accuracy"] = (("split", "stage"), accuracy, {"units": "1"})
        dataset = dataset.assign_coords(stage=list(STAGES))
        return Outcome(dataset, checks(dataset), metrics(dataset))

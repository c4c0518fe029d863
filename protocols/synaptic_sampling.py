"""A network whose only chance is in its synapses samples what it has learned, and can be pruned.

Stimulus: (1) small SDRs, each with a target probability; (2) images of digits with their labels.
Measurement: (1) how often the network, running freely, is at each SDR; at every step each of its
synapses transmits or not (a random mask). Control: the same weights through synapses that always
transmit the mean. (2) Test accuracy of the digits: as learned, after the weakest synapses were
removed, and after brief relearning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.experiment.threads import one_thread
from htm_brian.sdr.sampling_machine import Bits, SynapticSamplingMachine
from htm_brian.streams.digits import Digits, bundled_digits

NEFTCI = "Neftci et al. 2016, Front. Neurosci. 10:241"
FREQUENCY = f"{NEFTCI}: synaptic stochasticity as a means to sample; htm_brian's target: 0.05"
DIVERGENCE = "htm_brian's target: learning makes the divergence at least 10 times smaller"
PRUNING = (
    f"{NEFTCI}: removal of more than 75 % of the weakest connections followed by cursory "
    "re-learning causes a negligible loss; htm_brian's target: 1 point"
)
CLASSES = 10
STAGES = ("as learned", "pruned", "relearned")


@dataclass(frozen=True)
class SynapticSamplingParameters:
    """What a run of `SynapticSampling` depends on."""

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


def frequencies(parameters: SynapticSamplingParameters, number: int) -> xr.Dataset:
    """Teach one network the SDRs in their frequencies, and let it and its control run."""
    rng = np.random.default_rng([parameters.seed, number])
    patterns, target = parameters.patterns, np.array(parameters.target)
    machine = SynapticSamplingMachine(
        patterns.shape[1],
        parameters.hidden,
        parameters.transmission_probability,
        seed=int(rng.integers(2**31)),
    )
    before, _, _ = _run_freely(parameters, machine, rng)
    for batch in range(parameters.batches):
        rate = parameters.rate * parameters.rate_fall ** (batch / parameters.batches)
        shown = patterns[rng.choice(len(target), parameters.batch, p=target)]
        machine.learn(shown, rate, persistent=True, steps=parameters.chain_steps)
    after, error, trace = _run_freely(parameters, machine, rng)
    control, _, control_trace = _run_freely(parameters, machine.deterministic(), rng)
    return xr.Dataset(
        {
            "target": ("pattern", target, {"units": "1"}),
            "frequency": (
                ("network", "pattern"),
                np.stack([before, after, control]),
                {"units": "1"},
            ),
            "frequency_error": ("pattern", error, {"units": "1"}),
            "trace": (("running", "step"), np.stack([trace, control_trace])),
        },
        coords={
            "network": ["before learning", "stochastic", "deterministic"],
            "running": ["stochastic", "deterministic"],
        },
    )


def _run_freely(
    parameters: SynapticSamplingParameters,
    machine: SynapticSamplingMachine,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return how often each SDR was read, its standard error, and what one chain read.

    Chains start evenly spread. A chain stays at an SDR for long, so chains are counted, not steps.
    """
    patterns = parameters.patterns
    state = patterns[np.arange(parameters.chains) % len(patterns)]
    state = machine.sample(state, parameters.settling)
    counts = np.zeros((parameters.chains, len(patterns) + 1))
    trace = np.zeros(parameters.steps, dtype=np.int64)
    for step in range(parameters.steps):
        state = machine.sample(state, 1)
        reading = read(state, patterns)
        counts[np.arange(parameters.chains), reading] += 1
        trace[step] = reading[0]
    share = counts[:, :-1] / parameters.steps
    return share.mean(axis=0), share.std(axis=0) / np.sqrt(parameters.chains), trace


def read(state: Bits, patterns: Bits) -> NDArray[np.int64]:
    """Return the SDR that each state is nearest to; their number where two are equally near.

    Examples
    --------
    >>> patterns = np.array([[1, 1, 0, 0], [0, 0, 1, 1]], dtype=np.uint8)
    >>> states = np.array([[1, 0, 0, 0], [0, 1, 1, 1], [1, 0, 1, 0]], dtype=np.uint8)
    >>> read(states, patterns).tolist()
    [0, 1, 2]
    """
    distance = (state[:, None, :] != patterns[None]).sum(axis=2)
    nearest = distance.argmin(axis=1)
    tied = (distance == distance.min(axis=1, keepdims=True)).sum(axis=1) > 1
    return np.where(tied, len(patterns), nearest)


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


def divergence(dataset: xr.Dataset) -> xr.DataArray:
    """Return the Kullback-Leibler divergence of the frequencies from the target, in bits."""
    floor = 1e-6
    ratio = dataset.target / dataset.frequency.clip(min=floor)
    return (dataset.target * np.log2(ratio)).sum("pattern")


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold frequencies and pruning against their targets."""
    error = np.abs(dataset.frequency.sel(network="stochastic") - dataset.target)
    from_target = divergence(dataset)
    gain = from_target.sel(network="before learning") / from_target.sel(network="stochastic")
    mean = dataset.accuracy.mean("split")
    lost = float(mean.sel(stage="as learned") - mean.sel(stage="relearned"))
    return [
        Check(
            "frequency of an SDR less its target, largest of all networks",
            float(error.max()),
            "1",
            None,
            0.05,
            FREQUENCY,
        ),
        Check(
            "divergence before learning over that after, smallest of the networks",
            float(gain.min()),
            "1",
            10.0,
            None,
            DIVERGENCE,
        ),
        Check("accuracy lost by pruning, after relearning", lost, "1", None, 0.01, PRUNING),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the control's frequencies, how often readings change, and all accuracies."""
    mean = dataset.accuracy.mean("split")
    found: dict[str, Any] = {}
    for name in dataset.network.to_numpy():
        values = dataset.frequency.sel(network=name).mean("machine").to_numpy()
        found[f"frequencies, {name}"] = ", ".join(f"{value:.3f}" for value in values)
    error = dataset.frequency_error
    found["standard error of a frequency, stochastic, largest"] = float(error.max())
    lost = dataset.accuracy.sel(stage="as learned") - dataset.accuracy.sel(stage="relearned")
    found["accuracy lost, standard error over the splits"] = float(
        lost.std("split", ddof=1) / np.sqrt(lost.sizes["split"])
    )
    for name in dataset.running.to_numpy():
        trace = dataset.trace.sel(running=name)
        changes = (trace.diff("step") != 0).mean()
        found[f"changes of reading per step, {name}"] = float(changes)
    for stage in STAGES:
        found[f"test accuracy, {stage}"] = float(mean.sel(stage=stage))
    return found

"""What one network learns by one rule, and the dataset of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from brian2 import volt
from numpy.typing import NDArray

from htm_brian.engine.compiling import code_generation
from htm_brian.experiment.processes import GRACE, WorkerPool
from htm_brian.experiment.progress import Progress
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.protocols.plasticity_in_the_network.stimulus import (
    NEW_SEQUENCES,
    NO_BURSTS,
    Condition,
    memory_arguments,
    rules,
    symbol_columns,
)
from htm_brian.streams.sequence_task import (
    ELEMENTS,
    SEQUENCES,
    SYMBOLS,
    AfterStep,
    transition_error,
)
from htm_brian.synapses.release.transmission import sites_per_permanence

if TYPE_CHECKING:
    from htm_brian.protocols.plasticity_in_the_network import PlasticityInTheNetworkParameters

ENOUGH = 0.1
"""Anomaly of what can be predicted from which a task counts as learned."""


@dataclass(frozen=True)
class Task:
    """A network that learns by a rule in a condition."""

    condition: Condition
    rule: str
    seed: int

    def episodes(self, p: PlasticityInTheNetworkParameters) -> int:
        """Return how many rounds of all sequences it is shown."""
        return p.training + p.new + 1


@dataclass(frozen=True)
class Learned:
    """What a network did.

    Parameters
    ----------
    error, anomaly : ndarray of float, shape (training,)
        Means over the transitions of a round.
    kept : float
        Error at the first sequences, after others were learned.
    new_error : float
        Error at these, in their last round.
    vesicles : float
        Expected number for each element of the last round of training.
    segments, synapses : int
        After the training.
    """

    error: NDArray[np.float64]
    anomaly: NDArray[np.float64]
    kept: float
    new_error: float
    vesicles: float
    segments: int
    synapses: int


def measure_all(
    p: PlasticityInTheNetworkParameters, progress: Progress
) -> dict[tuple[str, str, int], Learned]:
    """Let every network learn; those that were stopped are left out."""
    tasks = {
        (condition.name, rule, seed): Task(condition, rule, seed)
        for condition in p.conditions
        for rule in condition.rules
        for seed in range(p.seeds)
    }
    names = {" | ".join(map(str, key)): key for key in tasks}
    lengths = {name: tasks[key].episodes(p) * ELEMENTS for name, key in names.items()}
    label = "networks that learn"
    progress.begin(label, sum(lengths.values()))
    with WorkerPool(p.jobs) as pool:
        for name, key in names.items():
            pool.submit(name, learn, tasks[key], p)
        pool.follow(lengths, progress, GRACE, label)
        found = {key: pool.results.get(name) for name, key in names.items()}
    return {key: value for key, value in found.items() if value is not None}


def learn(task: Task, p: PlasticityInTheNetworkParameters, after_step: AfterStep) -> Learned | None:
    """Train a network, let it learn other sequences, and ask for the first; None if stopped."""
    with code_generation(p.codegen):
        shown = Shown(task, p, after_step)
        errors, anomalies = [], []
        for episode in range(p.training):
            shown.count_vesicles = episode == p.training - 1
            error, anomaly = shown.present(SEQUENCES)
            errors.append(error)
            anomalies.append(anomaly)
            if shown.stopped:
                return None
        memory, vesicles = shown.memory, shown.vesicles / ELEMENTS
        segments, synapses = memory.n_segments, memory.store.n_synapses
        shown.count_vesicles = False
        new_error = float("nan")
        for _ in range(p.new):
            new_error = shown.present(NEW_SEQUENCES)[0]
        kept = shown.present(SEQUENCES)[0]
        if shown.stopped:
            return None
        return Learned(
            *(np.array(errors), np.array(anomalies), kept, new_error, vesicles, segments, synapses)
        )


class Shown:
    """A network, and what it is shown."""

    def __init__(
        self, task: Task, p: PlasticityInTheNetworkParameters, after_step: AfterStep
    ) -> None:
        network = task.condition.network()
        self.memory = SpikingTemporalMemory(
            **memory_arguments(p, task.rule),
            seed=p.seed + task.seed,
            model=network,
            cell_model=task.condition.cell_model,
            unchecked=True,
        )
        if task.rule == NO_BURSTS:
            self.memory.layer.cells.burst_dendritic_threshold = 1 * volt  # no dendrite gets there
        release, distal = network["release"], network["distal"]
        self._sites = float(release["sites"]), float(distal["site_growth"])
        self._probability = float(release["release_probability"])
        self._columns = symbol_columns(p, task.seed)
        self._after_step = after_step
        self._done = 0
        self.stopped = False
        self.count_vesicles = False
        self.vesicles = 0.0

    def present(self, sequences: Sequence[str]) -> tuple[float, float]:
        """Show all sequences once; return error and anomaly of what can be predicted."""
        errors, anomalies = [], []
        memory = self.memory
        for sequence in sequences:
            symbols = [SYMBOLS.index(symbol) for symbol in sequence]
            for place, symbol in enumerate(symbols):
                memory.compute(self._columns[symbol])
                self._done += 1
                if self.count_vesicles:
                    self.vesicles += self._released()
                if place:
                    anomalies.append(memory.anomaly)
                if place + 1 < len(symbols):
                    errors.append(transition_error(memory, self._columns, symbols[place + 1]))
            memory.reset()
        self.stopped = not self._after_step(self._done)
        return float(np.mean(errors)), float(np.mean(anomalies))

    def _released(self) -> float:
        """Return how many vesicles the spikes of the last element release, on average."""
        memory = self.memory
        flat = memory.store.flat()
        spikes = np.bincount(memory.spike_cells, minlength=memory.n_cells)
        threshold = memory.connected_permanence
        beyond = np.clip(flat.permanence - threshold, 0, 1)
        few, growth = self._sites
        sites = few * (1 + sites_per_permanence(growth, threshold) * beyond)
        return float((spikes[flat.presynaptic] * sites).sum() * self._probability)


def to_dataset(
    p: PlasticityInTheNetworkParameters, found: dict[tuple[str, str, int], Learned]
) -> xr.Dataset:
    """Return the figures of all networks; NaN where a rule was not tried in a condition."""
    conditions = [condition.name for condition in p.conditions]
    names = [rule for rule in rules() if any(rule == key[1] for key in found)]
    shape = len(conditions), len(names), p.seeds
    scalars: dict[str, Any] = {name: np.full(shape, np.nan) for name in SCALARS}
    courses = {name: np.full((*shape, p.training), np.nan) for name in ("error", "anomaly")}
    for (condition, rule, seed), learned in found.items():
        where = conditions.index(condition), names.index(rule), seed
        for name, course in courses.items():
            course[where] = getattr(learned, name)
        scalars["elements"][where] = elements_to_learn(learned.anomaly)
        scalars["last_error"][where] = learned.error[-p.testing :].mean()
        scalars["last_anomaly"][where] = learned.anomaly[-p.testing :].mean()
        for name in ("kept", "new_error", "vesicles", "segments", "synapses"):
            scalars[name][where] = getattr(learned, name)
    axes = ("condition", "rule", "seed")
    dataset = xr.Dataset(
        {name: (axes, values) for name, values in scalars.items()}
        | {name: ((*axes, "round"), values) for name, values in courses.items()},
        coords={"condition": conditions, "rule": names, "round": np.arange(1, p.training + 1)},
    )
    for name, meaning in SCALARS.items():
        dataset[name].attrs["long_name"] = meaning
    return dataset


SCALARS = {
    "elements": "elements until the anomaly stays at or below a tenth; infinite if it never does",
    "last_error": "transition error in the last rounds of training",
    "last_anomaly": "anomaly of what can be predicted, in the last rounds",
    "kept": "transition error at the first sequences, after others were learned",
    "new_error": "transition error at these others",
    "vesicles": "vesicles that distal synapses release in an element",
    "segments": "segments after the training",
    "synapses": "synapses after the training",
}


def elements_to_learn(anomaly: NDArray[np.float64]) -> float:
    """Return after how many elements the anomaly is low for good; infinite if it never is.

    Examples
    --------
    >>> elements_to_learn(np.array([1.0, 0.05, 0.5, 0.1, 0.0]))
    90.0
    """
    high = np.flatnonzero(anomaly > ENOUGH)
    rounds = 0 if not len(high) else int(high[-1]) + 1
    return float(rounds * ELEMENTS) if rounds < len(anomaly) else float("inf")

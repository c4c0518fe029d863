"""The networks of `network_release`: their kinds, and what one of them does."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.arguments import check_integer, check_number
from htm_brian.comparison.ladder import MemoryParameters
from htm_brian.errors import InputError
from htm_brian.parameters import Model, load_model
from htm_brian.streams.sequence_task import SYMBOLS, AfterStep, Measured, present


@dataclass(frozen=True)
class Condition:
    """A kind of network.

    Parameters
    ----------
    name : str
    n_active : int
        Active columns at a time, and so synapses of a segment.
    threshold : int, optional
        Synapses that start a plateau; left out: the share of the default memory.
    bursts : bool
        Whether predicted cells fire twice.
    """

    name: str
    n_active: int = 20
    threshold: int | None = None
    bursts: bool = True

    def memory(self, columns: int, cells: int) -> MemoryParameters:
        """Return the memory of this kind."""
        scale = self.n_active // 20
        memory = replace(
            MemoryParameters.for_size(columns * scale, cells, self.n_active),
            predicted_decrement=PREDICTED_DECREMENT,
        )
        if self.threshold is None:
            return memory
        return replace(
            memory, activation_threshold=self.threshold, min_threshold=min(self.threshold, 10)
        )


PREDICTED_DECREMENT = 0.05
"""Half of the increment. With the 0.01 of `MemoryParameters` the abstract memory too foretells two
symbols where one follows, even after 40 presentations."""

DEFAULT = Condition("default: 8 of 20 synapses, bursts")
CONDITIONS = (
    DEFAULT,
    Condition("predicted cells fire once", bursts=False),
    Condition("13 of 20 synapses", threshold=13),
    Condition("13 of 40 synapses", n_active=40, threshold=13),
)


@dataclass(frozen=True)
class NetworkReleaseParameters:
    """What a run of `NetworkRelease` depends on."""

    columns: int = 256
    cells_per_column: int = 8
    transmission: tuple[float, ...] = (1.0, 0.9, 0.8, 0.7, 0.5, 0.4, 0.3)
    training: int = 24
    testing: int = 16
    conditions: tuple[Condition, ...] = CONDITIONS
    seed: int = 42
    jobs: int = 2
    codegen: str = "auto"
    model: str = "minicolumns"
    cell_model: str = "l5_reduced"

    def __post_init__(self) -> None:
        check_integer("columns", self.columns, low=20)
        for name in ("cells_per_column", "training", "testing", "jobs"):
            check_integer(name, getattr(self, name), low=1)
        check_integer("seed", self.seed, low=0)
        for probability in self.transmission:
            check_number("transmission", probability, low=0.0, high=1.0)
        if 1.0 not in self.transmission:
            raise InputError(
                "transmission must contain 1, whose network is also frozen and tested with "
                f"failures, got {self.transmission}"
            )
        if DEFAULT not in self.conditions:
            raise InputError(f"conditions must contain {DEFAULT.name!r}")


@dataclass(frozen=True)
class Task:
    """One network at one transmission probability.

    Parameters
    ----------
    condition : Condition
    transmission : float
    episodes : int
        Presentations of all sequences.
    segments : SegmentTable, optional
        Of a trained network, which then learns nothing.
    """

    condition: Condition
    transmission: float
    episodes: int
    segments: SegmentTable | None = None


def symbol_columns(p: NetworkReleaseParameters, condition: Condition) -> NDArray[np.int64]:
    """Return the columns of each symbol, sorted; shape (symbols, n_active)."""
    columns = condition.memory(p.columns, p.cells_per_column).columns
    rng = np.random.default_rng(p.seed)
    return np.array(
        [np.sort(rng.choice(columns, condition.n_active, replace=False)) for _ in SYMBOLS]
    )


def measure(task: Task, p: NetworkReleaseParameters, after_step: AfterStep) -> Measured:
    """Present the sequences to one network; ends early, after a whole episode, when told to."""
    # Brian2 is slow to import, and only the workers need it.
    from brian2 import volt

    from htm_brian.engine.compiling import code_generation
    from htm_brian.network.temporal_memory import SpikingTemporalMemory

    with code_generation(p.codegen):
        memory = SpikingTemporalMemory(
            **asdict(task.condition.memory(p.columns, p.cells_per_column)),
            seed=p.seed,
            model=with_transmission(load_model(p.model), task.transmission),
            cell_model=p.cell_model,
        )
        if not task.condition.bursts:
            memory.cells.burst_dendritic_threshold = 1 * volt  # no dendrite gets there
        if task.segments is not None:
            memory.import_segments(task.segments)
        return present(
            memory,
            symbol_columns(p, task.condition),
            task.episodes,
            task.segments is None,
            after_step,
        )


def with_transmission(model: Model, probability: float) -> Model:
    """Return the network with connections of one site that transmits with `probability`."""
    return model.with_values({"release.sites": 1, "release.release_probability": probability})

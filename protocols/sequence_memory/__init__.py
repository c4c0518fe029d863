"""The sequence memory of "Why neurons have thousands of synapses", on the stream of that paper.

Stimulus: blocks of ten elements, four random patterns and one of five six-letter sequences, without
a reset; then other sequences of the same letters. Measurement: the share of predicted columns that
become active, smoothed as in the paper; half of the elements can be predicted. Further runs kill
cells, have one cell a column, store permanences in few bits, or let them learn by another rule.

The peers' figures of damage and of permanences are of one run, on the stream of the published
script's default seed (their accuracies at 1,000 and 2,500 elements, .481 and .485, are that
stream's). So these are compared on that stream, over several seeds of the memory; the others over
several streams. The lowest accuracy after damage is that of each run, averaged over the runs; since
it varies from run to run (by 0.015 at 40 %), it takes some 20 memories to know it to 0.003, a tenth
of what it may differ by. The peers' moving averages are taken with new synapses at 0.21, as all
else on this stream; at the rule's own start, its threshold, it learns sooner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.arguments import check_integer, check_number
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.protocols.sequence_memory.checks import checks, metrics
from htm_brian.protocols.sequence_memory.measurement import Runs
from htm_brian.protocols.sequence_memory.peers import PAPER
from htm_brian.streams.sequences_in_noise import BLOCK, SYMBOLS, stream


@dataclass(frozen=True)
class SequenceMemoryParameters:
    """What a run of `SequenceMemory` depends on; the sizes are those of the paper.

    Parameters
    ----------
    columns, cells_per_column, n_active : int
        Size of the memory, and active columns of an element.
    threshold : int
        Active synapses that make a segment active.
    elements, switch : int
        Length of the stream, and the element from which other sequences come.
    deaths : tuple of float
        Shares of the cells that die at the switch.
    seeds, damaged_memories : int
        Memories of each condition, and of those that lose cells.
    seed : int
        Of all that is left to chance.
    """

    columns: int = 2048
    cells_per_column: int = 32
    n_active: int = 40
    threshold: int = 15
    elements: int = 7001
    switch: int = 3500
    deaths: tuple[float, ...] = (0.4, 0.5, 0.6, 0.75)
    seeds: int = 10
    damaged_memories: int = 20
    seed: int = 42

    def __post_init__(self) -> None:
        for name in ("cells_per_column", "n_active", "seeds", "damaged_memories"):
            check_integer(name, getattr(self, name), low=1)
        check_integer("columns", self.columns, low=SYMBOLS * self.n_active)
        check_integer("threshold", self.threshold, low=1, high=self.n_active)
        check_integer("switch", self.switch, low=BLOCK)
        check_integer("elements", self.elements, low=self.switch + 1)
        check_integer("seed", self.seed, low=0, high=2**32 - 1 - self.runs)
        for share in self.deaths:
            check_number("deaths", share, low=0.01, high=1.0)

    @property
    def runs(self) -> int:
        """Largest number of runs of a condition."""
        return max(self.seeds, self.damaged_memories)

    def stream(
        self, seed: int, sequences_after: Sequence[str]
    ) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
        """Return the elements of a stream, and the order in which cells die."""
        size = self.columns, self.cells_per_column, self.n_active
        return stream(*size, self.elements, self.switch, seed, sequences_after)

    def memory(self, seed: int, **changes: Any) -> TemporalMemory:
        """Return an untrained memory with the paper's parameters, but for `changes`."""
        return TemporalMemory(
            **{
                "columns": self.columns,
                "cells_per_column": self.cells_per_column,
                "activation_threshold": self.threshold,
                "min_threshold": self.threshold,
                "max_new_synapses": self.n_active,
                "predicted_decrement": 0.01,
                "seed": seed,
            }
            | changes
        )


class SequenceMemory(Protocol):
    """High-order sequences learned on line, unlearned, and kept by a damaged network."""

    name = "sequence_memory"
    claim = (
        "a temporal memory learns high-order sequences from a stream with noise, adapts when they "
        "change, and survives the death of many of its cells"
    )
    source = PAPER
    parameters = SequenceMemoryParameters()

    def run(self, progress: Progress) -> Outcome:
        """Run several streams, then several memories on the peers' stream."""
        parameters = self.parameters
        runs = Runs(parameters, progress)
        for number in range(parameters.seeds):
            runs.switched(number)
            runs.other_permanences(number)
        for number in range(parameters.damaged_memories):
            runs.damaged(number)
        dataset = runs.dataset()
        if progress.interrupted:
            return Outcome(dataset, [], partial=True)
        return Outcome(dataset, checks(dataset), metrics=metrics(dataset))

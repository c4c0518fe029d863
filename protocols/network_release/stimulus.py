"""Kinds of network, and the columns of each symbol of the sequences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from htm_brian.comparison.ladder import MemoryParameters
from htm_brian.streams.sequence_task import SYMBOLS

if TYPE_CHECKING:
    from htm_brian.protocols.network_release import NetworkReleaseParameters


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
"""Half of the increment. With the 0.01 of `MemoryParameters` the abstract memory too predicts two
symbols where one follows, even after 40 presentations."""
DEFAULT = Condition("default: 8 of 20 synapses, bursts")
CONDITIONS = (
    DEFAULT,
    Condition("predicted cells fire once", bursts=False),
    Condition("13 of 20 synapses", threshold=13),
    Condition("13 of 40 synapses", n_active=40, threshold=13),
)


def symbol_columns(p: NetworkReleaseParameters, condition: Condition) -> NDArray[np.int64]:
    """Return the columns of each symbol, sorted; shape (symbols, n_active)."""
    columns = condition.memory(p.columns, p.cells_per_column).columns
    rng = np.random.default_rng(p.seed)
    return np.array(
        [np.sort(rng.choice(columns, condition.n_active, replace=False)) for _ in SYMBOLS]
    )

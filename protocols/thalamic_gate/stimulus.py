"""Two sets of sequences: those that become familiar, and new ones that come thereafter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

if TYPE_CHECKING:
    from htm_brian.protocols.thalamic_gate import ThalamicGateParameters


@dataclass(frozen=True)
class Task:
    """What is shown.

    Attributes
    ----------
    familiar, novel : ndarray of int, shape (n_sequences, length, n_active)
        Input columns of every element, sorted; no two elements are the same symbol.
    """

    familiar: NDArray[np.int64]
    novel: NDArray[np.int64]


def draw_task(p: ThalamicGateParameters, rng: Generator) -> Task:
    """Draw the columns of each element, independent of each other."""
    shape = 2, p.sequences, p.length
    drawn = [
        np.sort(rng.choice(p.columns, p.active, replace=False)) for _ in range(int(np.prod(shape)))
    ]
    return Task(*np.array(drawn, dtype=np.int64).reshape(*shape, p.active))


def draw_orders(p: ThalamicGateParameters, rng: Generator) -> NDArray[np.int64]:
    """Return in which order each episode has the sequences, shape (2 * episodes, sequences)."""
    return np.array([rng.permutation(p.sequences) for _ in range(2 * p.episodes)])

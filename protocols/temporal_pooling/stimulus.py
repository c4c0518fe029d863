"""Sequences that share symbols and stretches, and new ones whose every step is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

if TYPE_CHECKING:
    from htm_brian.protocols.temporal_pooling import TemporalPoolingParameters

SHARED = 3
"""Symbols that two sequences have in a row, at the same places."""


@dataclass(frozen=True)
class Task:
    """What is shown.

    Attributes
    ----------
    symbols : ndarray of int, shape (n_symbols, n_active)
        Columns of each symbol, sorted.
    sequences : ndarray of int, shape (n_sequences, length)
        Symbols of each sequence, none twice in one; every second sequence shares a stretch with the
        one before.
    novel : ndarray of int, shape (n_sequences, length)
        Symbols of sequences of which no step is one of `sequences`.
    """

    symbols: NDArray[np.int64]
    sequences: NDArray[np.int64]
    novel: NDArray[np.int64]


def draw_task(p: TemporalPoolingParameters, rng: Generator) -> Task:
    """Draw symbols and sequences."""
    symbols = np.array(
        [np.sort(rng.choice(p.columns, p.active, replace=False)) for _ in range(p.symbols)]
    )
    # Each begins with another symbol, as a sequence that is to be told apart must.
    firsts = rng.permutation(p.symbols)[: p.sequences]
    middle = (p.length - SHARED) // 2
    sequences = np.empty((p.sequences, p.length), dtype=np.int64)
    for row, first in enumerate(firsts):
        others = np.setdiff1d(np.arange(p.symbols), [first])
        sequences[row] = [first, *rng.permutation(others)[: p.length - 1]]
        if row % 2:
            shared = sequences[row - 1, middle : middle + SHARED]
            rest = rng.permutation(np.setdiff1d(others, shared))[: p.length - 1 - SHARED]
            if first in shared:
                # The other sequence may hold its first symbol in the stretch; then none is shared.
                continue
            sequences[row] = [first, *rest[: middle - 1], *shared, *rest[middle - 1 :]]
    return Task(symbols, sequences, _novel(sequences, p.symbols, rng))


def _novel(sequences: NDArray[np.int64], n_symbols: int, rng: Generator) -> NDArray[np.int64]:
    """Return sequences in which no symbol follows another as it does in `sequences`."""
    known = np.zeros((n_symbols, n_symbols), dtype=np.bool_)
    known[sequences[:, :-1], sequences[:, 1:]] = True
    np.fill_diagonal(known, True)
    found = np.empty_like(sequences)
    for row in found:
        row[0] = rng.integers(n_symbols)
        for place in range(1, len(row)):
            row[place] = rng.choice(np.flatnonzero(~known[row[place - 1]]))
    return found

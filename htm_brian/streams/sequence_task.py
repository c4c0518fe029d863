"""A task of high-order sequences that share symbols, and its score, for any temporal memory.

Task and score are those of Bouhadjar et al. 2022, PLOS Comput Biol 18:e1010233 (set II): six
sequences of five symbols, again and again, in fixed order, with a rest between sequences. A symbol
is a set of columns, and is predicted when at least half of them hold a predicted cell. A
transition's error is the distance between the predicted symbols and the true one: 0 when just that
symbol is predicted, 1 when it is missed or another one is predicted as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.segments.table import SegmentTable

SEQUENCES = ("ENDIJ", "LNDIK", "GJMCN", "FJMCI", "BCKHI", "ACKHF")
SYMBOLS = "".join(sorted(set("".join(SEQUENCES))))
ELEMENTS = sum(map(len, SEQUENCES))
PREDICTED_SHARE = 0.5
"""Share of a symbol's columns that must hold a predicted cell; the peer's is half of a segment."""

AfterStep = Callable[[int], bool]


@dataclass(frozen=True)
class Measured:
    """What one network did.

    Parameters
    ----------
    error : ndarray of float, shape (episodes, transitions)
    anomaly : ndarray of float, shape (episodes, transitions)
    segments : SegmentTable
        At the end.
    """

    error: NDArray[np.float64]
    anomaly: NDArray[np.float64]
    segments: SegmentTable


def present(
    memory: Any,
    columns: NDArray[np.int64],
    episodes: int,
    learn: bool,
    after_step: AfterStep,
) -> Measured:
    """Present all sequences `episodes` times to a temporal memory of any level.

    Parameters
    ----------
    memory : TemporalMemory or SpikingTemporalMemory
    columns : ndarray of int, shape (len(SYMBOLS), n_active)
        Of each symbol, sorted.
    episodes : int
    learn : bool
    after_step : callable
        Called after each episode with the number of elements done; False ends the run.
    """
    errors: list[list[float]] = []
    anomalies: list[list[float]] = []
    done = 0
    for _ in range(episodes):
        error, anomaly = [], []
        for sequence in SEQUENCES:
            target: int | None = None
            for symbol, following in zip(sequence, [*sequence[1:], None], strict=True):
                memory.compute(columns[SYMBOLS.index(symbol)], learn=learn)
                done += 1
                if target is not None:
                    anomaly.append(memory.anomaly)
                if following is not None:
                    target = SYMBOLS.index(following)
                    error.append(transition_error(memory, columns, target))
            memory.reset()
        errors.append(error)
        anomalies.append(anomaly)
        if not after_step(done):
            break
    return Measured(np.array(errors), np.array(anomalies), memory.export_segments())


def transition_error(memory: Any, columns: NDArray[np.int64], target: int) -> float:
    """Return the distance between the symbols that `memory` predicts and the true one."""
    held = np.unique(memory.predictive_cells // memory.cells_per_column)
    predicted = np.isin(columns, held).mean(axis=1) >= PREDICTED_SHARE
    wrong = predicted.copy()
    wrong[target] = not predicted[target]
    return float(np.sqrt(wrong.sum()))

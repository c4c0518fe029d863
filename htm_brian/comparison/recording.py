"""What a temporal memory of any level did, step by step, kept compactly.

A `Recording` holds the sets that every level offers (see `SETS`), each a `Ragged`, and the anomaly
score. `record` drives any object with the shared interface,
``compute(active_columns, learn=True)``, over a stream of active columns. It can be stopped after
any step: what was recorded until then is a valid, shorter `Recording`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from htm_brian.errors import InputError
from htm_brian.sdr.ragged import Ragged

COLUMN_SETS = ("active_columns", "predicted_columns", "column_bursts", "plateau_columns")
CELL_SETS = ("active_cells", "winner_cells", "predictive_cells")
SETS = COLUMN_SETS + CELL_SETS
"""The sets of a step: four of columns, three of cells."""

BEST = "best_matching_cells"
"""A further set of cells, which says what should have been: who ought to win if columns burst."""


class Memory(Protocol):
    """The interface that every level's temporal memory shares."""

    @property
    def active_columns(self) -> NDArray[np.integer]:
        """Columns that were active, sorted, shape (n,)."""

    @property
    def predicted_columns(self) -> NDArray[np.integer]:
        """Columns that had been predicted, sorted, shape (n,)."""

    @property
    def column_bursts(self) -> NDArray[np.integer]:
        """Columns that burst, sorted, shape (n,)."""

    @property
    def active_cells(self) -> NDArray[np.integer]:
        """Cells that were active, sorted, shape (n,)."""

    @property
    def winner_cells(self) -> NDArray[np.integer]:
        """Cells that learn, sorted, shape (n,)."""

    @property
    def predictive_cells(self) -> NDArray[np.integer]:
        """Cells that predict the next step, sorted, shape (n,)."""

    @property
    def best_matching_cells(self) -> NDArray[np.integer]:
        """Cells with the best matching segment of their column, sorted, shape (n,)."""

    @property
    def anomaly(self) -> float:
        """Share of the active columns that had not been predicted."""

    def compute(self, active_columns: NDArray[np.int64], learn: bool = True) -> None:
        """Do one step.

        Parameters
        ----------
        active_columns : ndarray of int64, shape (n,)
            Sorted, each once.
        learn : bool
            Whether segments change.
        """


@dataclass(frozen=True, eq=False)
class Recording:
    """The sets and the anomaly of consecutive steps of one temporal memory.

    Parameters
    ----------
    columns, cells_per_column : int
        Size of the memory.
    sets : dict of str to Ragged
        One entry for every name in `SETS`, and for `BEST`. Of the columns that were active in the
        step, `predicted_columns` are those that had been predicted: at level 1 spikes say so.
        `plateau_columns` are all columns with a predictive cell when the step began, active then
        or not: at level 1 cells with a plateau. `predictive_cells` predict the *next* step.
        `best_matching_cells` had the best matching segment of their column when the step began.
    anomaly : ndarray of shape (n_steps,)
        Share of the step's active columns that had not been predicted.

    Raises
    ------
    InputError
        If a set is missing or unknown, has another number of steps, or an index out of range.
    """

    columns: int
    cells_per_column: int
    sets: dict[str, Ragged]
    anomaly: NDArray[np.float64]

    def __post_init__(self) -> None:
        if set(self.sets) != {*SETS, BEST}:
            raise InputError(
                f"sets must be {', '.join((*SETS, BEST))}, got {', '.join(sorted(self.sets))}"
            )
        for name, ragged in self.sets.items():
            if len(ragged) != len(self.anomaly):
                raise InputError(
                    f"{name} has {len(ragged)} steps, anomaly has {len(self.anomaly)}: "
                    "all must have the same number"
                )
            if ragged.values.size and ragged.values.max() >= self.size_of(name):
                raise InputError(
                    f"{name} must lie below {self.size_of(name)}, got {ragged.values.max()}"
                )

    def __len__(self) -> int:
        return len(self.anomaly)

    def __getitem__(self, name: str) -> Ragged:
        return self.sets[name]

    @property
    def n_cells(self) -> int:
        """Number of cells of the memory."""
        return self.columns * self.cells_per_column

    def size_of(self, name: str) -> int:
        """Return the number of elements that the set `name` is chosen from.

        Parameters
        ----------
        name : str
            One of the sets.

        Returns
        -------
        int
            Columns, or cells.
        """
        return self.columns if name in COLUMN_SETS else self.n_cells

    def sparsity(self, name: str) -> NDArray[np.float64]:
        """Share of bits on in the set `name`, step by step.

        Parameters
        ----------
        name : str
            One of the sets.

        Returns
        -------
        ndarray of float, shape (n_steps,)
            In [0, 1].
        """
        return self.sets[name].counts / self.size_of(name)

    @property
    def plateau_anomaly(self) -> NDArray[np.float64]:
        """Share of active columns without a predictive cell when a step began, shape (n_steps,)."""
        active, ahead = self.sets["active_columns"], self.sets["plateau_columns"]
        came, due = (one.steps * self.columns + one.values for one in (active, ahead))
        missed = np.bincount(active.steps[~np.isin(came, due)], minlength=len(self))
        return missed / np.maximum(active.counts, 1)

    def part(self, start: int, stop: int | None = None) -> Recording:
        """Return the steps from `start` up to and without `stop`; negative counts from the end.

        Parameters
        ----------
        start, stop : int
            Steps; `stop` may be None, for the end.

        Returns
        -------
        Recording
            Of these steps.
        """
        return Recording(
            self.columns,
            self.cells_per_column,
            {name: ragged.part(start, stop) for name, ragged in self.sets.items()},
            self.anomaly[start:stop],
        )


class Recorder:
    """Collects what a memory shows after each step.

    Parameters
    ----------
    columns, cells_per_column : int
        Size of the memory.
    """

    def __init__(self, columns: int, cells_per_column: int) -> None:
        self.columns = columns
        self.cells_per_column = cells_per_column
        self._before: dict[str, NDArray[np.integer]] = {}
        self._steps: list[tuple[float, dict[str, NDArray[np.int32]]]] = []

    def __len__(self) -> int:
        return len(self._steps)

    def expect(self, memory: Memory) -> None:
        """Note what `memory` expects of the step that it is about to compute.

        Parameters
        ----------
        memory : Memory
            Before `compute`.
        """
        ahead = np.unique(memory.predictive_cells // self.cells_per_column)
        self._before = {"plateau_columns": ahead, BEST: memory.best_matching_cells}

    def observe(self, memory: Memory) -> None:
        """Take down the step that `memory` has just computed, after `expect`.

        Parameters
        ----------
        memory : Memory
            After `compute`.
        """
        found = {name: getattr(memory, name) for name in SETS if name not in self._before}
        # Level 0 counts among them the columns that did not become active.
        found["predicted_columns"] = np.intersect1d(
            found["predicted_columns"], found["active_columns"], assume_unique=True
        )
        sets = {name: np.array(one, np.int32) for name, one in (found | self._before).items()}
        # One append, after everything was read: an interrupt never leaves half a step behind.
        self._steps.append((float(memory.anomaly), sets))

    def recording(self) -> Recording:
        """Return what was observed so far.

        Returns
        -------
        Recording
            Of whole steps.
        """
        steps = list(self._steps)
        return Recording(
            self.columns,
            self.cells_per_column,
            {name: Ragged.from_sets(sets[name] for _, sets in steps) for name in (*SETS, BEST)},
            np.array([anomaly for anomaly, _ in steps], dtype=np.float64),
        )


def record(
    memory: Memory,
    stream: Ragged,
    recorder: Recorder,
    *,
    learn: bool = True,
    after_step: Callable[[int], bool] | None = None,
) -> bool:
    """Feed `stream` to `memory` and take down every step in `recorder`.

    Parameters
    ----------
    memory : object with the shared interface
    stream : Ragged
        The active columns of each step.
    recorder : Recorder
        Holds what was recorded, also when this call is interrupted.
    learn : bool
        Whether the memory learns.
    after_step : callable, optional
        Called with the number of steps done; False ends the run there.

    Returns
    -------
    bool
        Whether the whole stream was fed.
    """
    for done, active_columns in enumerate(stream, start=1):
        recorder.expect(memory)
        memory.compute(active_columns.astype(np.int64), learn=learn)
        recorder.observe(memory)
        if after_step is not None and not after_step(done) and done < len(stream):
            return False
    return True

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

COLUMN_SETS = ("active_columns", "predicted_columns", "column_bursts")
CELL_SETS = ("active_cells", "winner_cells", "predictive_cells")
SETS = COLUMN_SETS + CELL_SETS
"""The sets of a step: three of columns, three of cells."""


class Memory(Protocol):
    """The interface that every level's temporal memory shares."""

    @property
    def active_columns(self) -> NDArray[np.integer]: ...  # noqa: D102
    @property
    def predicted_columns(self) -> NDArray[np.integer]: ...  # noqa: D102
    @property
    def column_bursts(self) -> NDArray[np.integer]: ...  # noqa: D102
    @property
    def active_cells(self) -> NDArray[np.integer]: ...  # noqa: D102
    @property
    def winner_cells(self) -> NDArray[np.integer]: ...  # noqa: D102
    @property
    def predictive_cells(self) -> NDArray[np.integer]: ...  # noqa: D102
    @property
    def anomaly(self) -> float: ...  # noqa: D102

    def compute(  # noqa: D102
        self, active_columns: NDArray[np.int64], learn: bool = True
    ) -> None: ...


@dataclass(frozen=True, eq=False)
class Recording:
    """The sets and the anomaly of consecutive steps of one temporal memory.

    Parameters
    ----------
    columns, cells_per_column : int
        Size of the memory.
    sets : dict of str to Ragged
        One entry for every name in `SETS`. `predicted_columns` are those predicted *for* the step,
        `predictive_cells` those that predict the *next* one.
    anomaly : ndarray of shape (n_steps,)
        Share of the step's active columns that were not predicted.
    """

    columns: int
    cells_per_column: int
    sets: dict[str, Ragged]
    anomaly: NDArray[np.float64]

    def __post_init__(self) -> None:
        if set(self.sets) != set(SETS):
            raise InputError(f"sets must be {', '.join(SETS)}, got {', '.join(sorted(self.sets))}")
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
        """Return the number of elements that the set `name` is chosen from."""
        return self.n_cells if name in CELL_SETS else self.columns

    def sparsity(self, name: str) -> NDArray[np.float64]:
        """Share of bits on in the set `name`, step by step."""
        return self.sets[name].counts / self.size_of(name)

    def part(self, start: int, stop: int | None = None) -> Recording:
        """Return the steps from `start` up to and without `stop`; negative counts from the end."""
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
        self._steps: list[tuple[float, dict[str, NDArray[np.int32]]]] = []

    def __len__(self) -> int:
        return len(self._steps)

    def observe(self, memory: Memory) -> None:
        """Take down the step that `memory` has just computed."""
        sets = {name: np.array(getattr(memory, name), dtype=np.int32) for name in SETS}
        # One append, after everything was read: an interrupt never leaves half a step behind.
        self._steps.append((float(memory.anomaly), sets))

    def recording(self) -> Recording:
        """Return what was observed so far."""
        steps = list(self._steps)
        return Recording(
            self.columns,
            self.cells_per_column,
            {name: Ragged.from_sets(sets[name] for _, sets in steps) for name in SETS},
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
        memory.compute(active_columns.astype(np.int64), learn=learn)
        recorder.observe(memory)
        if after_step is not None and not after_step(done) and done < len(stream):
            return False
    return True

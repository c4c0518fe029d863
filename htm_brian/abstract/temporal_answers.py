"""What a step of the abstract temporal memory did, read from its arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.depolarisation import best_of_columns
from htm_brian.abstract.kernels import temporal_layout
from htm_brian.abstract.kernels.temporal_layout import MemoryArrays
from htm_brian.abstract.segments.store import SegmentStore


class TemporalAnswers:
    """The read-out of a memory that holds a store of segments and the arrays of its steps."""

    cells_per_column: int
    store: SegmentStore
    _memory: MemoryArrays

    @property
    def active_columns(self) -> NDArray[np.int64]:
        """Columns of the last step's input."""
        return self._columns(0, temporal_layout.N_ACTIVE_COLUMNS)

    @property
    def predicted_columns(self) -> NDArray[np.int64]:
        """Columns that had been predicted for the last step."""
        return self._columns(1, temporal_layout.N_PREDICTED_COLUMNS)

    @property
    def column_bursts(self) -> NDArray[np.int64]:
        """Active columns of the last step that had not been predicted."""
        return self._columns(2, temporal_layout.N_BURSTS)

    def _columns(self, row: int, number: int) -> NDArray[np.int64]:
        return self._memory.columns[row, : self._memory.numbers[number]].astype(np.int64)

    @property
    def active_cells(self) -> NDArray[np.int64]:
        """Cells that became active."""
        return self._cells(self._memory.active_cells, temporal_layout.N_ACTIVE)

    @property
    def winner_cells(self) -> NDArray[np.int64]:
        """One cell a bursting column, and every predicted cell that became active."""
        return self._cells(self._memory.winner_cells, temporal_layout.N_WINNERS)

    def _cells(self, rows: NDArray[np.int32], number: int) -> NDArray[np.int64]:
        numbers = self._memory.numbers
        return rows[numbers[temporal_layout.ROW], : numbers[number]].astype(np.int64)

    @property
    def active_segments(self) -> NDArray[np.int32]:
        """Segments that predict their cells for the next step, by cell and then by age."""
        n = self._memory.numbers[temporal_layout.N_ACTIVE_SEGMENTS]
        return self._memory.active[:n].copy()

    @property
    def matching_segments(self) -> NDArray[np.int32]:
        """Segments with enough active synapses to learn in the next step, ordered likewise."""
        n = self._memory.numbers[temporal_layout.N_MATCHING]
        return self._memory.matching[:n].copy()

    @property
    def predictive_cells(self) -> NDArray[np.int64]:
        """Cells that are predicted for the next step."""
        owner = self.store.arrays.segments["owner"][self.active_segments].astype(np.int64)
        return owner[np.flatnonzero(np.diff(owner, prepend=-1))]

    @property
    def best_matching_cells(self) -> NDArray[np.int64]:
        """Cells with the best matching segment of their column, which would win if it bursts."""
        segments = self.matching_segments
        owner = self.store.owner[segments].astype(np.int64)
        potential = self._memory.potential[segments].astype(np.int64)
        return best_of_columns(owner, potential, self.cells_per_column)

    @property
    def anomaly(self) -> float:
        """Share of the last step's active columns that had not been predicted; 0 for no input."""
        numbers = self._memory.numbers
        n = int(numbers[temporal_layout.N_ACTIVE_COLUMNS])
        return int(numbers[temporal_layout.N_BURSTS]) / n if n else 0.0

    @property
    def iteration(self) -> int:
        """Number of steps with learning so far."""
        return int(self._memory.numbers[temporal_layout.ITERATION])

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return self.store.n_segments

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return self.store.n_synapses

    @property
    def nbytes(self) -> int:
        """Memory of all arrays."""
        return self.store.nbytes + sum(array.nbytes for array in self._memory)

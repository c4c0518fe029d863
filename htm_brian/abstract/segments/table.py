"""The one exchange format of segments, which every level exports and imports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number, shown
from htm_brian.errors import InputError


@dataclass(frozen=True, eq=False)
class SegmentTable:
    """Segments and their synapses as flat arrays, in the manner of a sparse matrix (CSR).

    Parameters
    ----------
    owner : ndarray of int32, shape (n_segments,)
        The cell that each segment belongs to. Segments of one cell stand in order of creation.
    indptr : ndarray of int64, shape (n_segments + 1,)
        Synapses of segment s are ``indptr[s]:indptr[s + 1]``.
    presynaptic : ndarray of int32, shape (n_synapses,)
        Presynaptic cell of each synapse; within a segment each at most once.
    permanence : ndarray of float32, shape (n_synapses,)
        In [0, 1].
    n_cells : int
        Number of cells; owners lie in [0, n_cells).
    n_inputs : int, optional
        Number of presynaptic cells, if other than `n_cells`.

    Examples
    --------
    >>> table = SegmentTable([4, 4, 7], [0, 2, 3, 3], [1, 0, 5], [0.5, 0.21, 0.6], n_cells=8)
    >>> table.n_segments, table.n_synapses
    (3, 3)
    """

    owner: NDArray[np.int32]
    indptr: NDArray[np.int64]
    presynaptic: NDArray[np.int32]
    permanence: NDArray[np.float32]
    n_cells: int
    n_inputs: int = -1

    def __post_init__(self) -> None:
        check_integer("n_cells", self.n_cells, low=1)
        if check_integer("n_inputs", self.n_inputs, low=-1) == -1:
            object.__setattr__(self, "n_inputs", self.n_cells)
        for name, dtype in (
            ("owner", np.int32),
            ("indptr", np.int64),
            ("presynaptic", np.int32),
            ("permanence", np.float32),
        ):
            object.__setattr__(self, name, _own(name, getattr(self, name), dtype))
        self._check()

    def _check(self) -> None:
        indptr = self.indptr
        if len(indptr) != len(self.owner) + 1:
            raise InputError(
                f"indptr must have one entry more than owner ({len(self.owner) + 1}), "
                f"got {len(indptr)}"
            )
        if len(self.permanence) != len(self.presynaptic):
            raise InputError(
                f"permanence must have one entry a synapse ({len(self.presynaptic)}), "
                f"got {len(self.permanence)}"
            )
        if indptr[0] != 0 or indptr[-1] != self.n_synapses or (np.diff(indptr) < 0).any():
            raise InputError(
                f"indptr must rise from 0 to the number of synapses ({self.n_synapses})"
            )
        _check_cells("owner", self.owner, self.n_cells)
        _check_cells("presynaptic", self.presynaptic, self.n_inputs)
        if self.n_synapses and not (self.permanence.min() >= 0 and self.permanence.max() <= 1):
            wrong = self.permanence[~((self.permanence >= 0) & (self.permanence <= 1))][0]
            raise InputError(f"permanence must lie in [0, 1], got {wrong}")
        order = self._by_presynaptic()
        repeated = (np.diff(self.segment_of[order]) == 0) & (np.diff(self.presynaptic[order]) == 0)
        if repeated.any():
            first = order[np.flatnonzero(repeated)[0]]
            raise InputError(
                "presynaptic must name a cell at most once in a segment, got cell "
                f"{self.presynaptic[first]} twice in segment {self.segment_of[first]}"
            )

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return len(self.owner)

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return len(self.presynaptic)

    @property
    def segment_of(self) -> NDArray[np.int64]:
        """Segment of each synapse."""
        return np.repeat(np.arange(self.n_segments), np.diff(self.indptr))

    def _by_presynaptic(self) -> NDArray[np.int64]:
        """Return the order of synapses by segment, then by presynaptic cell."""
        return np.lexsort((self.presynaptic, self.segment_of))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SegmentTable):
            return NotImplemented
        return self.equals(other)

    __hash__ = None  # type: ignore[assignment]

    def equals(self, other: SegmentTable, *, tolerance: float = 0.0) -> bool:
        """Whether both hold the same segments.

        Parameters
        ----------
        other : SegmentTable
        tolerance : float, default=0.0
            Largest difference of permanences that passes. The order of synapses within a segment
            is of no account.
        """
        tolerance = check_number("tolerance", tolerance, low=0.0)
        if (
            self.n_cells != other.n_cells
            or self.n_inputs != other.n_inputs
            or not np.array_equal(self.owner, other.owner)
            or not np.array_equal(self.indptr, other.indptr)
        ):
            return False
        mine, theirs = self._by_presynaptic(), other._by_presynaptic()
        if not np.array_equal(self.presynaptic[mine], other.presynaptic[theirs]):
            return False
        difference = np.abs(self.permanence[mine] - other.permanence[theirs])
        return bool((difference <= tolerance).all())


def _own(name: str, values: object, dtype: type[np.generic]) -> NDArray[np.generic]:
    """Return `values` as a read-only one-dimensional array of `dtype`."""
    array = np.asarray(values)
    wanted = np.floating if dtype is np.float32 else np.integer
    if array.ndim != 1 or (
        array.size and not (np.issubdtype(array.dtype, wanted) or array.dtype == dtype)
    ):
        kind = "numbers" if dtype is np.float32 else "integers"
        raise InputError(
            f"{name} must be a one-dimensional array of {kind}, "
            f"got {array.dtype} of shape {array.shape}"
        )
    if dtype is np.int32 and array.size and array.max() > np.iinfo(np.int32).max:
        raise InputError(f"{name} must fit 32 bits, got {array.max()}")
    own = np.array(array, dtype=dtype)
    own.setflags(write=False)
    return own


def check_table(table: object) -> None:
    """Refuse what is no `SegmentTable`."""
    if not isinstance(table, SegmentTable):
        raise InputError(f"table must be a SegmentTable, got {shown(table)}")


def refuse_dead(table: SegmentTable, dead: NDArray[np.integer]) -> None:
    """Refuse a table with a segment of a cell that is dead.

    Parameters
    ----------
    table : SegmentTable
    dead : ndarray of int, shape (n_dead,)

    Raises
    ------
    InputError
        Which names the cell.
    """
    of_dead = table.owner[np.isin(table.owner, dead)]
    if len(of_dead):
        raise InputError(f"the table must have no segment of a dead cell, got {of_dead[0]}")


def _check_cells(name: str, cells: NDArray[np.int32], n_cells: int) -> None:
    wrong = cells[(cells < 0) | (cells >= n_cells)]
    if len(wrong):
        raise InputError(f"{name} must lie in [0, {n_cells}), got {wrong[0]}")

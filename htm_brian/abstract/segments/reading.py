"""What a segment store shows of its segments; `htm_brian.abstract.segments.store` changes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.abstract.indices import as_indices
from htm_brian.abstract.kernels import store_kernels as kernels
from htm_brian.abstract.segments import exchange, layout
from htm_brian.abstract.segments.arrays import followed
from htm_brian.abstract.segments.layout import StoreArrays
from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.arguments import check_integer
from htm_brian.errors import InputError


class Synapses(NamedTuple):
    """Flat arrays, one entry a synapse, segment after segment."""

    segment: NDArray[np.int32]
    presynaptic: NDArray[np.int32]
    permanence: NDArray[np.float32]


class SegmentActivity(NamedTuple):
    """Segments that an activity reaches, by cell and then by age, with their overlaps."""

    segments: NDArray[np.int32]
    potential: NDArray[np.int16]
    connected: NDArray[np.float64]


class SegmentReader:
    """The read side of a `SegmentStore`.

    Attributes
    ----------
    n_cells, n_inputs : int
        Cells that may own segments, and presynaptic cells.
    arrays : StoreArrays
        Where everything is.
    """

    n_cells: int
    n_inputs: int
    arrays: StoreArrays

    @property
    def n_segments(self) -> int:
        """Number of living segments."""
        return int(self.arrays.counters[layout.N_SEGMENTS])

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return int(self.arrays.counters[layout.N_SYNAPSES])

    @property
    def revision(self) -> int:
        """A number that rises with every call that may change something; see `changed_since`."""
        self.arrays = followed(self.arrays)
        return int(self.arrays.counters[layout.REVISION])

    @property
    def nbytes(self) -> int:
        """Memory of all arrays, spare room included."""
        return sum(array.nbytes for array in self.arrays)

    @property
    def owner(self) -> NDArray[np.int32]:
        """Cell of each segment by segment number, -1 where there is none now (read-only)."""
        return self._field("owner")

    @property
    def last_used(self) -> NDArray[np.int64]:
        """Iteration in which each segment was created or last touched (read-only)."""
        return self._field("last_used")

    @property
    def counts(self) -> NDArray[np.int16]:
        """Number of synapses of each segment by segment number (read-only)."""
        return self._field("count")

    @property
    def segments_per_cell(self) -> NDArray[np.int32]:
        """Number of segments of each cell."""
        last = self.arrays.last
        counts = np.zeros(self.n_cells, dtype=np.int32)
        counts[last >= 0] = self.arrays.segments["of_cell"][last[last >= 0]]
        return counts

    def _field(self, name: str) -> NDArray:
        view = self.arrays.segments[name][: self.arrays.counters[layout.SEGMENT_END]]
        view.flags.writeable = False
        return view

    @property
    def segments(self) -> NDArray[np.int32]:
        """Living segments by cell and then by age."""
        living = np.flatnonzero(self.owner >= 0)
        records = self.arrays.segments[living]
        return living[np.lexsort((records["serial"], records["owner"]))].astype(np.int32)

    def segments_of(self, cell: int) -> NDArray[np.int32]:
        """Return the segments of a cell, the oldest first."""
        cell = check_integer("cell", cell, low=0, high=self.n_cells - 1)
        segment = int(self.arrays.last[cell])
        found = []
        for _ in range(self.arrays.segments[segment]["of_cell"] if segment >= 0 else 0):
            segment = int(self.arrays.segments[segment]["next"])
            found.append(segment)
        return np.array(found, dtype=np.int32)

    def synapses(self, segment: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return presynaptic cells and permanences of a segment, the oldest synapse first."""
        flat = self.flat(np.array([segment]))
        return flat.presynaptic, flat.permanence

    def flat(self, segments: ArrayLike | None = None) -> Synapses:
        """Return all synapses of `segments` (all living ones when left out) as flat arrays."""
        chosen = self.segments if segments is None else self._checked(segments)
        n = int(self.arrays.segments["count"][chosen].sum())
        flat = Synapses(
            np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32), np.empty(n, dtype=np.float32)
        )
        kernels.gather_synapses(self.arrays, chosen, *flat)
        return flat

    def changed_since(self, revision: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the segments that changed after `revision`.

        Returns
        -------
        structure : ndarray of int64
            Segments that were created, removed (owner -1), or gained or lost synapses.
        permanence : ndarray of int64
            Further segments of which only permanences may have changed.

        Notes
        -----
        Changes are followed from the first call, or the first look at `revision`. By an earlier
        number, all has changed.
        """
        self.arrays = followed(self.arrays)
        revisions = self.arrays.revisions[: self.arrays.counters[layout.SEGMENT_END]]
        structure = revisions[:, layout.STRUCTURE] > revision
        permanence = (revisions[:, layout.PERMANENCE] > revision) & ~structure
        return np.flatnonzero(structure), np.flatnonzero(permanence & (self.owner >= 0))

    def activity(
        self,
        active_inputs: ArrayLike,
        connected_permanence: float,
        minimum: int = 1,
        slope: float = np.inf,
    ) -> SegmentActivity:
        """Return the segments with at least `minimum` active synapses, and their overlaps.

        Parameters
        ----------
        active_inputs : array_like of int
            Active presynaptic cells, each once.
        connected_permanence : float
            Threshold of the connected overlap.
        minimum : int, default=1
            Smallest potential overlap that is listed.
        slope : float, default=inf
            With a finite slope the connected overlap is a sum of sigmoid weights.
        """
        active = in_any_order("active_inputs", active_inputs, self.n_inputs)
        check_integer("minimum", minimum, low=1)
        mask = np.zeros(self.n_inputs, dtype=np.bool_)
        mask[active] = True
        n = int(self.arrays.counters[layout.SEGMENT_END])
        potential = np.empty(n, dtype=np.int16)
        found = np.empty(n, dtype=np.int32)
        found = found[: kernels.find_matching(self.arrays, active, minimum, potential, found)]
        connected = np.empty(len(found))
        kernels.connected_overlaps(
            self.arrays, found, mask, float(connected_permanence), float(slope), connected
        )
        return SegmentActivity(found, potential[found], connected)

    def to_table(self) -> SegmentTable:
        """Export all segments, by cell and then by age."""
        return exchange.table_of(self)

    def _checked(self, segments: ArrayLike) -> NDArray[np.int32]:
        end = int(self.arrays.counters[layout.SEGMENT_END])
        chosen = in_any_order("segments", segments, end)
        dead = chosen[self.arrays.segments["owner"][chosen] < 0]
        if len(dead):
            raise InputError(f"segments must be living, got {dead[0]}, which was removed")
        return chosen


def in_any_order(name: str, values: ArrayLike, size: int) -> NDArray[np.int32]:
    """Return `values` as indices in [0, size), in any order, also repeated."""
    return as_indices(name, values, size, increasing=False).astype(np.int32)

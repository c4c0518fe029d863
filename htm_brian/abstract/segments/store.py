"""Segments and synapses as arrays: the store that learning works on.

`SegmentStore` holds segments that belong to cells and have synapses from presynaptic cells. It
knows nothing of columns, of time or of spikes, so the abstract temporal memory and the spiking
network both use it. All work is done by compiled loops over arrays of segments.

A segment has a number that stays the same as long as it lives and is given to a new segment after
that. `SegmentStore.changed_since` tells a mirror, such as Brian2's synapses, what to copy anew.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.abstract.indices import as_indices
from htm_brian.abstract.kernels import store_kernels as kernels
from htm_brian.abstract.permanence import (
    EPSILON,
    PermanenceRule,
    affine_parameters,
    of_rule,
    updated,
)
from htm_brian.abstract.segments import layout
from htm_brian.abstract.segments.arrays import (
    Memory,
    empty_arrays,
    followed,
    in_memory,
    with_room,
)
from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.arguments import check_choice, check_integer, check_number
from htm_brian.errors import InputError

__all__ = ["SegmentActivity", "SegmentStore", "SegmentTable", "Synapses"]

TIE_BREAKS = ("random", "lowest_index")
REMOVALS = ("least_recently_used", "weakest")
ROUNDINGS = ("stochastic", "nearest")
PERMANENCE_BITS = (32, 8, 4, 2)


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


class SegmentStore:
    """Segments of many cells, with room that grows on demand.

    Parameters
    ----------
    n_cells : int
        Number of cells that may own segments.
    max_segments_per_cell, max_synapses_per_segment : int, default=255
        A full cell loses a segment for a new one (see `removal`); a full segment its weakest
        synapses.
    n_inputs : int, optional
        Number of presynaptic cells; `n_cells` when left out.
    seed : int, default=42
        Seed of the choice of growth candidates and of stochastic rounding.
    permanence_bits : {32, 8, 4, 2}, default=32
        float32, or levels packed into bytes.
    rounding : {"stochastic", "nearest"}, default="stochastic"
        How a permanence becomes a level. Rounding to the nearest level freezes learning where a
        step is less than half a level.
    removal : {"least_recently_used", "weakest"}, default="least_recently_used"
        Which segment a full cell loses; "weakest" is the one with the smallest sum of squared
        permanences, which noise cannot use to evict what was learned.

    Examples
    --------
    >>> store = SegmentStore(n_cells=10)
    >>> segments = store.create([3], iteration=0)
    >>> store.grow(segments, candidates=[0, 1, 2], wanted=2, initial_permanence=0.5,
    ...            tie_break="lowest_index")
    >>> presynaptic, permanence = store.synapses(segments[0])
    >>> presynaptic.tolist(), permanence.tolist()
    ([0, 1], [0.5, 0.5])
    """

    def __init__(
        self,
        n_cells: int,
        max_segments_per_cell: int = 255,
        max_synapses_per_segment: int = 255,
        *,
        n_inputs: int | None = None,
        seed: int = 42,
        permanence_bits: int = 32,
        rounding: str = "stochastic",
        removal: str = "least_recently_used",
    ) -> None:
        self.n_cells = check_integer("n_cells", n_cells, low=1, high=2**31 - 1)
        self.n_inputs = self.n_cells
        if n_inputs is not None:
            self.n_inputs = check_integer("n_inputs", n_inputs, low=1, high=2**31 - 1)
        self.max_segments_per_cell = check_integer(
            "max_segments_per_cell", max_segments_per_cell, low=1, high=2**31 - 1
        )
        self.max_synapses_per_segment = check_integer(
            "max_synapses_per_segment", max_synapses_per_segment, low=1, high=2**15 - 1
        )
        seed = check_integer("seed", seed, low=0)
        self.permanence_bits = check_choice("permanence_bits", permanence_bits, PERMANENCE_BITS)
        self.rounding = check_choice("rounding", rounding, ROUNDINGS)
        self.removal = check_choice("removal", removal, REMOVALS)
        self.arrays = empty_arrays(
            self.n_cells,
            self.n_inputs,
            self.max_segments_per_cell,
            self.max_synapses_per_segment,
            self.permanence_bits,
            self.permanence_bits < 32 and self.rounding == "stochastic",
            self.removal == "weakest",
            seed,
        )
        self._memory: Memory | None = None

    # What is there.

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

    # Changes.

    def create(self, cells: ArrayLike, iteration: int = 0) -> NDArray[np.int32]:
        """Create an empty segment on each of `cells` and return their numbers.

        A cell that is full loses the segment that `removal` names; among equals the oldest.
        """
        owners = _in_any_order("cells", cells, self.n_cells)
        created = np.empty(len(owners), dtype=np.int32)
        self.reserve(segments=len(owners))
        kernels.create_segments(self.arrays, owners, iteration, created)
        return created

    def remove(self, segments: ArrayLike) -> None:
        """Remove segments with their synapses."""
        kernels.remove_segments(self.arrays, self._checked(segments))

    def touch(self, segments: ArrayLike, iteration: int) -> None:
        """Note that `segments` were used in `iteration`."""
        self.arrays.segments["last_used"][self._checked(segments)] = iteration

    def adapt(
        self,
        segments: ArrayLike,
        active_mask: NDArray[np.bool_],
        rule: PermanenceRule,
        *,
        prune_below: float | None = None,
    ) -> None:
        """Let `segments` learn by `rule`.

        Parameters
        ----------
        segments : array_like of int
        active_mask : ndarray of bool, shape (n_inputs,)
            Which presynaptic cells were active.
        rule : PermanenceRule
        prune_below : float, optional
            Synapses below it are removed, and segments that have none left; the rule's own
            threshold when left out.
        """
        chosen = self._checked(segments)
        active = self._checked_mask(active_mask)
        if prune_below is None:
            prune_below = of_rule(rule, "prune_below")
        keep, gain_active, gain_inactive = affine_parameters(rule) or (None, 0.0, 0.0)
        if keep is None:
            flat = self.flat(chosen)
            new = updated(rule, flat.permanence, active[flat.presynaptic])
            kernels.write_permanences(self.arrays, chosen, new)
            keep = 1.0
        kernels.adapt_segments(
            self.arrays, chosen, active, keep, gain_active, gain_inactive, prune_below
        )

    def punish(
        self,
        segments: ArrayLike,
        active_mask: NDArray[np.bool_],
        decrement: float,
        *,
        prune_below: float = EPSILON,
    ) -> None:
        """Lower the permanences of the active synapses of `segments` by `decrement`."""
        decrement = check_number("decrement", decrement, low=0.0, high=1.0)
        kernels.adapt_segments(
            self.arrays,
            self._checked(segments),
            self._checked_mask(active_mask),
            1.0,
            -decrement,
            0.0,
            prune_below,
        )

    def prune(self, segments: ArrayLike, prune_below: float = EPSILON) -> None:
        """Remove synapses of `segments` below `prune_below`, and segments that have none left."""
        chosen, nobody = self._checked(segments), np.zeros(self.n_inputs, dtype=np.bool_)
        kernels.adapt_segments(self.arrays, chosen, nobody, 1.0, 0.0, 0.0, prune_below)

    def grow(
        self,
        segments: ArrayLike,
        candidates: ArrayLike,
        wanted: ArrayLike,
        initial_permanence: float,
        tie_break: str = "random",
    ) -> None:
        """Grow synapses to candidates that the segments have none from yet.

        Parameters
        ----------
        segments : array_like of int
        candidates : array_like of int
            Presynaptic cells, sorted, each once.
        wanted : int or array_like of int
            Number of new synapses, for all segments or for each.
        initial_permanence : float in [0, 1]
        tie_break : {"random", "lowest_index"}, default="random"
            Which candidates are taken when there are more than wanted.

        Notes
        -----
        Where the limit on synapses would be passed, the weakest go first, the oldest among equals,
        but none from a candidate.
        """
        chosen = self._checked(segments)
        sources = as_indices("candidates", candidates, self.n_inputs).astype(np.int32)
        numbers = np.broadcast_to(np.asarray(wanted, dtype=np.int32), chosen.shape).copy()
        initial_permanence = check_number("initial_permanence", initial_permanence, 0.0, 1.0)
        check_choice("tie_break", tie_break, TIE_BREAKS)
        new = np.clip(numbers, 0, len(sources)).astype(np.int64)
        later = np.minimum(
            self.arrays.segments["count"][chosen] + new, self.max_synapses_per_segment
        )
        entries, lists = kernels.list_room(self.arrays, sources, len(chosen))
        self.reserve(slots=int((later + layout.BLOCK).sum()), entries=entries, lists=lists)
        kernels.grow_segments(
            self.arrays, chosen, numbers, sources, initial_permanence, tie_break == "lowest_index"
        )

    # Activity.

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
        active = _in_any_order("active_inputs", active_inputs, self.n_inputs)
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

    # Exchange.

    def to_table(self) -> SegmentTable:
        """Export all segments, by cell and then by age."""
        segments = self.segments
        indptr = np.zeros(len(segments) + 1, dtype=np.int64)
        np.cumsum(self.arrays.segments["count"][segments], out=indptr[1:])
        flat = self.flat(segments)
        return SegmentTable(
            self.arrays.segments["owner"][segments],
            indptr,
            flat.presynaptic,
            flat.permanence,
            n_cells=self.n_cells,
            n_inputs=self.n_inputs,
        )

    @classmethod
    def from_table(
        cls,
        table: SegmentTable,
        max_segments_per_cell: int = 255,
        max_synapses_per_segment: int = 255,
        **options: object,
    ) -> SegmentStore:
        """Make a store from a table; segment numbers are the table's rows."""
        store = cls(
            table.n_cells,
            max_segments_per_cell,
            max_synapses_per_segment,
            n_inputs=table.n_inputs,
            **options,  # type: ignore[arg-type]
        )
        store.append(table)
        return store

    def with_segments(self, table: SegmentTable, iteration: int = 0) -> SegmentStore:
        """Return a store with this one's options and random stream, and with other segments.

        Parameters
        ----------
        table : SegmentTable
            For as many cells and presynaptic cells; segment numbers are its rows.
        iteration : int, default=0
            When the segments count as last used.
        """
        store = SegmentStore(
            self.n_cells,
            self.max_segments_per_cell,
            self.max_synapses_per_segment,
            n_inputs=self.n_inputs,
            permanence_bits=self.permanence_bits,
            rounding=self.rounding,
            removal=self.removal,
        )
        store.append(table, iteration)
        store.arrays.random[:] = self.arrays.random
        return store

    def append(self, table: SegmentTable, iteration: int = 0) -> NDArray[np.int32]:
        """Add the segments of a table and return their numbers, row by row."""
        if table.n_cells != self.n_cells or table.n_inputs != self.n_inputs:
            raise InputError(
                f"the table must be for {self.n_cells} cells and {self.n_inputs} presynaptic "
                f"cells, got {table.n_cells} and {table.n_inputs}"
            )
        counts = np.diff(table.indptr)
        if counts.size and counts.max() > self.max_synapses_per_segment:
            raise InputError(
                f"a segment must have at most max_synapses_per_segment = "
                f"{self.max_synapses_per_segment} synapses, got {counts.max()}"
            )
        per_cell = self.segments_per_cell + np.bincount(table.owner, minlength=self.n_cells)
        if per_cell.max() > self.max_segments_per_cell:
            raise InputError(
                f"a cell must have at most max_segments_per_cell = "
                f"{self.max_segments_per_cell} segments, got {per_cell.max()}"
            )
        created = self.create(table.owner, iteration)
        n_new = np.bincount(table.presynaptic, minlength=self.n_inputs)
        list_of, later = self.arrays.list_of, n_new.copy()
        later[list_of >= 0] += self.arrays.lists["count"][list_of[list_of >= 0]]
        self.reserve(
            slots=int((counts + layout.BLOCK).sum()),
            entries=int(layout.SIZES[np.searchsorted(layout.SIZES, later)].sum()),
            lists=int(((n_new > 0) & (list_of < 0)).sum()),
        )
        kernels.widen_lists(self.arrays, n_new)
        kernels.append_synapses(
            self.arrays, created, table.indptr, table.presynaptic, table.permanence
        )
        return created

    def reserve(self, segments: int = 0, slots: int = 0, entries: int = 0, lists: int = 0) -> None:
        """Make room for so many further segments, slots of synapses, entries, and lists of them."""
        self.arrays = with_room(self.arrays, segments, slots, entries, lists, self._memory)

    def keep_permanences_in(self, memory: Memory) -> None:
        """Keep the permanences where others read and write them too, such as in Brian2's synapses.

        Parameters
        ----------
        memory : callable
            ``memory(n)`` returns a float32 array of at least `n` slots, in which the slots that
            there were have kept their values. It is called again whenever room runs out.
        """
        if self.permanence_bits != 32:
            raise InputError(
                "only permanences of 32 bits can be kept outside the store, "
                f"got {self.permanence_bits} bits"
            )
        self.arrays = in_memory(self.arrays, memory)
        self._memory = memory

    def keep_permanences(self) -> None:
        """Keep the permanences in the store's own memory again."""
        self.arrays = self.arrays._replace(permanence=self.arrays.permanence.copy())
        self._memory = None

    def _checked(self, segments: ArrayLike) -> NDArray[np.int32]:
        end = int(self.arrays.counters[layout.SEGMENT_END])
        chosen = _in_any_order("segments", segments, end)
        dead = chosen[self.arrays.segments["owner"][chosen] < 0]
        if len(dead):
            raise InputError(f"segments must be living, got {dead[0]}, which was removed")
        return chosen

    def _checked_mask(self, active_mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        mask = np.ascontiguousarray(active_mask)
        if mask.dtype != np.bool_ or mask.shape != (self.n_inputs,):
            raise InputError(
                f"active_mask must be a bool for each of {self.n_inputs} presynaptic cells, "
                f"got {mask.dtype} of shape {mask.shape}"
            )
        return mask


def _in_any_order(name: str, values: ArrayLike, size: int) -> NDArray[np.int32]:
    return as_indices(name, values, size, increasing=False).astype(np.int32)

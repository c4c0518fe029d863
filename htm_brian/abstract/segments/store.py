"""Segments and synapses as arrays: the store that learning works on.

`SegmentStore` holds segments that belong to cells and have synapses from presynaptic cells. It
knows nothing of columns, of time or of spikes, so the abstract temporal memory and the spiking
network both use it. All work is done by compiled loops over arrays of segments.

A segment has a number that stays the same as long as it lives and is given to a new segment after
that. `SegmentStore.changed_since` and `htm_brian.abstract.segments.changes` tell those who follow a
store, such as Brian2's synapses, what became of its slots.
"""

from __future__ import annotations

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
from htm_brian.abstract.segments import exchange, layout
from htm_brian.abstract.segments.arrays import (
    Memory,
    empty_arrays,
    in_memory,
    with_room,
)
from htm_brian.abstract.segments.reading import (
    SegmentActivity,
    SegmentReader,
    Synapses,
    in_any_order,
)
from htm_brian.abstract.segments.table import SegmentTable, check_table
from htm_brian.arguments import check_choice, check_integer, check_number
from htm_brian.errors import InputError

__all__ = ["SegmentActivity", "SegmentStore", "SegmentTable", "Synapses"]

TIE_BREAKS = ("random", "lowest_index")
REMOVALS = ("least_recently_used", "weakest")
ROUNDINGS = ("stochastic", "nearest")
PERMANENCE_BITS = (32, 8, 4, 2)


class SegmentStore(SegmentReader):
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

    # Changes.

    def create(self, cells: ArrayLike, iteration: int = 0) -> NDArray[np.int32]:
        """Create an empty segment on each of `cells` and return their numbers.

        A cell that is full loses the segment that `removal` names; among equals the oldest.
        """
        owners = in_any_order("cells", cells, self.n_cells)
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

    # Exchange.

    @classmethod
    def from_table(
        cls,
        table: SegmentTable,
        max_segments_per_cell: int = 255,
        max_synapses_per_segment: int = 255,
        **options: object,
    ) -> SegmentStore:
        """Make a store from a table; segment numbers are the table's rows."""
        check_table(table)
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
        return exchange.append(self, table, iteration)

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

    def _checked_mask(self, active_mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        mask = np.ascontiguousarray(active_mask)
        if mask.dtype != np.bool_ or mask.shape != (self.n_inputs,):
            raise InputError(
                f"active_mask must be a bool for each of {self.n_inputs} presynaptic cells, "
                f"got {mask.dtype} of shape {mask.shape}"
            )
        return mask

"""The abstract temporal memory with basal segments, exact and fast.

The published algorithm (Hawkins and Ahmad 2016, "Why neurons have thousands of synapses";
Numenta's BAMI), with the semantics of NuPIC. One step is activate, learn, predict; with
`predict_first` it is activate, predict, learn:

1. In an active column with predicted cells, these become active and win. In any other active
   column all cells become active (the column bursts); the cell with the best matching segment
   wins, or else the least used cell.
2. Winners' segments learn: the segments that predicted them, or the best matching one, or a new
   one. They follow the cells that were active in the step before, and grow synapses to a sample of
   that step's winners. Matching segments in inactive columns are punished.
3. Segments with enough connected synapses from active cells predict their cells for the next step.

The published order lets a segment predict from what it has learned in the same step. Cells do not:
a plateau begins milliseconds after the spikes that start it, while synapses take seconds to minutes
to gain strength (Matsuzaki et al. 2004, Nature 429:761). The orders differ where cells stay active
from one step to the next.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.abstract import temporal_state
from htm_brian.abstract.indices import as_indices
from htm_brian.abstract.kernels import temporal_kernels, temporal_layout
from htm_brian.abstract.permanence import PermanenceRule
from htm_brian.abstract.saving import read_memory, restore_store, store_arrays, write_memory
from htm_brian.abstract.segments import layout
from htm_brian.abstract.segments.store import SegmentTable
from htm_brian.abstract.segments.table import refuse_dead
from htm_brian.abstract.temporal_answers import TemporalAnswers
from htm_brian.abstract.temporal_parameters import TemporalMemoryParameters
from htm_brian.arguments import check_truth
from htm_brian.errors import InputError

_NO_CELLS = np.empty(0, dtype=np.int32)


class TemporalMemory(TemporalAnswers):
    """Sequence memory of columns of cells; see the module for the algorithm.

    Cell index = column * cells_per_column + cell in the column.

    Parameters
    ----------
    columns, cells_per_column : int
    activation_threshold : int, default=13
        Connected active synapses from which a segment is active and predicts its cell.
    min_threshold : int, default=10
        Active synapses, connected or not, from which a segment matches and may learn.
    initial_permanence, connected_permanence : float, optional
        Start of a new synapse, and threshold of a connected one. Left out, they are those of the
        permanence rule: 0.21 and 0.5 for `UpDown`, the incidence rate for `IncidenceRate`.
    permanence_increment, permanence_decrement : float, default=0.1
        The `UpDown` rule that is used when `permanence_rule` is left out.
    predicted_decrement : float, default=0.0
        What active synapses of a matching segment lose when its column stays inactive.
    max_new_synapses : int, default=20
        A learning segment grows until it has so many active synapses.
    max_segments_per_cell, max_synapses_per_segment : int, default=255
    seed : int, default=42
    permanence_rule : PermanenceRule, optional
    tie_break : {"random", "lowest_index"}, default="random"
        Choice among least used cells and among growth candidates.
    reuse_previous_winner : bool, default=False
        In a column that bursts without a matching segment, a previous winner of that column wins
        again. NuPIC does not; without it a static input bursts for ever.
    segment_removal : {"least_recently_used", "weakest"}, default="least_recently_used"
        Which segment a full cell loses; see `SegmentStore`.
    weight_slope : float, default=inf
        Slope of the sigmoid weights of `SigmoidWeight`, whose sum must then reach the activation
        threshold; infinite for the binary threshold.
    prune_below : float, optional
        Synapses below it are removed; that of the permanence rule when left out.
    permanence_bits : {32, 8, 4, 2}, default=32
    rounding : {"stochastic", "nearest"}, default="stochastic"
        See `SegmentStore`.
    external_inputs : int, default=0
        Number of presynaptic cells outside; see `compute`.
    predict_first : bool, default=False
        Whether a step predicts the next one from what segments knew before they learn in it.

    Attributes
    ----------
    columns, cells_per_column, n_cells : int
    parameters : TemporalMemoryParameters
    store : SegmentStore

    Examples
    --------
    >>> tm = TemporalMemory(columns=12, cells_per_column=2, activation_threshold=3,
    ...                     min_threshold=2, initial_permanence=0.5)
    >>> for _ in range(4):
    ...     for pattern in ([0, 1, 2], [3, 4, 5], [6, 7, 8]):
    ...         tm.compute(pattern)
    >>> tm.anomaly, tm.predicted_columns.tolist()
    (0.0, [6, 7, 8])
    """

    def __init__(
        self,
        columns: int,
        cells_per_column: int,
        activation_threshold: int = 13,
        min_threshold: int = 10,
        initial_permanence: float | None = None,
        connected_permanence: float | None = None,
        permanence_increment: float = 0.1,
        permanence_decrement: float = 0.1,
        predicted_decrement: float = 0.0,
        max_new_synapses: int = 20,
        max_segments_per_cell: int = 255,
        max_synapses_per_segment: int = 255,
        seed: int = 42,
        *,
        permanence_rule: PermanenceRule | None = None,
        tie_break: str = "random",
        reuse_previous_winner: bool = False,
        segment_removal: str = "least_recently_used",
        weight_slope: float = math.inf,
        prune_below: float | None = None,
        permanence_bits: int = 32,
        rounding: str = "stochastic",
        external_inputs: int = 0,
        predict_first: bool = False,
    ) -> None:
        self.parameters = TemporalMemoryParameters(
            columns=columns,
            cells_per_column=cells_per_column,
            activation_threshold=activation_threshold,
            min_threshold=min_threshold,
            initial_permanence=initial_permanence,  # type: ignore[arg-type]
            connected_permanence=connected_permanence,  # type: ignore[arg-type]
            permanence_increment=permanence_increment,
            permanence_decrement=permanence_decrement,
            predicted_decrement=predicted_decrement,
            max_new_synapses=max_new_synapses,
            max_segments_per_cell=max_segments_per_cell,
            max_synapses_per_segment=max_synapses_per_segment,
            seed=seed,
            permanence_rule=permanence_rule,  # type: ignore[arg-type]
            tie_break=tie_break,
            reuse_previous_winner=reuse_previous_winner,
            segment_removal=segment_removal,
            weight_slope=weight_slope,
            prune_below=prune_below,  # type: ignore[arg-type]
            permanence_bits=permanence_bits,
            rounding=rounding,
            external_inputs=external_inputs,
            predict_first=predict_first,
        )
        self.columns = self.parameters.columns
        self.cells_per_column = self.parameters.cells_per_column
        self.n_cells = self.parameters.n_cells
        self.store = self.parameters.make_store()
        self._settings = self.parameters.kernel_settings()
        self._memory = temporal_state.at_rest(self.columns, self.parameters.n_inputs)

    def compute(
        self,
        active_columns: ArrayLike,
        learn: bool = True,
        *,
        external_active: ArrayLike | None = None,
        external_winners: ArrayLike | None = None,
    ) -> None:
        """Activate cells, learn from what was predicted, predict the next step.

        Parameters
        ----------
        active_columns : array_like of int, shape (n_active,)
            Sorted, each once.
        learn : bool, default=True
            Whether segments learn and grow.
        external_active : array_like of int, shape (n_external,), optional
            Active external inputs, in [0, external_inputs), sorted: they take part in the
            prediction at the end of this step, like active cells. A segment refers to input i as
            presynaptic cell n_cells + i.
        external_winners : array_like of int, optional
            Those of them that the next step's learning may grow synapses to; all when left out.

        Raises
        ------
        InputError
            If indices are out of range, not sorted or not each once, a winner is not active, or
            `learn` is neither True nor False.
        """
        columns = active_columns
        if type(columns) is not np.ndarray or columns.dtype != np.int64 or columns.ndim != 1:
            columns = as_indices("active_columns", active_columns, self.columns)
        elif not columns.flags.c_contiguous:
            columns = np.ascontiguousarray(columns)
        active = winners = _NO_CELLS
        if external_active is not None:
            active = winners = self._as_external("external_active", external_active)
        if external_winners is not None:
            winners = self._as_external("external_winners", external_winners)
            if not np.isin(winners, active).all():
                raise InputError("external_winners must be among external_active")
        arguments = (self._settings, columns, active, winners, check_truth("learn", learn))
        status = temporal_kernels.step(*self.store.arrays, *self._memory, *arguments, False)
        if status != temporal_layout.DONE:
            self._go_on(status, arguments)

    def _go_on(self, status: int, arguments: tuple) -> None:
        """Do what the compiled step cannot, and let it go on."""
        settings, columns, _, _, learn = arguments
        adapted = False
        while status != temporal_layout.DONE:
            if status == temporal_layout.BAD_COLUMNS:
                as_indices("active_columns", columns, self.columns)  # which says what is wrong
            elif status == temporal_layout.NEED_ROOM:
                self._make_room()
            elif status == temporal_layout.ADAPT_OUTSIDE:
                self._adapt()
                adapted = True
            if status == temporal_layout.PREDICT_AGAIN:
                self._fit()
                status = temporal_kernels.predict(self.store.arrays, self._memory, settings, learn)
            else:
                status = temporal_kernels.step(
                    *self.store.arrays, *self._memory, *arguments, adapted
                )

    def _adapt(self) -> None:
        """Let the segments that learn do so by a rule that the kernels do not know."""
        numbers, rule = self._memory.numbers, self.parameters.permanence_rule
        segments = self._memory.work[0, : numbers[temporal_layout.N_LEARNING]]
        prune_below = self.parameters.prune_below
        try:
            self.store.adapt(segments, self._memory.active_mask, rule, prune_below=prune_below)
        except BaseException:
            before = numbers[temporal_layout.RANDOM_BEFORE]
            self.store.arrays.random[0] = before.astype(np.uint64)
            raise

    def reset(self) -> None:
        """Forget the present: no active cells, no winners, no prediction. Segments stay."""
        numbers, iteration = self._memory.numbers, self._memory.numbers[temporal_layout.ITERATION]
        numbers[:] = 0
        numbers[temporal_layout.ITERATION] = iteration
        self._memory.active_mask[:] = False

    def kill_cells(self, cells: ArrayLike) -> None:
        """Take cells out for good: they lose their segments and never fire again.

        The present is forgotten as by `reset`.

        Parameters
        ----------
        cells : array_like of int, shape (n_dead,)
            In [0, n_cells), in any order.

        Raises
        ------
        InputError
            If one of them is no cell.
        """
        dead = as_indices("cells", cells, self.n_cells, increasing=False)
        self.reset()
        if not len(self._memory.dead):
            self._memory = self._memory._replace(dead=np.zeros(self.n_cells, dtype=np.bool_))
        self._memory.dead[dead] = True
        owner = self.store.owner
        self.store.remove(np.flatnonzero((owner >= 0) & self._memory.dead[owner]))

    # Exchange.

    def export_segments(self) -> SegmentTable:
        """Return all segments, by cell and then by age.

        Returns
        -------
        SegmentTable
            In the format that every level shares.
        """
        return self.store.to_table()

    def import_segments(self, table: SegmentTable) -> None:
        """Replace all segments, and predict anew from the cells that are active.

        Parameters
        ----------
        table : SegmentTable
            Of as many cells and presynaptic cells as this memory has.

        Raises
        ------
        InputError
            If its sizes differ, a cell has more segments than it may, a segment more synapses than
            it may, or a segment is that of a dead cell.
        """
        store = self.store.with_segments(table, self.iteration)
        refuse_dead(table, np.flatnonzero(self._memory.dead))
        self.store = store
        self._fit()
        status = temporal_kernels.predict(store.arrays, self._memory, self._settings, False)
        if status != temporal_layout.DONE:
            self._go_on(status, (self._settings, None, None, None, False))

    # Saving.

    def save(self, path: str | Path) -> None:
        """Write everything into one file, from which `load` restores it bit for bit.

        Parameters
        ----------
        path : str or Path
            The file; one that is there is written over.

        Raises
        ------
        InputError
            If it cannot be written.
        """
        n_segments = int(self.store.arrays.counters[layout.SEGMENT_END])
        arrays = store_arrays(self.store, "basal_")
        arrays |= temporal_state.to_members(self._memory, n_segments)
        write_memory(path, "TemporalMemory", vars(self.parameters), arrays)

    @classmethod
    def load(cls, path: str | Path) -> TemporalMemory:
        """Restore a temporal memory; its next steps are those of the one that was saved.

        Parameters
        ----------
        path : str or Path
            Of a file that `save` wrote.

        Returns
        -------
        TemporalMemory
            With the parameters of the one that was saved.
        """
        config, members = read_memory(path, "TemporalMemory")
        tm = cls(**config)
        restore_store(tm.store, members, "basal_")
        n_segments = len(tm.store.arrays.segments)
        tm._memory = temporal_state.from_members(tm._memory, members, n_segments, tm.n_cells)
        return tm

    # Room.

    def _make_room(self) -> None:
        """Make the room that the step found missing."""
        numbers = self._memory.numbers
        self.store.reserve(
            segments=int(numbers[temporal_layout.ROOM_SEGMENTS]),
            slots=int(numbers[temporal_layout.ROOM_SLOTS]),
            entries=int(numbers[temporal_layout.ROOM_ENTRIES]),
            lists=int(numbers[temporal_layout.ROOM_LISTS]),
        )
        self._fit()

    def _fit(self) -> None:
        """Bring the memory's own arrays to the length that the store and the step ask for."""
        n_segments = len(self.store.arrays.segments)
        self._memory = temporal_state.with_room(self._memory, n_segments)

    def _as_external(self, name: str, values: ArrayLike) -> NDArray[np.int32]:
        inputs = as_indices(name, values, self.parameters.external_inputs)
        return (inputs + self.n_cells).astype(np.int32)

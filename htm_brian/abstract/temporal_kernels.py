# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""Compiled step of the temporal memory: activate, learn, predict, in one call.

Segments are walked in the order of their cells, beside the sorted active columns, so that each list
is read once. What is to learn is only noted on the way; then the store's loops carry it out.
"""

import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from htm_brian.abstract import kernels

SETTINGS = np.dtype(
    [
        ("columns", np.int64),
        ("cells_per_column", np.int64),
        ("activation_threshold", np.int64),
        ("min_threshold", np.int64),
        ("max_new_synapses", np.int64),
        ("initial_permanence", np.float64),
        ("connected_permanence", np.float64),
        ("slope", np.float64),
        ("keep", np.float64),
        ("gain_active", np.float64),
        ("gain_inactive", np.float64),
        ("predicted_decrement", np.float64),
        ("prune_below", np.float64),
        ("lowest_index", np.bool_),
        ("reuse_previous_winner", np.bool_),
    ]
)

(
    ROW,
    N_ACTIVE,
    N_ACTIVE_INPUTS,
    N_WINNERS,
    N_CANDIDATES,
    N_ACTIVE_SEGMENTS,
    N_MATCHING,
    N_ACTIVE_COLUMNS,
    N_PREDICTED_COLUMNS,
    N_BURSTS,
    ITERATION,
    ROOM_SEGMENTS,
    ROOM_SLOTS,
    ROOM_ENTRIES,
    N_NUMBERS,
) = range(15)

DONE = 0
BAD_COLUMNS = 1
NEED_ROOM = 2


class MemoryArrays(NamedTuple):
    """Arrays of a temporal memory.

    Attributes
    ----------
    active_cells, winner_cells : ndarray of int32, shape (2, n_inputs)
        This step's in row ``numbers[ROW]``, the previous step's in the other; external inputs
        behind the cells.
    active_mask : ndarray of bool, shape (n_inputs,)
    dead : ndarray of bool, shape (n_cells,)
    columns : ndarray of int32, shape (3, columns)
        Active, predicted for this step, and bursting ones.
    potential, matching, active : ndarray, shape (n_segments,)
        Potential overlap by segment; matching and active segments by cell and age.
    work : ndarray of int32, shape (3, n_segments + columns)
    numbers : ndarray of int64
        The lengths of all these (``N_ACTIVE`` ...).
    """

    active_cells: NDArray[np.int32]
    winner_cells: NDArray[np.int32]
    active_mask: NDArray[np.bool_]
    dead: NDArray[np.bool_]
    columns: NDArray[np.int32]
    potential: NDArray[np.int16]
    matching: NDArray[np.int32]
    active: NDArray[np.int32]
    work: NDArray[np.int32]
    numbers: NDArray[np.int64]


@njit
def _has_room(store, memory, config, wanted, n_new):
    """Note how much learning may grow at most; return whether there is so much room."""
    counters, numbers = store.counters, memory.numbers
    n_growing = np.int64(n_new)
    for n in wanted:
        if n > 0:
            n_growing += 1
    largest = min(
        counters[kernels.MAX_SYNAPSES], counters[kernels.LARGEST] + config.max_new_synapses
    )
    candidates = memory.winner_cells[numbers[ROW], : numbers[N_CANDIDATES]]
    numbers[ROOM_SEGMENTS] = n_new
    numbers[ROOM_SLOTS] = n_growing * (largest + kernels.BLOCK)
    numbers[ROOM_ENTRIES] = kernels.list_room(store, candidates, n_growing)
    return (
        counters[kernels.SEGMENT_END] + numbers[ROOM_SEGMENTS] <= len(store.segments)
        and counters[kernels.SLOT_END] + numbers[ROOM_SLOTS] <= len(store.presynaptic)
        and counters[kernels.ENTRY_END] + numbers[ROOM_ENTRIES] <= len(store.entries)
    )


@njit
def _least_used_cell(records, random, cells, lowest_index):
    """Return the cell with the fewest segments; one of equals at random or the first."""
    fewest = records[cells[0]].count
    n_equal = 0
    for cell in cells:
        count = records[cell].count
        if count < fewest:
            fewest = count
            n_equal = 1
        elif count == fewest:
            n_equal += 1
    skip = np.int64(0)
    if n_equal > 1 and not lowest_index:
        random[0] += kernels.RANDOM_STEP
        skip = kernels.random_below(random[0], n_equal)
    for cell in cells:
        if records[cell].count == fewest:
            if skip == 0:
                return np.int64(cell)
            skip -= 1
    return np.int64(-1)


@njit
def _predict(store, memory, settings, learn):
    """Find the matching and the active segments for the active inputs."""
    config = settings[0]
    numbers, matching, potential = memory.numbers, memory.matching, memory.potential
    inputs = memory.active_cells[numbers[ROW], : numbers[N_ACTIVE_INPUTS]]
    minimum = min(config.min_threshold, config.activation_threshold)
    n_found = kernels.find_matching(store, inputs, minimum, potential, matching)
    # A segment whose weights sum to the activation threshold has at least so many synapses.
    n_active = kernels.find_active(
        store,
        matching[:n_found],
        memory.active_mask,
        config.connected_permanence,
        config.slope,
        config.activation_threshold,
        potential,
        memory.active,
    )
    n_matching = 0
    for k in range(n_found):
        if potential[matching[k]] >= config.min_threshold:
            matching[n_matching] = matching[k]
            n_matching += 1
    numbers[N_MATCHING] = n_matching
    numbers[N_ACTIVE_SEGMENTS] = n_active
    if learn:
        for k in range(n_active):
            store.segments[memory.active[k]].last_used = numbers[ITERATION]
        numbers[ITERATION] += 1


@njit
def _step(store, memory, settings, columns, external_active, external_winners, learn):
    """Activate cells, learn, predict; return `DONE`, or why nothing was done."""
    config = settings[0]
    records, numbers = store.segments, memory.numbers
    n_columns = len(columns)
    before = np.int64(-1)
    for column in columns:
        if column <= before or column >= config.columns:
            return BAD_COLUMNS
        before = column
    old, new = numbers[ROW], 1 - numbers[ROW]
    candidates = memory.winner_cells[old, : numbers[N_CANDIDATES]]
    old_winners = candidates[: numbers[N_WINNERS]]
    active_cells, winner_cells = memory.active_cells[new], memory.winner_cells[new]
    potential, matching, active = memory.potential, memory.matching, memory.active
    to_learn, wanted, to_punish = memory.work[0], memory.work[1], memory.work[2]
    burst_columns, predicted_columns = memory.columns[2], memory.columns[1]
    per_column = config.cells_per_column
    grow = learn and len(candidates) > 0

    random_before = store.random[0]
    n_active = n_winners = n_learn = n_punish = n_new = n_bursts = n_predicted = 0
    a = m = w = 0
    for i in range(n_columns + 1):
        column = np.int64(columns[i]) if i < n_columns else config.columns
        first, last = column * per_column, (column + 1) * per_column
        while a < numbers[N_ACTIVE_SEGMENTS] and records[active[a]].owner < first:
            wrong = records[active[a]].owner // per_column
            if n_predicted == 0 or predicted_columns[n_predicted - 1] != wrong:
                predicted_columns[n_predicted] = wrong
                n_predicted += 1
            a += 1
        while m < numbers[N_MATCHING] and records[matching[m]].owner < first:
            to_punish[n_punish] = matching[m]
            n_punish += 1
            m += 1
        if i == n_columns:
            break
        memory.columns[0, i] = column

        if a < numbers[N_ACTIVE_SEGMENTS] and records[active[a]].owner < last:
            predicted_columns[n_predicted] = column
            n_predicted += 1
            cell = np.int64(-1)
            while a < numbers[N_ACTIVE_SEGMENTS] and records[active[a]].owner < last:
                segment = active[a]
                if records[segment].owner != cell:
                    cell = np.int64(records[segment].owner)
                    active_cells[n_active] = cell
                    winner_cells[n_winners] = cell
                    n_active += 1
                    n_winners += 1
                to_learn[n_learn] = segment
                wanted[n_learn] = config.max_new_synapses - potential[segment]
                n_learn += 1
                a += 1
            while m < numbers[N_MATCHING] and records[matching[m]].owner < last:
                m += 1
            continue

        burst_columns[n_bursts] = column
        n_bursts += 1
        n_before = n_active
        for cell in range(first, last):
            if not memory.dead[cell]:
                active_cells[n_active] = cell
                n_active += 1
        column_cells = active_cells[n_before:n_active]
        if len(column_cells) == 0:
            continue
        best = np.int64(-1)
        best_overlap = np.int64(-1)
        while m < numbers[N_MATCHING] and records[matching[m]].owner < last:
            if potential[matching[m]] > best_overlap:
                best = np.int64(matching[m])
                best_overlap = np.int64(potential[best])
            m += 1
        if best >= 0:
            winner = np.int64(records[best].owner)
            to_learn[n_learn] = best
            wanted[n_learn] = config.max_new_synapses - best_overlap
            n_learn += 1
        else:
            if config.reuse_previous_winner:
                while w < len(old_winners) and old_winners[w] < first:
                    w += 1
                first_winner = w
                while w < len(old_winners) and old_winners[w] < last:
                    w += 1
                if w > first_winner:
                    column_cells = old_winners[first_winner:w]
            winner = _least_used_cell(store.cells, store.random, column_cells, config.lowest_index)
            if grow:
                # Cells that get a new segment, from the far end of the list.
                n_new += 1
                wanted[len(wanted) - n_new] = winner
        winner_cells[n_winners] = winner
        n_winners += 1

    if learn:
        if not _has_room(store, memory, config, wanted[:n_learn], n_new):
            store.random[0] = random_before
            return NEED_ROOM
        learning = to_learn[:n_learn]
        kernels.adapt_segments(
            store,
            learning,
            memory.active_mask,
            config.keep,
            config.gain_active,
            config.gain_inactive,
            config.prune_below,
        )
        if config.predicted_decrement > 0.0:
            kernels.adapt_segments(
                store,
                to_punish[:n_punish],
                memory.active_mask,
                1.0,
                -config.predicted_decrement,
                0.0,
                config.prune_below,
            )
        kernels.grow_segments(
            store,
            learning,
            wanted[:n_learn],
            candidates,
            config.initial_permanence,
            config.lowest_index,
        )
        if n_new > 0:
            owners = wanted[len(wanted) - n_new :]
            created = to_learn[:n_new]
            kernels.create_segments(store, owners, numbers[ITERATION], created)
            owners[:] = config.max_new_synapses
            kernels.grow_segments(
                store,
                created,
                owners,
                candidates,
                config.initial_permanence,
                config.lowest_index,
            )

    for cell in memory.active_cells[old, : numbers[N_ACTIVE_INPUTS]]:
        memory.active_mask[cell] = False
    numbers[ROW] = new
    numbers[N_ACTIVE] = n_active
    numbers[N_WINNERS] = n_winners
    for cell in external_active:
        active_cells[n_active] = cell
        n_active += 1
    for cell in external_winners:
        winner_cells[n_winners] = cell
        n_winners += 1
    numbers[N_ACTIVE_INPUTS] = n_active
    numbers[N_CANDIDATES] = n_winners
    for cell in active_cells[:n_active]:
        memory.active_mask[cell] = True
    numbers[N_ACTIVE_COLUMNS] = n_columns
    numbers[N_PREDICTED_COLUMNS] = n_predicted
    numbers[N_BURSTS] = n_bursts
    _predict(store, memory, settings, learn)
    return DONE


def _entry_points(store_kernels):
    """Compile the functions that Python calls.

    Numba's cache does not notice a change in another file. Since the store's source is part of
    these closures, it becomes part of the key that the cache looks them up by. Arrays are passed
    one by one, which Numba takes in half the time that it needs for tuples of them.
    """

    @njit(cache=True)
    def step(
        segments,
        cells,
        inputs,
        entries,
        presynaptic,
        permanence,
        free_blocks,
        free_lists,
        counters,
        random,
        marks,
        scratch,
        active_cells,
        winner_cells,
        active_mask,
        dead,
        columns_of_step,
        potential,
        matching,
        active,
        work,
        numbers,
        settings,
        columns,
        external_active,
        external_winners,
        learn,
    ):
        assert store_kernels
        store = kernels.StoreArrays(
            segments,
            cells,
            inputs,
            entries,
            presynaptic,
            permanence,
            free_blocks,
            free_lists,
            counters,
            random,
            marks,
            scratch,
        )
        memory = MemoryArrays(
            active_cells,
            winner_cells,
            active_mask,
            dead,
            columns_of_step,
            potential,
            matching,
            active,
            work,
            numbers,
        )
        return _step(store, memory, settings, columns, external_active, external_winners, learn)

    @njit(cache=True)
    def predict(store, memory, settings, learn):
        assert store_kernels
        _predict(store, memory, settings, learn)

    @njit(cache=True)
    def least_used_cells(store, columns, cells_per_column, lowest_index, chosen):
        assert store_kernels
        for k in range(len(columns)):
            first = columns[k] * cells_per_column
            cells = np.arange(first, first + cells_per_column)
            chosen[k] = _least_used_cell(store.cells, store.random, cells, lowest_index)

    return step, predict, least_used_cells


step, predict, least_used_cells = _entry_points(zlib.crc32(Path(kernels.__file__).read_bytes()) + 1)

# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""Compiled step of the temporal memory: activate, learn, predict, in one call.

`column_kernels` activates cells and notes what is to learn; the store's loops carry it out.
"""

import numpy as np
from numba import njit

from htm_brian.abstract.kernels import (
    activity_kernels,
    column_kernels,
    learning_kernels,
    segment_kernels,
    temporal_layout,
)
from htm_brian.abstract.kernels.store_kernels import SOURCES, checksum
from htm_brian.abstract.kernels.temporal_layout import (
    ADAPT_OUTSIDE,
    BAD_COLUMNS,
    DONE,
    ITERATION,
    N_ACTIVE,
    N_ACTIVE_COLUMNS,
    N_ACTIVE_INPUTS,
    N_ACTIVE_SEGMENTS,
    N_BURSTS,
    N_CANDIDATES,
    N_LEARNING,
    N_MATCHING,
    N_NEW,
    N_PREDICTED_COLUMNS,
    N_PUNISHED,
    N_WINNERS,
    NEED_ROOM,
    NEXT_ACTIVE,
    NEXT_BURSTS,
    NEXT_PREDICTED,
    NEXT_WINNERS,
    PREDICT_AGAIN,
    RANDOM_BEFORE,
    ROOM_ENTRIES,
    ROOM_LISTS,
    ROOM_MATCHING,
    ROOM_SEGMENTS,
    ROOM_SLOTS,
    ROW,
    SERIAL_BEFORE,
    MemoryArrays,
)
from htm_brian.abstract.segments import layout


@njit
def _has_room_to_learn(store, memory, config):
    """Note how much learning may grow at most; return whether there is so much room."""
    counters, numbers = store.counters, memory.numbers
    n_growing = numbers[N_NEW]
    for n in memory.work[1, : numbers[N_LEARNING]]:
        if n > 0:
            n_growing += 1
    largest = min(counters[layout.MAX_SYNAPSES], counters[layout.LARGEST] + config.max_new_synapses)
    candidates = memory.winner_cells[numbers[ROW], : numbers[N_CANDIDATES]]
    entries, lists = segment_kernels.list_room(store, candidates, n_growing)
    numbers[ROOM_SEGMENTS] = numbers[N_NEW]
    numbers[ROOM_SLOTS] = n_growing * (largest + layout.BLOCK)
    numbers[ROOM_ENTRIES] = entries
    numbers[ROOM_LISTS] = lists if n_growing > 0 else 0
    if config.predict_first:
        # What it lists may then be every segment that there is: room for less could not be mended.
        numbers[ROOM_MATCHING] = max(numbers[ROOM_MATCHING], counters[layout.SEGMENT_END])
    return (
        counters[layout.SEGMENT_END] + numbers[ROOM_SEGMENTS] <= len(store.segments)
        and counters[layout.SLOT_END] + numbers[ROOM_SLOTS] <= len(store.presynaptic)
        and counters[layout.ENTRY_END] + numbers[ROOM_ENTRIES] <= len(store.entries)
        and counters[layout.N_LISTS] + numbers[ROOM_LISTS] <= len(store.lists)
        and (not config.predict_first or numbers[ROOM_MATCHING] <= len(memory.matching))
    )


@njit
def _adapt(store, memory, config):
    """Let the noted segments learn."""
    learning_kernels.adapt_segments(
        store,
        memory.work[0, : memory.numbers[N_LEARNING]],
        memory.active_mask,
        config.keep,
        config.gain_active,
        config.gain_inactive,
        config.prune_below,
    )


@njit
def _punish_and_grow(store, memory, config):
    """Punish the segments that were wrong; grow synapses and segments."""
    numbers = memory.numbers
    candidates = memory.winner_cells[numbers[ROW], : numbers[N_CANDIDATES]]
    to_learn, wanted, to_punish = memory.work[0], memory.work[1], memory.work[2]
    n_learn, n_new = numbers[N_LEARNING], numbers[N_NEW]
    if config.predicted_decrement > 0.0:
        learning_kernels.adapt_segments(
            store,
            to_punish[: numbers[N_PUNISHED]],
            memory.active_mask,
            1.0,
            -config.predicted_decrement,
            0.0,
            config.prune_below,
        )
    learning_kernels.grow_segments(
        store,
        to_learn[:n_learn],
        wanted[:n_learn],
        candidates,
        config.initial_permanence,
        config.lowest_index,
    )
    if n_new > 0:
        owners = wanted[len(wanted) - n_new :]
        created = to_learn[:n_new]
        segment_kernels.create_segments(store, owners, numbers[ITERATION], created)
        owners[:] = config.max_new_synapses
        learning_kernels.grow_segments(
            store, created, owners, candidates, config.initial_permanence, config.lowest_index
        )


@njit
def _take_over(memory, columns, external_active, external_winners):
    """Make the new row the present."""
    numbers = memory.numbers
    old, new = numbers[ROW], 1 - numbers[ROW]
    active_cells, winner_cells = memory.active_cells[new], memory.winner_cells[new]
    for cell in memory.active_cells[old, : numbers[N_ACTIVE_INPUTS]]:
        memory.active_mask[cell] = False
    n_active, n_winners = numbers[NEXT_ACTIVE], numbers[NEXT_WINNERS]
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
    numbers[N_ACTIVE_COLUMNS] = len(columns)
    numbers[N_PREDICTED_COLUMNS] = numbers[NEXT_PREDICTED]
    numbers[N_BURSTS] = numbers[NEXT_BURSTS]


@njit
def _predict(store, memory, config, learn):
    """Find the matching and the active segments; return `DONE`, or what is to be done first."""
    numbers = memory.numbers
    inputs = memory.active_cells[numbers[ROW], : numbers[N_ACTIVE_INPUTS]]
    status = _reach(store, memory, config, inputs)
    if status == DONE and learn:
        _note_use(store, memory)
    return status


@njit
def _note_use(store, memory):
    """Write down when the active segments were active; the next iteration begins."""
    numbers = memory.numbers
    for k in range(numbers[N_ACTIVE_SEGMENTS]):
        store.segments[memory.active[k]].last_used = numbers[ITERATION]
    numbers[ITERATION] += 1


@njit
def _predict_ahead(store, memory, config, external_active):
    """Find what the next active cells reach, before any segment learns."""
    numbers = memory.numbers
    old, new = numbers[ROW], 1 - numbers[ROW]
    now = memory.active_cells[old, : numbers[N_ACTIVE_INPUTS]]
    n = numbers[NEXT_ACTIVE]
    for cell in external_active:
        memory.active_cells[new, n] = cell
        n += 1
    coming = memory.active_cells[new, :n]
    for cell in now:
        memory.active_mask[cell] = False
    for cell in coming:
        memory.active_mask[cell] = True
    _reach(store, memory, config, coming)
    for cell in coming:
        memory.active_mask[cell] = False
    for cell in now:
        memory.active_mask[cell] = True
    numbers[SERIAL_BEFORE] = store.counters[layout.SERIAL]


@njit
def _still_there(store, memory, segments, n):
    """Drop the segments that learning took away; return how many are left."""
    n_left = 0
    for k in range(n):
        record = store.segments[segments[k]]
        if record.owner >= 0 and record.serial < memory.numbers[SERIAL_BEFORE]:
            segments[n_left] = segments[k]
            n_left += 1
    return n_left


@njit
def _keep_predictions(store, memory):
    """Let what was predicted before learning stand, but for segments that are no more."""
    numbers = memory.numbers
    numbers[N_MATCHING] = _still_there(store, memory, memory.matching, numbers[N_MATCHING])
    numbers[N_ACTIVE_SEGMENTS] = _still_there(
        store, memory, memory.active, numbers[N_ACTIVE_SEGMENTS]
    )
    _note_use(store, memory)


@njit
def _reach(store, memory, config, inputs):
    """List the segments that `inputs`, which the mask holds, reach; return `DONE` if there is room.

    Otherwise return what is to be done first.
    """
    numbers, matching, potential = memory.numbers, memory.matching, memory.potential
    minimum = min(config.min_threshold, config.activation_threshold)
    n_found = activity_kernels.find_matching(store, inputs, minimum, potential, matching)
    if n_found > len(matching):
        numbers[ROOM_MATCHING] = n_found
        return PREDICT_AGAIN
    # A segment whose weights sum to the activation threshold has at least so many synapses.
    n_active = activity_kernels.find_active(
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
    return DONE


@njit
def _step(store, memory, settings, columns, external_active, external_winners, learn, adapted):
    """Activate cells, learn, predict; return `DONE`, or what Python has to do first.

    With `adapted`, the segments noted by the call before have learned, and the step goes on there.
    """
    config = settings[0]
    if not adapted:
        before = np.int64(-1)
        for column in columns:
            if column <= before or column >= config.columns:
                return BAD_COLUMNS
            before = column
        if not column_kernels.has_room_to_activate(
            memory, config, len(columns), len(external_active)
        ):
            return NEED_ROOM
        random_before = store.random[0]
        column_kernels.activate(store, memory, config, columns, learn)
        if learn:
            if not _has_room_to_learn(store, memory, config):
                store.random[0] = random_before
                return NEED_ROOM
            if config.predict_first:
                _predict_ahead(store, memory, config, external_active)
            if config.rule_outside:
                memory.numbers[RANDOM_BEFORE] = np.int64(random_before)
                return ADAPT_OUTSIDE
            _adapt(store, memory, config)
    if learn:
        _punish_and_grow(store, memory, config)
    _take_over(memory, columns, external_active, external_winners)
    if learn and config.predict_first:
        _keep_predictions(store, memory)
        return DONE
    return _predict(store, memory, config, learn)


def _entry_points(sources):
    """Compile the functions that Python calls; see `kernels`.

    Arrays are passed one by one, which Numba takes in half the time that it needs for tuples of
    them.
    """

    @njit(cache=True)
    def step(
        segments,
        last,
        list_of,
        lists,
        entries,
        presynaptic,
        permanence,
        revisions,
        free_blocks,
        free_lists,
        counters,
        random,
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
        adapted,
    ):
        assert sources >= 0
        store = layout.StoreArrays(
            segments,
            last,
            list_of,
            lists,
            entries,
            presynaptic,
            permanence,
            revisions,
            free_blocks,
            free_lists,
            counters,
            random,
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
        return _step(
            store, memory, settings, columns, external_active, external_winners, learn, adapted
        )

    @njit(cache=True)
    def predict(store, memory, settings, learn):
        assert sources >= 0
        return _predict(store, memory, settings[0], learn)

    @njit(cache=True)
    def least_used_cells(store, columns, cells_per_column, lowest_index, chosen):
        assert sources >= 0
        for k in range(len(columns)):
            first = columns[k] * cells_per_column
            cells = np.arange(first, first + cells_per_column)
            chosen[k] = column_kernels.least_used_cell(
                store.segments, store.last, store.random, cells, lowest_index
            )

    return step, predict, least_used_cells


step, predict, least_used_cells = _entry_points(SOURCES + checksum(temporal_layout, column_kernels))

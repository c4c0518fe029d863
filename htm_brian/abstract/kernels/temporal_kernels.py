# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""Compiled step of the temporal memory: activate, learn, predict, in one call.

Segments are walked in the order of their cells, beside the sorted active columns, so that each list
is read once. What is to learn is only noted on the way; then the store's loops carry it out.
"""

import numpy as np
from numba import njit

from htm_brian.abstract.kernels import (
    activity_kernels,
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
    ROOM_CELLS,
    ROOM_ENTRIES,
    ROOM_LISTS,
    ROOM_MATCHING,
    ROOM_SEGMENTS,
    ROOM_SLOTS,
    ROOM_WORK,
    ROW,
    MemoryArrays,
)
from htm_brian.abstract.segments import layout


@njit
def _has_room_to_activate(memory, config, n_columns, n_external):
    """Note the room that the lists of a step need at most; return whether there is so much."""
    numbers = memory.numbers
    numbers[ROOM_SEGMENTS] = 0
    numbers[ROOM_SLOTS] = 0
    numbers[ROOM_ENTRIES] = 0
    numbers[ROOM_LISTS] = 0
    numbers[ROOM_CELLS] = n_columns * config.cells_per_column + n_external
    numbers[ROOM_WORK] = max(numbers[N_MATCHING], numbers[N_ACTIVE_SEGMENTS] + n_columns)
    return (
        numbers[ROOM_CELLS] <= memory.active_cells.shape[1]
        and numbers[ROOM_WORK] <= memory.work.shape[1]
    )


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
    return (
        counters[layout.SEGMENT_END] + numbers[ROOM_SEGMENTS] <= len(store.segments)
        and counters[layout.SLOT_END] + numbers[ROOM_SLOTS] <= len(store.presynaptic)
        and counters[layout.ENTRY_END] + numbers[ROOM_ENTRIES] <= len(store.entries)
        and counters[layout.N_LISTS] + numbers[ROOM_LISTS] <= len(store.lists)
    )


@njit
def _least_used_cell(records, last, random, cells, lowest_index):
    """Return the cell with the fewest segments; one of equals at random or the first."""
    fewest = np.int64(-1)
    n_equal = 0
    for cell in cells:
        count = np.int64(records[last[cell]].of_cell) if last[cell] >= 0 else np.int64(0)
        if fewest < 0 or count < fewest:
            fewest = count
            n_equal = 1
        elif count == fewest:
            n_equal += 1
    skip = np.int64(0)
    if n_equal > 1 and not lowest_index:
        random[0] += layout.RANDOM_STEP
        skip = layout.random_below(random[0], n_equal)
    for cell in cells:
        count = np.int64(records[last[cell]].of_cell) if last[cell] >= 0 else np.int64(0)
        if count == fewest:
            if skip == 0:
                return np.int64(cell)
            skip -= 1
    return np.int64(-1)


@njit
def _activate(store, memory, config, columns, learn):
    """List the next active cells and winners, and what is to learn, into the other row."""
    records, numbers = store.segments, memory.numbers
    n_columns = len(columns)
    old, new = numbers[ROW], 1 - numbers[ROW]
    old_winners = memory.winner_cells[old, : numbers[N_WINNERS]]
    active_cells, winner_cells = memory.active_cells[new], memory.winner_cells[new]
    potential, matching, active = memory.potential, memory.matching, memory.active
    to_learn, wanted, to_punish = memory.work[0], memory.work[1], memory.work[2]
    burst_columns, predicted_columns = memory.columns[2], memory.columns[1]
    per_column = config.cells_per_column
    grow = learn and numbers[N_CANDIDATES] > 0
    some_dead = len(memory.dead) > 0

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
            if not (some_dead and memory.dead[cell]):
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
            winner = _least_used_cell(
                records, store.last, store.random, column_cells, config.lowest_index
            )
            if grow:
                # Cells that get a new segment, from the far end of the list.
                n_new += 1
                wanted[len(wanted) - n_new] = winner
        winner_cells[n_winners] = winner
        n_winners += 1

    numbers[N_LEARNING] = n_learn
    numbers[N_PUNISHED] = n_punish
    numbers[N_NEW] = n_new
    numbers[NEXT_ACTIVE] = n_active
    numbers[NEXT_WINNERS] = n_winners
    numbers[NEXT_PREDICTED] = n_predicted
    numbers[NEXT_BURSTS] = n_bursts


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
    numbers, matching, potential = memory.numbers, memory.matching, memory.potential
    inputs = memory.active_cells[numbers[ROW], : numbers[N_ACTIVE_INPUTS]]
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
    if learn:
        for k in range(n_active):
            store.segments[memory.active[k]].last_used = numbers[ITERATION]
        numbers[ITERATION] += 1
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
        if not _has_room_to_activate(memory, config, len(columns), len(external_active)):
            return NEED_ROOM
        random_before = store.random[0]
        _activate(store, memory, config, columns, learn)
        if learn:
            if not _has_room_to_learn(store, memory, config):
                store.random[0] = random_before
                return NEED_ROOM
            if config.rule_outside:
                memory.numbers[RANDOM_BEFORE] = np.int64(random_before)
                return ADAPT_OUTSIDE
            _adapt(store, memory, config)
    if learn:
        _punish_and_grow(store, memory, config)
    _take_over(memory, columns, external_active, external_winners)
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
            chosen[k] = _least_used_cell(
                store.segments, store.last, store.random, cells, lowest_index
            )

    return step, predict, least_used_cells


step, predict, least_used_cells = _entry_points(SOURCES + checksum(temporal_layout))

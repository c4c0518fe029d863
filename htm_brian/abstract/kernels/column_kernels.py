# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""Compiled first part of a step of the temporal memory: which cells of the columns are active.

Segments are walked in the order of their cells, beside the sorted active columns, so that each list
is read once. What is to learn is only noted on the way.
"""

import numpy as np
from numba import njit

from htm_brian.abstract.kernels.temporal_layout import (
    N_ACTIVE_SEGMENTS,
    N_CANDIDATES,
    N_LEARNING,
    N_MATCHING,
    N_NEW,
    N_PUNISHED,
    N_WINNERS,
    NEXT_ACTIVE,
    NEXT_BURSTS,
    NEXT_PREDICTED,
    NEXT_WINNERS,
    ROOM_CELLS,
    ROOM_ENTRIES,
    ROOM_LISTS,
    ROOM_SEGMENTS,
    ROOM_SLOTS,
    ROOM_WORK,
    ROW,
)
from htm_brian.abstract.segments import layout


@njit
def has_room_to_activate(memory, config, n_columns, n_external):
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
def least_used_cell(records, last, random, cells, lowest_index):
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
def _missing(store, memory, config, segment):
    """Return how many synapses from active cells a segment that learns lacks.

    What it was found to have when it was reached is out of date if it has learned since.
    """
    if not config.predict_first:
        return config.max_new_synapses - memory.potential[segment]
    record = store.segments[segment]
    missing = config.max_new_synapses
    for i in range(record.start, record.start + record.count):
        if memory.active_mask[store.presynaptic[i]]:
            missing -= 1
    return missing


@njit
def activate(store, memory, config, columns, learn):
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
                wanted[n_learn] = _missing(store, memory, config, segment)
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
            wanted[n_learn] = _missing(store, memory, config, best)
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
            winner = least_used_cell(
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

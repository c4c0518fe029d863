"""How a temporal memory lies in memory: settings and arrays of the compiled step."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
        ("rule_outside", np.bool_),
        ("predict_first", np.bool_),
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
    N_LEARNING,
    N_PUNISHED,
    N_NEW,
    NEXT_ACTIVE,
    NEXT_WINNERS,
    NEXT_PREDICTED,
    NEXT_BURSTS,
    ROOM_SEGMENTS,
    ROOM_SLOTS,
    ROOM_ENTRIES,
    ROOM_LISTS,
    ROOM_CELLS,
    ROOM_MATCHING,
    ROOM_WORK,
    RANDOM_BEFORE,
    SERIAL_BEFORE,
    N_NUMBERS,
) = range(28)

DONE = 0
BAD_COLUMNS = 1
NEED_ROOM = 2
ADAPT_OUTSIDE = 3
PREDICT_AGAIN = 4


class MemoryArrays(NamedTuple):
    """Arrays of a temporal memory; all but the masks grow when a step needs more room.

    Attributes
    ----------
    active_cells, winner_cells : ndarray of int32, shape (2, room)
        This step's in row ``numbers[ROW]``, the previous step's in the other; external inputs
        behind the cells.
    active_mask : ndarray of bool, shape (n_inputs,)
    dead : ndarray of bool, shape (n_cells,)
        Empty as long as no cell is dead.
    columns : ndarray of int32, shape (3, columns)
        Active, predicted for this step, and bursting ones.
    potential : ndarray of int16, shape (n_segments,)
        Potential overlaps.
    matching, active : ndarray of int32, shape (room,)
        Matching and active segments by cell and age.
    work : ndarray of int32, shape (3, room)
        Segments that learn, synapses that each wants, segments to punish.
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

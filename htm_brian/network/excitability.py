"""Which cell of an unpredicted column learns: one that has learned least, as in level 0.

A cell that has grown a branch is a little harder to excite until the other cells of its column have
had their turn. So memories that follow each other are allotted to different cells: which neuron
takes part in one is decided by its excitability, and those of the last one are held back (Rashid et
al. 2016, Science 353:383). Without it the same cells of a column are first in many contexts, and
predict too much.

The change is one of the volley's conductance, which sets when a cell is first. It is more than
chance makes of a volley, and less than a match of some synapses, whatever a cell has grown before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from htm_brian.parameters import Key, Table

KEYS = {
    "held_back": Key("1", "share of a volley's conductance that a cell lacks until its next turn"),
}


NEVER = 10**9
"""Branches that no cell has."""


def of_cells(
    owner: NDArray[np.integer],
    n_cells: int,
    cells_per_column: int,
    table: Table,
    silenced: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Return what each cell makes of a volley, as a share of its conductance.

    Parameters
    ----------
    owner : ndarray of int, shape (n_branches,)
        The cell of each branch, -1 for a branch that is not in use.
    n_cells, cells_per_column : int
    table : Table
        See `KEYS`.
    silenced : ndarray of bool, shape (n_cells,), optional
        Cells that have no turn.

    Returns
    -------
    ndarray of shape (n_cells,)
        1 for the cells with the fewest branches of their column.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> table = load_model("minicolumns")["excitability"]
    >>> of_cells(np.array([0, 0, 2, 3, -1]), 4, 2, table).tolist()
    [0.97, 1.0, 1.0, 1.0]
    """
    branches = np.bincount(owner[owner >= 0], minlength=n_cells).reshape(-1, cells_per_column)
    waiting = branches if silenced is None else branches + NEVER * silenced.reshape(branches.shape)
    waits = branches > waiting.min(axis=1, keepdims=True)
    return np.asarray(1 - float(table["held_back"]) * waits, dtype=np.float64).ravel()

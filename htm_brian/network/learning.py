"""What branches learn from an element: spikes and plateaus in, permanences and growth out.

Everything here is read off the cells. A branch that was in a plateau when its cell fired is
reinforced by the cells that had fired before; in a column that no plateau had prepared, the first
cell to spike learns on its most depolarised branch, or grows a new one; a branch that was
depolarised for nothing is weakened. How permanences change is left to the permanence rule and the
store of segments, which all levels share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.permanence import PermanenceRule
from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.network.dendrites import BranchState

Cells = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class GrowthParameters:
    """How many synapses grow, and how strong they are at first."""

    max_new_synapses: int
    initial_permanence: float
    predicted_decrement: float


@dataclass(frozen=True)
class Element:
    """What the cells did in one element, and what the branches had foreseen.

    Attributes
    ----------
    active_cells : ndarray of int, shape (n_active,)
        Cells that fired, sorted.
    first_spike : ndarray of float, shape (n_active,)
        Time of the first spike of each, in seconds.
    foreseen : BranchState
        Plateaus and depolarisation when the volley came.
    owner : ndarray of int, shape (n_branches,)
        Cell of each branch, -1 for none.
    """

    active_cells: Cells
    first_spike: NDArray[np.float64]
    foreseen: BranchState
    owner: NDArray[np.int32]

    def plateau_cells(self, n_cells: int) -> Mask:
        """Return which cells had a plateau when the volley came."""
        mask = np.zeros(n_cells, dtype=bool)
        mask[self.owner[self.foreseen.plateau]] = True
        return mask


def choose_winners(element: Element, n_cells: int, cells_per_column: int) -> tuple[Cells, Cells]:
    """Return the winner cells, and those among them that were first in an unprepared column.

    In a column where cells fired out of a plateau, all of these win. In any other column the first
    cell to spike wins; its spike time is interpolated below the time step.

    Returns
    -------
    winners, newcomers : ndarray of int
        Sorted; `newcomers` is a subset of `winners`.
    """
    cells = element.active_cells
    prepared = element.plateau_cells(n_cells)[cells]
    column = cells // cells_per_column
    # The earliest of each column stands first in it.
    order = np.lexsort((element.first_spike, column))
    _, start = np.unique(column[order], return_index=True)
    first = order[start]
    columns_prepared = np.zeros(n_cells // cells_per_column, dtype=bool)
    columns_prepared[column[prepared]] = True
    newcomers = cells[first][~columns_prepared[column[first]]]
    return np.sort(np.concatenate([cells[prepared], newcomers])), np.sort(newcomers)


def most_depolarised(
    depolarisation: NDArray[np.float64], owner: NDArray[np.int32], cells: Cells, match_level: float
) -> tuple[Cells, Cells]:
    """Return for each of `cells` its most depolarised branch at or above `match_level`.

    Returns
    -------
    branches : ndarray of int
        One branch for each cell that has one.
    without : ndarray of int
        The cells that have none.
    """
    candidate = np.flatnonzero((depolarisation >= match_level) & np.isin(owner, cells))
    order = candidate[np.lexsort((-depolarisation[candidate], owner[candidate]))]
    found, start = np.unique(owner[order], return_index=True)
    return order[start].astype(np.int64), np.setdiff1d(cells, found)


def learn(
    store: SegmentStore,
    rule: PermanenceRule,
    growth: GrowthParameters,
    element: Element,
    newcomers: Cells,
    previous_active: Mask,
    previous_winners: Cells,
    match_level: float,
    cells_per_column: int,
    iteration: int,
) -> NDArray[np.int64]:
    """Change the segments after one element.

    Parameters
    ----------
    newcomers : ndarray of int
        Winners of unprepared columns.
    previous_active : ndarray of bool, shape (n_cells,)
        Cells that fired in the element before.
    previous_winners : ndarray of int
        Cells to grow synapses to.
    match_level : float
        Depolarisation from which a branch counts as nearly active.

    Returns
    -------
    ndarray of int
        Branches that now belong to a new segment.
    """
    foreseen, owner = element.foreseen, element.owner
    n_cells = len(previous_active)
    fired = np.zeros(n_cells, dtype=bool)
    fired[element.active_cells] = True
    column_active = np.zeros(n_cells // cells_per_column, dtype=bool)
    column_active[element.active_cells // cells_per_column] = True
    plateau = np.flatnonzero(foreseen.plateau & (owner >= 0))
    store.touch(plateau, iteration)
    right = plateau[fired[owner[plateau]]]
    nearly, without = most_depolarised(foreseen.depolarisation, owner, newcomers, match_level)
    if growth.predicted_decrement > 0:
        matching = np.flatnonzero((foreseen.depolarisation >= match_level) & (owner >= 0))
        wrong = matching[~column_active[owner[matching] // cells_per_column]]
        store.punish(wrong, previous_active, growth.predicted_decrement)
    reinforced = np.union1d(right, nearly)
    reinforced = reinforced[store.owner[reinforced] >= 0]
    store.adapt(reinforced, previous_active, rule)
    if len(previous_winners) == 0:
        return np.empty(0, dtype=np.int64)
    kept = reinforced[store.owner[reinforced] >= 0]
    flat = store.flat(kept)
    heard = np.zeros(len(owner), dtype=np.int64)
    np.add.at(heard, flat.segment, previous_active[flat.presynaptic])
    missing = growth.max_new_synapses - heard[kept]
    store.grow(kept, previous_winners, missing, growth.initial_permanence)
    new = store.create(without, iteration)
    store.grow(new, previous_winners, growth.max_new_synapses, growth.initial_permanence)
    return new.astype(np.int64)

"""What branches learn from an element: spikes and plateaus in, permanences and growth out.

Everything here is read off the cells. A branch that was in a plateau when its cell fired is
reinforced by the cells that had fired before; in a column that no plateau had predicted, the first
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
from htm_brian.sdr.readout import BranchState

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
    """What the cells did in one element, and what the branches had predicted.

    Attributes
    ----------
    active_cells : ndarray of int, shape (n_active,)
        Cells that fired, sorted.
    newcomers : ndarray of int
        Winners of unpredicted columns.
    predicted_before : BranchState
        Plateaus, depolarisation and owners of the branches when the volley came.
    """

    active_cells: Cells
    newcomers: Cells
    predicted_before: BranchState


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
    previous_active: Mask,
    previous_winners: Cells,
    match_level: float,
    cells_per_column: int,
    iteration: int,
) -> NDArray[np.int64]:
    """Change the segments after one element.

    Parameters
    ----------
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
    before = element.predicted_before
    owner = before.owner
    n_cells = len(previous_active)
    fired = np.zeros(n_cells, dtype=bool)
    fired[element.active_cells] = True
    column_active = np.zeros(n_cells // cells_per_column, dtype=bool)
    column_active[element.active_cells // cells_per_column] = True
    plateau = np.flatnonzero(before.plateau)
    store.touch(plateau, iteration)
    right = plateau[fired[owner[plateau]]]
    nearly, without = most_depolarised(before.depolarisation, owner, element.newcomers, match_level)
    if growth.predicted_decrement > 0:
        matching = np.flatnonzero((before.depolarisation >= match_level) & (owner >= 0))
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

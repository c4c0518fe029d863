"""What branches learn between two elements: permanences by an abstract rule, and growth.

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

from htm_brian.abstract.permanence import PermanenceRule, check_rule, of_rule
from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.synapses.plasticity.rule import Cells, Element, Growth, Mask, OfflineRule


@dataclass(frozen=True)
class BetweenElements(OfflineRule):
    """Level 0's learning, from spikes and plateaus: nothing happens online.

    Parameters
    ----------
    permanence_rule : PermanenceRule
        `UpDown`, `IncidenceRate` or one of your own.
    """

    permanence_rule: PermanenceRule

    def __post_init__(self) -> None:
        check_rule(self.permanence_rule)

    @property
    def initial_permanence(self) -> float:
        """That of the permanence rule."""
        return of_rule(self.permanence_rule, "initial_permanence")

    @property
    def connected_permanence(self) -> float:
        """That of the permanence rule."""
        return of_rule(self.permanence_rule, "connected_permanence")

    def between_elements(
        self, store: SegmentStore, growth: Growth, element: Element
    ) -> NDArray[np.int64]:
        """Change permanences, then grow."""
        reinforced, without = branches_to_reinforce(growth, element)
        before = element.predicted_before
        store.touch(np.flatnonzero(before.plateau), element.iteration)
        if growth.predicted_decrement > 0:
            wrong = depolarised_for_nothing(growth, element)
            store.punish(wrong, element.previous_active, growth.predicted_decrement)
        reinforced = reinforced[store.owner[reinforced] >= 0]
        store.adapt(reinforced, element.previous_active, self.permanence_rule)
        kept = reinforced[store.owner[reinforced] >= 0]
        return grow_to_winners(store, growth, element, kept, without)


def branches_to_reinforce(growth: Growth, element: Element) -> tuple[Cells, Cells]:
    """Return the branches that predicted rightly or nearly, and newcomers that have none.

    Returns
    -------
    reinforced : ndarray of int
        Branches in a plateau whose cell fired, and of each winner of an unpredicted column the most
        depolarised branch, if it is depolarised enough.
    without : ndarray of int
        Winners of unpredicted columns that have no such branch.
    """
    before = element.predicted_before
    plateau = np.flatnonzero(before.plateau)
    right = plateau[np.isin(before.owner[plateau], element.active_cells)]
    nearly, without = most_depolarised(
        before.depolarisation, before.owner, element.newcomers, growth.match_level
    )
    return np.union1d(right, nearly), without


def depolarised_for_nothing(growth: Growth, element: Element) -> Cells:
    """Return the branches that matched in a column that stayed silent."""
    before, per_column = element.predicted_before, growth.cells_per_column
    matching = np.flatnonzero((before.depolarisation >= growth.match_level) & (before.owner >= 0))
    active_columns = np.unique(element.active_cells // per_column)
    return matching[~np.isin(before.owner[matching] // per_column, active_columns)]


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


def grow_to_winners(
    store: SegmentStore, growth: Growth, element: Element, branches: Cells, cells: Cells
) -> NDArray[np.int64]:
    """Grow synapses to the winners of the element before; see `grow`."""
    winners, active = element.previous_winners, element.previous_active
    return grow(store, growth, branches, cells, winners, active, element.iteration)


def grow(
    store: SegmentStore,
    growth: Growth,
    branches: Cells,
    cells: Cells,
    candidates: Cells,
    active: Mask,
    iteration: int,
) -> NDArray[np.int64]:
    """Grow synapses to `candidates`, on `branches` and on new ones of `cells`.

    Parameters
    ----------
    branches : ndarray of int
        Each grows until `max_new_synapses` of its synapses come from cells that were active.
    cells : ndarray of int
        Each gets a new branch.
    candidates : ndarray of int
        Presynaptic cells, sorted.
    active : ndarray of bool, shape (n_cells,)
        Presynaptic cells that were active.
    iteration : int
        Number of the element.

    Returns
    -------
    ndarray of int
        The new branches.
    """
    if len(candidates) == 0:
        return np.empty(0, dtype=np.int64)
    flat = store.flat(branches)
    heard = np.zeros(len(store.owner), dtype=np.int64)
    np.add.at(heard, flat.segment, active[flat.presynaptic])
    missing = growth.max_new_synapses - heard[branches]
    store.grow(branches, candidates, missing, growth.initial_permanence)
    new = store.create(cells, iteration)
    store.grow(new, candidates, growth.max_new_synapses, growth.initial_permanence)
    return new.astype(np.int64)

"""Growth and pruning of rules that learn at the synapse: no list of cells, each cell by itself.

A cell that spiked grows on a branch that had predicted the spike. One that was first in a column
that burst, and whose branches had predicted nothing, grows a new branch. What it grows to are axons
that lately offered themselves (`htm_brian.sdr.column_feedback`); a branch knows them by a trace
that every axon leaves around it. Synapses that lost all their permanence are pruned, on branches
that were depolarised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import ms, second
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.errors import InputError
from htm_brian.sdr.column_feedback import waited_longest
from htm_brian.sdr.readout import BranchState
from htm_brian.synapses.plasticity.between_elements import grow
from htm_brian.synapses.plasticity.rule import Element, Growth, OfflineRule, Seen

REACH = 110 * ms
"""How long an axon's trace lasts: longer than from a spike to the end of the next element, shorter
than to the end of the one after."""


@dataclass(frozen=True)
class LocalRule(OfflineRule):
    """Base of the rules that learn online, by what a synapse can see."""

    initial_permanence = 0.21
    connected_permanence = 0.5

    def between_elements(
        self, store: SegmentStore, growth: Growth, element: Element
    ) -> NDArray[np.int64]:
        """Grow and prune; permanences have changed online."""
        return grow_locally(
            store, growth, element.predicted_before, element.seen, element.iteration
        )


def grow_locally(
    store: SegmentStore, growth: Growth, before: BranchState, seen: Seen, iteration: int
) -> NDArray[np.int64]:
    """Prune and grow by what each cell knows of itself.

    Parameters
    ----------
    store : SegmentStore
    growth : Growth
    before : BranchState
        The branches when the volley came.
    seen : Seen
    iteration : int
        Number of the element.

    Returns
    -------
    ndarray of int
        The new branches.
    """
    near = before.depolarisation >= growth.match_level
    depolarised = np.flatnonzero((before.plateau | near) & (before.owner >= 0))
    owner = before.owner[depolarised]
    spiked, first = np.isfinite(seen.spike), waited_longest(seen.spike, seen.feedback)
    store.touch(np.flatnonzero(before.plateau), iteration)
    store.prune(depolarised)
    told = np.zeros(len(spiked), dtype=np.bool_)
    told[owner] = True
    grows = spiked[owner] & (before.plateau[depolarised] | first[owner])
    branches = depolarised[grows & (store.owner[depolarised] == owner)]
    offered, heard = (
        last > seen.stop - float(REACH) for last in (seen.last_offer, seen.last_spike)
    )
    return grow(
        store,
        growth,
        branches,
        np.flatnonzero(first & ~told),
        np.flatnonzero(offered),
        heard,
        iteration,
    )


def check_times(**times: Quantity) -> None:
    """Refuse times that are not above 0."""
    for name, time in times.items():
        if not time > 0 * second:
            raise InputError(f"{name} must be above 0 s, got {time}")

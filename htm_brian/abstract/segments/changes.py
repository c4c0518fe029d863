"""Which slots of a segment store were given to another synapse, for those who keep state by slot.

A slot is the number of a synapse. It stays the same as long as the synapse lives, except where a
segment that grew was moved to a longer block of slots, a synapse before it was pruned, or all
blocks were moved together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.segments.store import SegmentStore

Slots = NDArray[np.int64]


@dataclass(frozen=True)
class SlotChanges:
    """What became of the slots of some segments.

    Attributes
    ----------
    before : ndarray of int
        Slots that held their synapses.
    lost : ndarray of int
        Those of them whose synapse is no more.
    moved_from, moved_to : ndarray of int
        Slots of a synapse that is in another slot now.
    now, presynaptic, segment : ndarray of int
        Slots that hold their synapses now, and between what.
    fresh : ndarray of int
        Those of them whose synapse is new.
    """

    before: Slots
    lost: Slots
    moved_from: Slots
    moved_to: Slots
    now: Slots
    presynaptic: Slots
    segment: Slots
    fresh: Slots


class SlotFollower:
    """Follows the slots of a store's segments.

    Parameters
    ----------
    store : SegmentStore
        All that it holds counts as new at the first call of `changes`.
    """

    def __init__(self, store: SegmentStore) -> None:
        self._store = store
        self._revision = -1
        # Of each segment at the last call: number in order of creation, first slot, slots.
        self._serial = np.zeros(0, dtype=np.int64)
        self._start = np.zeros(0, dtype=np.int64)
        self._count = np.zeros(0, dtype=np.int64)
        # The store's array of slots: when it is another, segments may have moved in it.
        self._home: NDArray[np.int32] | None = None

    def state(self) -> tuple[int, Slots, Slots, Slots]:
        """Return what `restore` goes back to."""
        return self._revision, self._serial.copy(), self._start.copy(), self._count.copy()

    def restore(self, state: tuple[int, Slots, Slots, Slots]) -> None:
        """Go on from `state`, when the store has gone back to what it was then."""
        self._revision = state[0]
        self._serial, self._start, self._count = (array.copy() for array in state[1:])
        self._home = self._store.arrays.presynaptic

    def changes(self, presynaptic_before: Callable[[Slots], Slots]) -> SlotChanges:
        """Return what became of all slots of segments that changed since the last call.

        Parameters
        ----------
        presynaptic_before : callable
            Returns the presynaptic cells that slots had then; they are kept by those who follow.
        """
        records = self._store.arrays.segments[: len(self._store.owner)]
        for name in ("_serial", "_start", "_count"):
            known = getattr(self, name)
            missing = len(records) - len(known)
            setattr(self, name, np.concatenate([known, np.zeros(missing, dtype=np.int64)]))
        changed, _ = self._store.changed_since(self._revision)
        if self._store.arrays.presynaptic is not self._home:
            moved = (records["start"] != self._start) & (records["owner"] >= 0)
            changed = np.union1d(changed, np.flatnonzero(moved))
        before = _slots(self._start[changed], self._count[changed])
        # A segment that was removed may have left its number to another.
        same = self._serial[changed] == records["serial"][changed]
        survives = np.repeat(same, self._count[changed])
        was = np.repeat(changed, self._count[changed])[survives]
        self._serial[changed] = records["serial"][changed]
        self._start[changed] = records["start"][changed]
        self._count[changed] = np.where(records["owner"] >= 0, records["count"], 0)[changed]
        self._revision, self._home = self._store.revision, self._store.arrays.presynaptic
        now = _slots(self._start[changed], self._count[changed])
        segment = np.repeat(changed, self._count[changed])
        presynaptic = self._store.arrays.presynaptic[now].astype(np.int64)
        # A segment has at most one synapse from a cell, so segment and cell name a synapse.
        old_name = was * self._store.n_inputs + presynaptic_before(before[survives])
        new_name = segment * self._store.n_inputs + presynaptic
        _, at_old, at_new = np.intersect1d(
            old_name, new_name, assume_unique=True, return_indices=True
        )
        kept_from, kept_to = before[survives][at_old], now[at_new]
        elsewhere = kept_from != kept_to
        return SlotChanges(
            before,
            np.concatenate([before[~survives], np.delete(before[survives], at_old)]),
            kept_from[elsewhere],
            kept_to[elsewhere],
            now,
            presynaptic,
            segment,
            np.delete(now, at_new),
        )


def _slots(start: Slots, count: Slots) -> Slots:
    """Return ``start[k], ..., start[k] + count[k] - 1`` for one k after the other."""
    end = np.cumsum(count, dtype=np.int64)
    return np.repeat(start - (end - count), count) + np.arange(end[-1] if len(end) else 0)

"""Keeps the distal synapses of a network equal to a store of segments, by copying what changed.

A synapse has the same number in Brian2 as in the store, its slot. So a segment that learned is
copied into the slots that it holds, and all others stay as they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.permanence import EPSILON
from htm_brian.abstract.segments.store import SegmentStore, Synapses
from htm_brian.network.dendrites import DistalDendrites

Indices = NDArray[np.int64]


class SegmentMirror:
    """Copies segments into dendrites; segment number and branch number are the same.

    Parameters
    ----------
    store : SegmentStore
        Where the segments are.
    dendrites : DistalDendrites
        Where they go; nobody else may rewire them.
    connected_permanence : float
        From which a synapse counts towards a plateau.
    """

    def __init__(
        self, store: SegmentStore, dendrites: DistalDendrites, connected_permanence: float
    ) -> None:
        self._store = store
        self._dendrites = dendrites
        self._threshold = connected_permanence - EPSILON
        self._revision: int
        self._start: Indices
        self._count: NDArray[np.int32]
        # The store's array of slots: when it is another, segments may have moved in it.
        self._home: NDArray[np.int32] | None
        self._forget()

    def copy(self) -> tuple[bool, bool]:
        """Copy what changed since the last call.

        Returns
        -------
        rebuilt : bool
            Whether the dendrites' Brian2 objects were replaced.
        grown : bool
            Whether arrays were reallocated, so that the network must prepare anew.
        """
        store, dendrites = self._store, self._dendrites
        rebuilt = dendrites.set_owners(store.owner)
        if rebuilt:
            self._forget()
        rewired, weighed = self._changed()
        dendrites.forget_tallies()
        dendrites.disconnect(_slots(self._start[rewired], self._count[rewired]))
        records = store.arrays.segments[rewired]
        self._start[rewired], self._count[rewired] = records["start"], records["count"]
        slots, synapses = self._synapses(rewired[records["owner"] >= 0])
        grown = dendrites.connect(slots, synapses.presynaptic, synapses.segment)
        dendrites.weigh(slots, self._weights(synapses))
        slots, synapses = self._synapses(weighed)
        dendrites.weigh(slots, self._weights(synapses))
        self._revision, self._home = store.revision, store.arrays.presynaptic
        return rebuilt, grown

    def _forget(self) -> None:
        """Take it that no segment has been copied."""
        self._dendrites.disconnect()
        self._revision = -1
        self._start = np.zeros(0, dtype=np.int64)
        self._count = np.zeros(0, dtype=np.int32)
        self._home = None

    def _changed(self) -> tuple[Indices, Indices]:
        """Return the segments to copy, and further ones of which to copy the weights only."""
        records = self._store.arrays.segments[: len(self._store.owner)]
        room = len(records) - len(self._start)
        self._start = np.concatenate([self._start, np.zeros(room, dtype=np.int64)])
        self._count = np.concatenate([self._count, np.zeros(room, dtype=np.int32)])
        rewired, weighed = self._store.changed_since(self._revision)
        if self._store.arrays.presynaptic is not self._home:
            moved = np.flatnonzero((records["start"] != self._start) & (records["owner"] >= 0))
            rewired = np.union1d(rewired, moved)
            weighed = np.setdiff1d(weighed, moved)
        return rewired, weighed

    def _synapses(self, segments: Indices) -> tuple[Indices, Synapses]:
        """Return the synapses of `segments` and the slots that they are in."""
        slots = _slots(self._start[segments], self._count[segments])
        return slots, self._store.flat(segments)

    def _weights(self, synapses: Synapses) -> NDArray[np.bool_]:
        weights: NDArray[np.bool_] = synapses.permanence >= self._threshold
        return weights


def _slots(start: Indices, count: NDArray[np.integer]) -> Indices:
    """Return ``start[k], ..., start[k] + count[k] - 1`` for one k after the other."""
    end = np.cumsum(count, dtype=np.int64)
    return np.repeat(start - (end - count), count) + np.arange(end[-1] if len(end) else 0)

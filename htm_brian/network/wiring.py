"""Segments of a store as branches of dendrites: one set of slots for both.

A synapse has one number, its slot, in the store and in Brian2. Its permanence is one number in one
place: the store keeps it in the memory of Brian2's variable. All state beside it is Brian2's. Which
slots a segment has is the store's; the spike queue's lists and Brian2's indices of a synapse are an
index of that. So after learning only those slots are told to Brian2 that hold another synapse than
before; where a synapse moved to another slot, its state and the spikes on their way to it move
along.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.segments.changes import SlotChanges, SlotFollower
from htm_brian.abstract.segments.layout import StoreArrays
from htm_brian.abstract.segments.store import SegmentStore


class Dendrites(Protocol):
    """What holds the synapses of branches by slot; `htm_brian.network.dendrites` tells of each."""

    @property
    def capacity(self) -> int: ...  # noqa: D102
    def set_owners(self, owner: NDArray[np.integer]) -> None: ...  # noqa: D102
    def permanences(self, n_slots: int) -> NDArray[np.float32]: ...  # noqa: D102
    def presynaptic(self, slots: NDArray[np.integer]) -> NDArray[np.int64]: ...  # noqa: D102
    def disconnect(self) -> None: ...  # noqa: D102
    def rewire(self, changes: SlotChanges) -> None: ...  # noqa: D102
    def enlarge(self, branches: int) -> None: ...  # noqa: D102
    def releases_since(  # noqa: D102
        self, start: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]: ...


class SegmentWiring:
    """Ties a store to dendrites; segment number and branch number are the same.

    Parameters
    ----------
    store : SegmentStore
        Where the segments are; from now on its permanences are those of the dendrites' synapses.
    dendrites : Dendrites
        Nobody else may rewire them.
    """

    def __init__(self, store: SegmentStore, dendrites: Dendrites) -> None:
        self._store = store
        self._dendrites = dendrites
        self._follower = SlotFollower(store)
        dendrites.disconnect()
        store.keep_permanences_in(dendrites.permanences)

    def state(self) -> dict[str, Any]:
        """Return segments and their slots, for `restore`; what Brian2 has of them is its own."""
        arrays = {name: array.copy() for name, array in self._store.arrays._asdict().items()}
        return {"arrays": arrays, "slots": self._follower.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to `state`, after Brian2 has gone back to what it had then."""
        store, dendrites = self._store, self._dendrites
        store.arrays = StoreArrays(**state["arrays"])
        store.keep_permanences_in(dendrites.permanences)
        dendrites.set_owners(store.owner)
        self._follower.restore(state["slots"])

    def follow(self) -> bool:
        """Tell Brian2 what changed in the store since the last call.

        Returns
        -------
        bool
            Whether the dendrites' Brian2 objects were replaced.
        """
        store, dendrites = self._store, self._dendrites
        replaced = len(store.owner) > dendrites.capacity
        if replaced:
            store.keep_permanences()
            dendrites.enlarge(len(store.owner))
            store.keep_permanences_in(dendrites.permanences)
        dendrites.set_owners(store.owner)
        dendrites.rewire(self._follower.changes(dendrites.presynaptic))
        return replaced

"""Synapses that grow and are pruned while a network runs.

Brian2 fixes the synapses of a `Synapses` object when a run begins. In runtime mode its arrays can
be written between two time steps all the same, as long as they are not reallocated, and the queues
that turn spikes into events can be replaced. So `RewiredSynapses` allocates a capacity once, treats
each synapse of it as a slot that is in use or not, and gives the pathways queues that know which
slots each presynaptic cell has at the moment. When the capacity is exhausted it is doubled and the
network prepares anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.synapses.synapses import Synapses
from numpy.typing import NDArray

from htm_brian.engine.compiling import connect_pairs
from htm_brian.engine.synapse_lists import Slots, SynapseLists
from htm_brian.errors import InputError

_NOTHING = np.empty(0, dtype=np.int32)


class RewiredSynapses:
    """Owns the connectivity of a Brian2 `Synapses` object, runtime mode only.

    Parameters
    ----------
    synapses : Synapses
        Not connected yet; between whole groups, its pathways presynaptic with one delay each.
    capacity : int
        Number of synapses to make room for at first.

    Attributes
    ----------
    synapses : Synapses
        The Brian2 object. Its length is the capacity; slots that are not in use receive no spikes.
    """

    def __init__(self, synapses: Synapses, capacity: int) -> None:
        for pathway in synapses._pathways:
            if not pathway._delays.scalar:
                raise InputError(
                    f"pathway {pathway.objname!r} must have one delay for all synapses; give it "
                    "to Synapses as delay="
                )
        self.synapses = synapses
        room = np.zeros(max(1, capacity), dtype=np.int32)
        connect_pairs(synapses, room, room)
        self._lists = SynapseLists(len(synapses.source), len(room))
        self._queues = {}
        for pathway in synapses._pathways:
            queue = RewiredQueue(self._lists)
            pathway.queue = queue
            pathway.variables.add_object("_queue", queue)
            self._queues[pathway.objname] = queue

    @property
    def capacity(self) -> int:
        """Number of synapses that there is room for."""
        return len(self.synapses)

    def array(self, name: str) -> NDArray[Any]:
        """Return a synaptic variable by slot, writable, without its unit."""
        values: NDArray[Any] = self.synapses.variables[name].get_value()
        return values

    def connect(
        self,
        slots: NDArray[np.integer],
        presynaptic: NDArray[np.integer],
        postsynaptic: NDArray[np.integer],
    ) -> bool:
        """Put synapses into `slots`, whatever was there before.

        State variables stay as they were, and so do spikes that are under way to a slot.

        Parameters
        ----------
        slots, presynaptic, postsynaptic : ndarray of int, shape (n_synapses,)

        Returns
        -------
        bool
            Whether the arrays were reallocated, so that the network must prepare anew.
        """
        wanted = int(slots.max(initial=-1)) + 1
        grown = wanted > self.capacity
        if grown:
            self.synapses._resize(max(wanted, 2 * self.capacity))
            self._lists.enlarge(self.capacity)
        self.array("_synaptic_pre")[slots] = presynaptic
        self.array("_synaptic_post")[slots] = postsynaptic
        self._lists.put(slots, presynaptic)
        return grown

    def disconnect(self, slots: NDArray[np.integer] | None = None) -> None:
        """Let `slots` (all when left out) receive no more spikes but those that are under way."""
        if slots is None:
            self._lists.clear()
        else:
            self._lists.take_out(slots)

    def under_way(self, pathway: str) -> Slots:
        """Return the slots to which spikes are under way on `pathway`."""
        return self._queues[pathway].under_way()


class RewiredQueue:
    """Spike queue of a pathway with one delay, over lists that may change between time steps.

    Brian2 calls `prepare`, `push`, `peek` and `advance`; a spike goes to the slots that the lists
    name when it is pushed.

    Parameters
    ----------
    lists : SynapseLists
        The slots of each presynaptic cell.
    """

    def __init__(self, lists: SynapseLists) -> None:
        self._lists = lists
        # One array of slots for each of the next time steps; the first is due now.
        self._due: list[Slots] = [_NOTHING]

    def prepare(self, delays: NDArray[np.floating], dt: float, sources: object) -> None:
        """Set the delay; what is under way keeps its time as far as the delay reaches."""
        n_steps = int(delays[0] / dt + 0.5) + 1
        self._due = (self._due + [_NOTHING] * n_steps)[:n_steps]

    def push(self, spikes: NDArray[np.integer]) -> None:
        """Send the spikes of these cells."""
        slots = self._lists.of(spikes)
        last = self._due[-1]
        self._due[-1] = slots if len(last) == 0 else np.concatenate([last, slots])

    def peek(self) -> Slots:
        """Return the slots that spikes reach now."""
        return self._due[0]

    def advance(self) -> None:
        """Go on to the next time step."""
        self._due.append(_NOTHING)
        del self._due[0]

    def under_way(self) -> Slots:
        """Return the slots to which spikes are under way, a slot once for each."""
        return np.concatenate(self._due)

    def _full_state(self) -> list[Slots]:
        """Return what Brian2 stores of a queue."""
        return list(self._due)

    def _restore_from_full_state(self, state: list[Slots] | None) -> None:
        self._due = [_NOTHING] if state is None else list(state)

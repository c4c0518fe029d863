"""The synapses of a Brian2 object as slots that are filled and emptied while a network runs.

A slot is what Brian2 calls a synapse. Here its caller says which slot a synapse comes into, and
which it leaves; `htm_brian.synapses.structural` says so of cells instead.

======================================  ============================================================
what there is                           `capacity`, `slots`, `in_use`, `pairs`, `array`, `state`
what is changed                         `connect`, `disconnect`, `move`, `reserve`
spikes under way                        `under_way`, `forget`
======================================  ============================================================
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Self

import numpy as np
from brian2.synapses.synapses import Synapses
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_integer
from htm_brian.engine.arrays import ends, enlarge, per_synapse, raw
from htm_brian.engine.compiling import connect_pairs
from htm_brian.engine.rewired_pathway import check_rewirable, pathways, take_over
from htm_brian.engine.running import in_a_run
from htm_brian.engine.slots_in_use import (
    IN_USE,
    mark_slots,
    occupy,
    vacate,
    vacate_all,
)
from htm_brian.engine.spike_queue import RewiredQueue
from htm_brian.engine.synapse_lists import Slots, SynapseLists
from htm_brian.errors import InputError
from htm_brian.synapses.slot_numbers import (
    Indices,
    check_each_once,
    check_equally_long,
    indices,
)
from htm_brian.synapses.structural_state import contact_numbers


class SynapseSlots:
    """The slots of a Brian2 `Synapses` object, which its owner manages.

    Parameters
    ----------
    synapses : Synapses
    capacity : int
    through : dict of str to ndarray of int, shape (n_postsynaptic,), optional
        As of `htm_brian.synapses.structural.StructuralSynapses`.

    Raises
    ------
    InputError
        Where `synapses` cannot be rewired; the message says why.
    """

    def __init__(
        self,
        synapses: Synapses,
        capacity: int,
        *,
        through: Mapping[str, NDArray[np.integer]] | None = None,
    ) -> None:
        check_rewirable(synapses)
        there = len(synapses)
        room = max(check_integer("capacity", capacity, low=1), there)
        mark_slots(synapses)
        self.synapses = synapses
        pre, post = (each[:there].copy() for each in ends(synapses))
        if there == 0:
            nowhere = np.zeros(room, dtype=np.int32)
            connect_pairs(synapses, nowhere, nowhere)
        elif room > there:
            enlarge(synapses, room)
        vacate_all(synapses)
        self._n_cells = len(synapses.source), len(synapses.target)
        self._offsets = int(synapses.source.start), int(getattr(synapses.target, "start", 0))
        self._through = {} if through is None else dict(through)
        self._lists: dict[str, SynapseLists] = {}
        self._queues: dict[str, RewiredQueue] = {}
        for pathway in pathways(synapses):
            name = pathway.objname
            by = name if name in self._through else pathway.prepost
            new = by not in self._lists
            if new:
                self._lists[by] = SynapseLists(self._n_cells[by == "post"], room)
            self._queues[name] = take_over(pathway, self._lists[by], owns_lists=new)
        self._put(np.arange(there, dtype=np.int32), pre - self._offsets[0], post - self._offsets[1])

    @property
    def capacity(self) -> int:
        """Number of synapses that there is room for."""
        return len(self.synapses)

    @property
    def slots(self) -> Indices:
        """The slots that hold a synapse, in their order, shape (n_synapses,)."""
        return np.flatnonzero(self.array(IN_USE)).astype(np.int32)

    @property
    def state(self) -> list[str]:
        """Names of the variables that each synapse has a value of, beside its two cells."""
        managed = (IN_USE, self.synapses.multisynaptic_index)
        return [name for name in per_synapse(self.synapses) if name not in managed]

    def __len__(self) -> int:
        return int(np.count_nonzero(self.array(IN_USE)))

    def array(self, name: str) -> NDArray[Any]:
        """Return a synaptic variable by slot, writable, without its unit.

        Its memory is another once `connect` has returned True or a stored network was restored: ask
        anew instead of keeping it.

        Parameters
        ----------
        name : str
            Of the variable.

        Returns
        -------
        ndarray, shape (capacity,)
            In SI units; what is written into it is in force at once.
        """
        return raw(self.synapses, name)

    def pairs(self, slots: ArrayLike | None = None) -> tuple[Indices, Indices]:
        """Return the presynaptic and postsynaptic cells of `slots`, or of all that are in use.

        Parameters
        ----------
        slots : array_like of int, shape (n,), optional
            All that are in use if left out.

        Returns
        -------
        presynaptic, postsynaptic : ndarray of int, shape (n,)
            Cells, counted from the first of a subgroup.

        Raises
        ------
        InputError
            If a slot is none.
        """
        where = self.slots if slots is None else indices("slots", slots, self.capacity)
        pre, post = (each[where] for each in ends(self.synapses))
        return pre - np.int32(self._offsets[0]), post - np.int32(self._offsets[1])

    def reserve(self, capacity: int) -> bool:
        """Make room for so many synapses; return whether the arrays were reallocated.

        Parameters
        ----------
        capacity : int
            Of synapses; a smaller number than there is room for changes nothing.

        Returns
        -------
        bool
            If so, arrays that were taken before are no longer the synapses'.

        Raises
        ------
        InputError
            If a network is running that would have to make room, or the number is none.
        """
        return self._make_room(check_integer("capacity", capacity, low=0))

    def connect(self, slots: ArrayLike, presynaptic: ArrayLike, postsynaptic: ArrayLike) -> bool:
        """Put synapses into `slots`, whatever was there before.

        A synapse between the same two cells stays the synapse that it was. Where the cells are
        others, spikes under way to the slot are lost with the synapse that was there. State
        variables stay as they were.

        Parameters
        ----------
        slots : array_like of int, shape (n_synapses,)
            Each once; beyond the capacity, more room is made, though not in the middle of a run.
        presynaptic, postsynaptic : array_like of int, shape (n_synapses,)
            Cells of source and target, counted from the first of a subgroup.

        Returns
        -------
        bool
            Whether the arrays were reallocated.

        Raises
        ------
        InputError
            Where an index is out of range; nothing is changed then.
        """
        where = indices("slots", slots)
        cells = self._cells(presynaptic, postsynaptic, slots=where)
        check_each_once(where)
        grown = self._make_room(int(where.max(initial=-1)) + 1)
        if not all(queue.idle for queue in self._queues.values()):
            pre, post = self.pairs(where)
            self.forget(where[(pre != cells[0]) | (post != cells[1])])
        self._put(where, *cells)
        return grown

    def move(self, slots: ArrayLike, to: ArrayLike, names: Collection[str] | None = None) -> None:
        """Move synapses to other slots: their cells, state and delays, the spikes under way.

        Whose lists the slots are in is for `disconnect` and `connect`.

        Parameters
        ----------
        slots, to : array_like of int, shape (n_synapses,)
            They may overlap.
        names : collection of str, optional
            The variables to move; all of `state` when left out.

        Raises
        ------
        InputError
            If a slot is none.
        """
        source, target = (indices("slots", where, self.capacity) for where in (slots, to))
        if len(source) == 0:
            return
        moving = self.state if names is None else names
        for array in (*ends(self.synapses), *map(self.array, moving), *self._delays()):
            array[target] = array[source]
        for queue in self._queues.values():
            queue.redirect(source, target)

    def forget(self, slots: ArrayLike) -> None:
        """Let the spikes that are under way to `slots` be lost.

        Parameters
        ----------
        slots : array_like of int, shape (n,)

        Raises
        ------
        InputError
            If a slot is none.
        """
        where = indices("slots", slots, self.capacity)
        for queue in self._queues.values():
            queue.forget(where)

    def go_on_from(self, other: Self) -> None:
        """Take the place of `other`: its connections, its state, the spikes under way in it.

        Parameters
        ----------
        other : SynapseSlots
            Of the same equations and pathways, of the same capacity, and of as many cells or fewer.
        """
        mine, theirs = (
            [
                *ends(each.synapses),
                *map(each.array, ("N_outgoing", "N_incoming", IN_USE, *each.state)),
                *each._delays(),
            ]
            for each in (self, other)
        )
        for array, its in zip(mine, theirs, strict=True):
            array[: len(its)] = its
        for by, lists in self._lists.items():
            lists.go_on_from(other._lists[by])
        for name, queue in self._queues.items():
            queue.go_on_from(other._queues[name])

    def disconnect(self, slots: ArrayLike | None = None) -> None:
        """Let `slots` (all when left out) receive no more spikes but those that are under way.

        Parameters
        ----------
        slots : array_like of int, shape (n,), optional

        Raises
        ------
        InputError
            If a slot is none.
        """
        where = None if slots is None else indices("slots", slots, self.capacity)
        if where is None:
            vacate_all(self.synapses)
        else:
            vacate(self.synapses, where)
        for lists in self._lists.values():
            if where is None:
                lists.clear()
            else:
                lists.take_out(where)

    def in_use(self, slots: ArrayLike) -> NDArray[np.bool_]:
        """Return whether each of `slots` holds a synapse that receives spikes.

        Parameters
        ----------
        slots : array_like of int, shape (n,)

        Returns
        -------
        ndarray of bool, shape (n,)

        Raises
        ------
        InputError
            If a slot is none.
        """
        where = indices("slots", slots, self.capacity)
        used: NDArray[np.bool_] = self.array(IN_USE)[where].astype(np.bool_)
        return used

    def under_way(self, pathway: str) -> Slots:
        """Return the slots to which spikes are under way on `pathway`, a slot once for each.

        Parameters
        ----------
        pathway : str
            ``"pre"``, ``"post"``, or another of the synapses.

        Returns
        -------
        ndarray of int, shape (n_spikes,)

        Raises
        ------
        InputError
            If there is no such pathway.
        """
        if pathway not in self._queues:
            raise InputError(f"pathway must be one of {', '.join(self._queues)}, got {pathway!r}")
        return self._queues[pathway].under_way()

    def _cells(
        self, presynaptic: ArrayLike, postsynaptic: ArrayLike, **beside: Indices
    ) -> tuple[Indices, Indices]:
        cells = (
            indices("presynaptic", presynaptic, self._n_cells[0]),
            indices("postsynaptic", postsynaptic, self._n_cells[1]),
        )
        check_equally_long(**beside, presynaptic=cells[0], postsynaptic=cells[1])
        return cells

    def _put(self, slots: Indices, presynaptic: Indices, postsynaptic: Indices) -> None:
        """Put synapses into slots that there are, between cells that there are."""
        contact = self.synapses.multisynaptic_index
        if contact is not None:
            real = (presynaptic + self._offsets[0], postsynaptic + self._offsets[1])
            numbers = contact_numbers(self.synapses, slots, *real)
            self.array(contact)[slots] = numbers
        occupy(self.synapses, slots, presynaptic, postsynaptic, self._offsets)
        for by, lists in self._lists.items():
            own = by in self._through
            cells = (
                self._through[by][postsynaptic]
                if own
                else (presynaptic, postsynaptic)[by == "post"]
            )
            lists.put(slots, cells)

    def _delays(self) -> list[NDArray[np.float64]]:
        """Return the delays of the pathways that have one for each synapse."""
        variables = (pathway.variables["delay"] for pathway in pathways(self.synapses))
        return [variable.get_value() for variable in variables if not variable.scalar]

    def _make_room(self, wanted: int) -> bool:
        grown = wanted > self.capacity
        if grown:
            if in_a_run():
                raise InputError(
                    f"slot {wanted - 1} is beyond the capacity of {self.capacity}, and a network "
                    "that is running cannot make room; give a larger capacity"
                )
            enlarge(self.synapses, max(wanted, 2 * self.capacity))
        for lists in self._lists.values():
            if lists.n_slots < self.capacity:
                lists.enlarge(self.capacity)
        return grown

"""Synapses that grow and are pruned while a network runs.

Brian2 fixes the synapses of a `Synapses` object when a run begins. In runtime mode its arrays can
be written between two time steps all the same, as long as they are not reallocated, and the queues
that turn spikes into events can be replaced. So `StructuralSynapses` allocates a capacity once,
treats each synapse of it as a slot that is in use or not, and gives the pathways queues that know
which slots each cell has at the moment. When the capacity is exhausted it is doubled and the
network prepares anew.

======================================  ============================================================
to say which cells are connected        `grow`, `prune`, `pairs`, `connected`
to manage the slots yourself            `connect`, `disconnect`, `move`, `forget`, `in_use`
======================================  ============================================================
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from brian2.synapses.synapses import Synapses
from brian2.units.fundamentalunits import Quantity
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
from htm_brian.synapses.structural_state import contact_numbers, new_state, set_delays


class StructuralSynapses:
    """Owns the connectivity of a Brian2 `Synapses` object, runtime mode only.

    Source and target may be subgroups, pathways presynaptic and postsynaptic, delays one for all
    synapses or one for each, and variables of the cells may be sums over the synapses. Brian2's
    `store` and `restore` keep the connectivity and the spikes under way with the rest of the
    network.

    Parameters
    ----------
    synapses : Synapses
        That has not run yet. Synapses that it was connected with are there from the beginning, in
        the slots from 0 on.
    capacity : int
        Number of synapses to make room for at first.
    through : dict of str to ndarray of int, shape (n_postsynaptic,), optional
        Presynaptic pathways whose spikes do not go to the synapses that leave a cell, but to those
        that reach a postsynaptic element that belongs to it, such as a branch: the cell of each
        element, looked up when a synapse is connected. Names of no pathway are passed over.

    Attributes
    ----------
    synapses : Synapses
        The Brian2 object. Its length is the capacity. A slot that is not in use receives no spikes
        and adds to no sum; other code that Brian2 runs for every synapse at every time step runs
        for it too, and can tell by the variable ``in_use``.

    Raises
    ------
    InputError
        Where `synapses` cannot be rewired; the message says why.

    Examples
    --------
    >>> from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, mV, ms, prefs
    >>> prefs.codegen.target = "numpy"
    >>> axons = SpikeGeneratorGroup(2, [0, 1], [1, 1] * ms)
    >>> cells = NeuronGroup(3, "v : volt")
    >>> synapses = Synapses(axons, cells, "w : volt", on_pre="v_post += w")
    >>> structure = StructuralSynapses(synapses, capacity=10)
    >>> slots = structure.grow([0, 1, 1], [0, 1, 2], w=[1, 2, 3] * mV, delay=[1, 2, 1] * ms)
    >>> structure.prune(slots[1:2])
    >>> Network(axons, cells, synapses).run(5 * ms)
    >>> cells.v[:]
    array([1., 0., 3.]) * mvolt
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

    def connected(self, presynaptic: ArrayLike, postsynaptic: ArrayLike) -> NDArray[np.bool_]:
        """Return whether each pair of cells has a synapse.

        Parameters
        ----------
        presynaptic, postsynaptic : array_like of int, shape (n_pairs,)
            Cells of source and target, counted from the first of a subgroup.

        Returns
        -------
        ndarray of bool, shape (n_pairs,)
            Whether there is one at least.

        Raises
        ------
        InputError
            If a cell does not exist, or the two differ in length.
        """
        cells = self._cells(presynaptic, postsynaptic)
        pre, post = self.pairs()
        near = np.zeros(self._n_cells[0], dtype=np.bool_)
        near[cells[0]] = True
        chosen = near[pre]
        there = pre[chosen].astype(np.int64) * self._n_cells[1] + post[chosen]
        return np.isin(cells[0].astype(np.int64) * self._n_cells[1] + cells[1], there)

    def grow(
        self,
        presynaptic: ArrayLike,
        postsynaptic: ArrayLike,
        *,
        delay: Quantity | Mapping[str, Quantity] | None = None,
        **state: Any,
    ) -> Indices:
        """Make a synapse for each pair of cells.

        Parameters
        ----------
        presynaptic, postsynaptic : array_like of int, shape (n_synapses,)
            Cells of source and target, counted from the first of a subgroup.
        delay : Quantity or dict of str to Quantity, optional
            Of the pathway ``pre``, or of pathways by name, which have one for each synapse; one
            number or an array. Pathways that are not named have a delay of 0 s.
        **state : Quantity, number or array of shape (n_synapses,)
            Variables of the new synapses. Those left out are what the rule of `PlasticSynapses`
            begins with, or 0; ``lastupdate``, which event-driven equations begin from, is the time
            now.

        Returns
        -------
        ndarray of int, shape (n_synapses,)
            The slots of the new synapses.

        Raises
        ------
        InputError
            Where a cell or variable does not exist, a value has another unit or number, or there is
            no room and the network is running; nothing is changed then.
        """
        cells = self._cells(presynaptic, postsynaptic)
        number = len(cells[0])
        values = new_state(self.synapses, self.state, number, state)
        delays = set_delays(self.synapses, number, delay)
        free = np.flatnonzero(~self.array(IN_USE))[:number]
        beyond = self.capacity + np.arange(number - len(free))
        slots = np.concatenate([free, beyond]).astype(np.int32)
        self._make_room(int(slots.max(initial=-1)) + 1)
        self.forget(slots)
        self._put(slots, *cells)
        for name, value in values.items():
            self.array(name)[slots] = value
        for pathway, value in delays:
            pathway.variables["delay"].get_value()[slots] = value
        return slots

    def prune(self, slots: ArrayLike) -> None:
        """Let the synapses in `slots` be no more, nor the spikes under way to them.

        Parameters
        ----------
        slots : array_like of int, shape (n,)
            Those not in use stay so.

        Raises
        ------
        InputError
            If a slot is none.
        """
        where = indices("slots", slots, self.capacity)
        self.disconnect(where)
        self.forget(where)

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

    def go_on_from(self, other: StructuralSynapses) -> None:
        """Take the place of `other`: its connections, its state, the spikes under way in it.

        Parameters
        ----------
        other : StructuralSynapses
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

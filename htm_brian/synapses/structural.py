"""Synapses that grow and are pruned while a network runs.

Brian2 fixes the synapses of a `Synapses` object when a run begins. In runtime mode its arrays can
be written between two time steps all the same, as long as they are not reallocated, and the queues
that turn spikes into events can be replaced. So `RewiredSynapses` allocates a capacity once, treats
each synapse of it as a slot that is in use or not, and gives the pathways queues that know which
slots each cell has at the moment. When the capacity is exhausted it is doubled and the network
prepares anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from brian2.synapses.synapses import Synapses
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_integer
from htm_brian.engine.arrays import ends, enlarge, per_synapse, raw
from htm_brian.engine.compiling import connect_pairs
from htm_brian.engine.rewired_pathway import check_rewirable, pathways, take_over
from htm_brian.engine.running import in_a_run
from htm_brian.engine.spike_queue import RewiredQueue
from htm_brian.engine.synapse_lists import Slots, SynapseLists
from htm_brian.errors import InputError

Indices = NDArray[np.int64]


class RewiredSynapses:
    """Owns the connectivity of a Brian2 `Synapses` object, runtime mode only.

    Source and target may be subgroups, pathways presynaptic and postsynaptic. Brian2's `store` and
    `restore` keep the connectivity and the spikes under way with the rest of the network.

    Parameters
    ----------
    synapses : Synapses
        Not connected yet, each pathway with one delay, without summed variables.
    capacity : int
        Number of synapses to make room for at first.
    through : dict of str to ndarray of int, shape (n_postsynaptic,), optional
        Presynaptic pathways whose spikes do not go to the synapses that leave a cell, but to those
        that reach a postsynaptic element that belongs to it, such as a branch: the cell of each
        element, looked up when a synapse is connected. Names of no pathway are passed over.

    Attributes
    ----------
    synapses : Synapses
        The Brian2 object. Its length is the capacity. A slot that is not in use receives no spikes;
        code that Brian2 runs for every synapse at every time step runs for it too.

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
        room = check_integer("capacity", capacity, low=1)
        check_rewirable(synapses)
        self.synapses = synapses
        nowhere = np.zeros(room, dtype=np.int32)
        connect_pairs(synapses, nowhere, nowhere)
        self._n_cells = len(synapses.source), len(synapses.target)
        self._offsets = synapses.source.start, getattr(synapses.target, "start", 0)
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

    @property
    def capacity(self) -> int:
        """Number of synapses that there is room for."""
        return len(self.synapses)

    def array(self, name: str) -> NDArray[Any]:
        """Return a synaptic variable by slot, writable, without its unit.

        Its memory is another once `connect` has returned True or a stored network was restored: ask
        anew instead of keeping it.
        """
        return raw(self.synapses, name)

    @property
    def state(self) -> list[str]:
        """Names of the variables that each synapse has a value of, beside its two cells."""
        return per_synapse(self.synapses)

    def reserve(self, capacity: int) -> bool:
        """Make room for so many synapses; return whether the arrays were reallocated."""
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
        where = _indices("slots", slots)
        cells = (
            _indices("presynaptic", presynaptic, self._n_cells[0]),
            _indices("postsynaptic", postsynaptic, self._n_cells[1]),
        )
        if not len(where) == len(cells[0]) == len(cells[1]):
            raise InputError(
                "slots, presynaptic and postsynaptic must be equally long, got "
                f"{len(where)}, {len(cells[0])} and {len(cells[1])}"
            )
        _check_unique(where)
        grown = self._make_room(int(where.max(initial=-1)) + 1)
        pre, post = ends(self.synapses)
        real = [index + offset for index, offset in zip(cells, self._offsets, strict=True)]
        other = where[(pre[where] != real[0]) | (post[where] != real[1])]
        for queue in self._queues.values():
            queue.forget(other)
        pre[where], post[where] = real
        for by, lists in self._lists.items():
            own = by in self._through
            lists.put(where, self._through[by][cells[1]] if own else cells[by == "post"])
        return grown

    def move(self, slots: ArrayLike, to: ArrayLike, names: Collection[str] | None = None) -> None:
        """Move synapses to other slots: their cells, their state, the spikes under way to them.

        Whose lists the slots are in is for `disconnect` and `connect`.

        Parameters
        ----------
        slots, to : array_like of int, shape (n_synapses,)
            They may overlap.
        names : collection of str, optional
            The variables to move; all of `state` when left out.
        """
        source, target = (_indices("slots", where, self.capacity) for where in (slots, to))
        if len(source) == 0:
            return
        moving = self.state if names is None else names
        for array in (*ends(self.synapses), *map(self.array, moving)):
            array[target] = array[source]
        for queue in self._queues.values():
            queue.redirect(source, target)

    def forget(self, slots: ArrayLike) -> None:
        """Let the spikes that are under way to `slots` be lost."""
        where = _indices("slots", slots, self.capacity)
        for queue in self._queues.values():
            queue.forget(where)

    def go_on_from(self, other: RewiredSynapses) -> None:
        """Take the place of `other`: its connections, its state, the spikes under way in it.

        Parameters
        ----------
        other : RewiredSynapses
            Of the same equations and pathways, of the same capacity, and of as many cells or fewer.
        """
        for mine, theirs in zip(ends(self.synapses), ends(other.synapses), strict=True):
            mine[:] = theirs
        for name in self.state:
            self.array(name)[:] = other.array(name)
        for by, lists in self._lists.items():
            lists.go_on_from(other._lists[by])
        for name, queue in self._queues.items():
            queue.go_on_from(other._queues[name])

    def disconnect(self, slots: ArrayLike | None = None) -> None:
        """Let `slots` (all when left out) receive no more spikes but those that are under way."""
        where = None if slots is None else _indices("slots", slots, self.capacity)
        for lists in self._lists.values():
            if where is None:
                lists.clear()
            else:
                lists.take_out(where)

    def in_use(self, slots: ArrayLike) -> NDArray[np.bool_]:
        """Return whether each of `slots` holds a synapse that receives spikes."""
        where = _indices("slots", slots, self.capacity)
        connected: NDArray[np.bool_] = next(iter(self._lists.values())).sources_of(where) >= 0
        return connected

    def under_way(self, pathway: str) -> Slots:
        """Return the slots to which spikes are under way on `pathway`, a slot once for each."""
        if pathway not in self._queues:
            raise InputError(f"pathway must be one of {', '.join(self._queues)}, got {pathway!r}")
        return self._queues[pathway].under_way()

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


def _indices(name: str, values: ArrayLike, limit: int | None = None) -> Indices:
    """Return checked whole numbers in [0, limit)."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise InputError(
            f"{name} must be a one-dimensional array of integers, got {array.dtype} of shape "
            f"{array.shape}"
        )
    top = np.iinfo(np.int32).max if limit is None else limit
    if array.size and (array.min() < 0 or array.max() >= top):
        wrong = array.min() if array.min() < 0 else array.max()
        raise InputError(f"{name} must lie in [0, {top}), got {wrong}")
    return array.astype(np.int64)


def _check_unique(slots: Indices) -> None:
    found, times = np.unique(slots, return_counts=True)
    if len(found) < len(slots):
        twice = found[times > 1][0]
        raise InputError(f"slots must name each slot once, got {twice} more than once")

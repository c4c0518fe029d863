# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""Which synapses each presynaptic cell has, as lists that can be changed one synapse at a time.

A spike queue needs the synapses of a cell that spiked. Brian2's keeps them as one array a cell and
makes all arrays anew when a synapse changes. Here they are doubly linked lists over numbered slots:
to put a synapse into a list, or to take it out, costs the same however many others there are.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Slots = NDArray[np.int32]

NONE = -1


class SynapseLists:
    """For each presynaptic cell, the list of slots that hold its synapses.

    Parameters
    ----------
    n_sources : int
        Number of presynaptic cells.
    n_slots : int
        Room for synapses to begin with.

    Examples
    --------
    >>> lists = SynapseLists(n_sources=3, n_slots=4)
    >>> lists.put(slots=np.array([0, 1, 2]), sources=np.array([2, 0, 2]))
    >>> lists.of(np.array([0, 2])).tolist()
    [1, 0, 2]
    >>> lists.take_out(np.array([0]))
    >>> lists.of(np.array([2])).tolist()
    [2]
    """

    def __init__(self, n_sources: int, n_slots: int) -> None:
        self._first = np.full(n_sources, NONE, dtype=np.int32)
        self._count = np.zeros(n_sources, dtype=np.int32)
        self._links = np.full((3, n_slots), NONE, dtype=np.int32)

    @property
    def n_sources(self) -> int:
        """Number of presynaptic cells."""
        return len(self._first)

    @property
    def n_slots(self) -> int:
        """Room for synapses."""
        return self._links.shape[1]

    def put(self, slots: NDArray[np.integer], sources: NDArray[np.integer]) -> None:
        """Put each of `slots`, wherever it was, at the front of the list of its presynaptic cell.

        The first of `slots` comes to stand before the others.
        """
        _put(self._first, self._count, self._links, _int32(slots), _int32(sources))

    def take_out(self, slots: NDArray[np.integer]) -> None:
        """Take `slots` out of the lists; one that is in none is passed over."""
        _take_out(self._first, self._count, self._links, _int32(slots))

    def clear(self) -> None:
        """Take all slots out."""
        self._first[:] = NONE
        self._count[:] = 0
        self._links[:] = NONE

    def of(self, sources: NDArray[np.integer]) -> Slots:
        """Return the slots of `sources`, one list after the other."""
        return _gather(self._first, self._count, self._links, _int32(sources))

    def enlarge(self, n_slots: int) -> None:
        """Make room for `n_slots`."""
        longer = np.full((3, n_slots), NONE, dtype=np.int32)
        longer[:, : self._links.shape[1]] = self._links
        self._links = longer

    def sources_of(self, slots: NDArray[np.integer]) -> Slots:
        """Return whose list each slot is in; `NONE` for one that is in none."""
        return self._links[_SOURCE, slots]

    def go_on_from(self, other: SynapseLists) -> None:
        """Take over the lists of `other`, of as many slots and of as many sources or fewer."""
        self._first[: other.n_sources], self._count[: other.n_sources] = other._first, other._count
        self._links[:] = other._links

    def state(self) -> tuple[NDArray[np.int32], ...]:
        """Return a copy of all lists, for `restore`."""
        return self._first.copy(), self._count.copy(), self._links.copy()

    def restore(self, state: tuple[NDArray[np.int32], ...]) -> None:
        """Go back to what `state` returned, with as many slots as there were."""
        self._first, self._count, self._links = (array.copy() for array in state)


def _int32(values: NDArray[np.integer]) -> Slots:
    return np.ascontiguousarray(values, dtype=np.int32)


# Rows of the links: the slot before, the slot after, and whose list it is (`NONE`: nobody's).
_BEFORE, _AFTER, _SOURCE = range(3)


@njit(cache=True)
def _unlink(first, count, links, slot):
    source = links[_SOURCE, slot]
    if source == NONE:
        return
    before, after = links[_BEFORE, slot], links[_AFTER, slot]
    if before == NONE:
        first[source] = after
    else:
        links[_AFTER, before] = after
    if after != NONE:
        links[_BEFORE, after] = before
    links[_SOURCE, slot] = NONE
    count[source] -= 1


@njit(cache=True)
def _take_out(first, count, links, slots):
    for slot in slots:
        _unlink(first, count, links, slot)


@njit(cache=True)
def _put(first, count, links, slots, sources):
    listed = 0
    for slot in slots:
        listed += links[_SOURCE, slot] != NONE
    # Where all that is in a list gets another place, nothing need be taken out one by one.
    all_anew = listed == count.sum()
    if all_anew:
        first[:] = NONE
        count[:] = 0
    for k in range(len(slots) - 1, -1, -1):
        slot, source = slots[k], sources[k]
        if not all_anew:
            _unlink(first, count, links, slot)
        after = first[source]
        links[_BEFORE, slot] = NONE
        links[_AFTER, slot] = after
        links[_SOURCE, slot] = source
        if after != NONE:
            links[_BEFORE, after] = slot
        first[source] = slot
        count[source] += 1


@njit(cache=True)
def _gather(first, count, links, sources):
    total = 0
    for source in sources:
        total += count[source]
    slots = np.empty(total, dtype=np.int32)
    n = 0
    for source in sources:
        slot = first[source]
        while slot != NONE:
            slots[n] = slot
            n += 1
            slot = links[_AFTER, slot]
    return slots

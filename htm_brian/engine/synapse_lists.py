# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""Which synapses each presynaptic cell has, as lists that can be changed one synapse at a time.

A spike queue needs the synapses of a cell that spiked. Brian2's keeps them as one array a cell and
makes all arrays anew when a synapse changes. Here every list has a stretch of one pool, with room
to spare, and each slot knows its place in it. A slot that is put into a list comes to the end of
the stretch; one that is taken out leaves a gap behind. Either costs the same however many others
there are, and to read a list is to read a stretch of memory. A stretch that is full drops its gaps
or moves to the pool's end, and a pool that is full is packed. Where all that is listed gets another
place, the stretches are laid out anew, by counting.
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
        self._stretches = np.zeros((n_sources, 4), dtype=np.int32)
        self._places = np.full((n_slots, 2), NONE, dtype=np.int32)
        self._pool = np.empty(0, dtype=np.int32)

    @property
    def n_sources(self) -> int:
        """Number of presynaptic cells."""
        return len(self._stretches)

    @property
    def n_slots(self) -> int:
        """Room for synapses."""
        return len(self._places)

    def put(self, slots: NDArray[np.integer], sources: NDArray[np.integer]) -> None:
        """Put each of `slots`, wherever it was, at the front of the list of its presynaptic cell.

        The first of `slots` comes to stand before the others.
        """
        changed, cells = _int32(slots), _int32(sources)
        stretches, places = self._stretches, self._places
        if self._all_listed_are(changed) and 4 * len(changed) >= self.n_sources:
            self._pool = _lay_out(stretches, places, self._pool, changed, cells)
            return
        _take_out(stretches, places, self._pool, changed)
        left = len(changed)
        while left > 0:  # from the last to the first
            left = _append(stretches, places, self._pool, changed[:left], cells[:left])
            if left > 0:
                self._pool = _packed(stretches, places, self._pool)

    def take_out(self, slots: NDArray[np.integer]) -> None:
        """Take `slots` out of the lists; one that is in none is passed over."""
        _take_out(self._stretches, self._places, self._pool, _int32(slots))

    def clear(self) -> None:
        """Take all slots out."""
        self._stretches[:, _USED] = 0
        self._stretches[:, _COUNT] = 0
        self._places[:] = NONE

    def of(self, sources: NDArray[np.integer]) -> Slots:
        """Return the slots of `sources`, one list after the other."""
        return _gather(self._stretches, self._pool, _int32(sources))

    def enlarge(self, n_slots: int) -> None:
        """Make room for `n_slots`."""
        longer = np.full((n_slots, 2), NONE, dtype=np.int32)
        longer[: self.n_slots] = self._places
        self._places = longer

    def sources_of(self, slots: NDArray[np.integer]) -> Slots:
        """Return whose list each slot is in; `NONE` for one that is in none."""
        return self._places[slots, _SOURCE]

    def go_on_from(self, other: SynapseLists) -> None:
        """Take over the lists of `other`, of as many slots and of as many sources or fewer."""
        self._stretches[:] = 0
        self._stretches[: other.n_sources] = other._stretches
        self._places[:] = other._places
        self._pool = other._pool.copy()

    def _all_listed_are(self, slots: Slots) -> bool:
        """Return whether there is nothing in the lists but `slots`, each of them named once."""
        listed = int(self._stretches[:, _COUNT].sum())
        if len(slots) == self.n_slots or listed == 0:
            return True
        return len(slots) >= listed and int(_count_listed(self._places, slots)) == listed

    def state(self) -> tuple[NDArray[np.int32], ...]:
        """Return a copy of all lists, for `restore`."""
        return self._stretches.copy(), self._places.copy(), self._pool.copy()

    def restore(self, state: tuple[NDArray[np.int32], ...]) -> None:
        """Go back to what `state` returned, with as many slots as there were."""
        self._stretches, self._places, self._pool = (array.copy() for array in state)


def _int32(values: NDArray[np.integer]) -> Slots:
    return np.ascontiguousarray(values, dtype=np.int32)


# Of a stretch of the pool: where it begins, how long it is, how much of it is written, and how many
# slots that is without gaps. The last that was written is the first of the list.
_START, _ROOM, _USED, _COUNT = range(4)
# Of a slot: whose list it is in (`NONE`: nobody's), and where in the pool.
_SOURCE, _PLACE = range(2)


@njit(cache=True)
def _roomy(count):
    """Return the room of a stretch that holds so many."""
    return count + count // 2 + 2


@njit(cache=True)
def _count_listed(places, slots):
    listed = 0
    for slot in slots:
        listed += places[slot, _SOURCE] != NONE
    return listed


@njit(cache=True)
def _take_out(stretches, places, pool, slots):
    for slot in slots:
        source = places[slot, _SOURCE]
        if source != NONE:
            pool[places[slot, _PLACE]] = NONE
            places[slot, _SOURCE] = NONE
            stretches[source, _COUNT] -= 1


@njit(cache=True)
def _lay_out(stretches, places, pool, slots, sources):
    """Put `slots`, which are all that there is, into stretches anew; return the pool."""
    counts = np.zeros(len(stretches), dtype=np.int32)
    for source in sources:
        counts[source] += 1
    end = 0
    for source in range(len(stretches)):
        room = _roomy(counts[source])
        stretches[source, _START], stretches[source, _ROOM] = end, room
        stretches[source, _USED] = stretches[source, _COUNT] = counts[source]
        counts[source] = end
        end += room
    if end > len(pool):
        pool = np.empty(end + end // 2, dtype=np.int32)
    for k in range(len(slots) - 1, -1, -1):
        slot, source = slots[k], sources[k]
        place = counts[source]
        counts[source] = place + 1
        pool[place] = slot
        places[slot, _SOURCE], places[slot, _PLACE] = source, place
    return pool


@njit(cache=True)
def _copy(stretches, places, pool, source, to, start):
    """Write a stretch from `start` of `to` on, without its gaps; both may be one pool."""
    first = stretches[source, _START]
    place = start
    for k in range(first, first + stretches[source, _USED]):
        slot = pool[k]
        if slot != NONE:
            to[place] = slot
            places[slot, _PLACE] = place
            place += 1
    stretches[source, _START], stretches[source, _USED] = start, place - start


@njit(cache=True)
def _packed(stretches, places, pool):
    """Return another pool, with room in all its stretches and at its end."""
    end = 0
    for source in range(len(stretches)):
        end += _roomy(stretches[source, _COUNT])
    packed = np.empty(end + end // 2 + 2 * stretches[:, _COUNT].max() + 16, dtype=np.int32)
    start = 0
    for source in range(len(stretches)):
        room = _roomy(stretches[source, _COUNT])
        _copy(stretches, places, pool, source, packed, start)
        stretches[source, _ROOM] = room
        start += room
    return packed


@njit(cache=True)
def _end_of(stretches):
    end = 0
    for source in range(len(stretches)):
        end = max(end, stretches[source, _START] + stretches[source, _ROOM])
    return end


@njit(cache=True)
def _append(stretches, places, pool, slots, sources):
    """Put slots that are in no list into lists, from the last on; return how many do not fit."""
    end = NONE  # of what is in use in the pool; looked up where it is needed
    for k in range(len(slots) - 1, -1, -1):
        slot, source = slots[k], sources[k]
        if stretches[source, _USED] == stretches[source, _ROOM]:
            count = stretches[source, _COUNT]
            if 4 * count < 3 * stretches[source, _ROOM]:
                _copy(stretches, places, pool, source, pool, stretches[source, _START])
            else:
                end = _end_of(stretches) if end == NONE else end
                room = 2 * count + 2
                if end + room > len(pool):
                    return k + 1
                _copy(stretches, places, pool, source, pool, end)
                stretches[source, _ROOM] = room
                end += room
        place = stretches[source, _START] + stretches[source, _USED]
        stretches[source, _USED] += 1
        stretches[source, _COUNT] += 1
        pool[place] = slot
        places[slot, _SOURCE], places[slot, _PLACE] = source, place
    return 0


@njit(cache=True)
def _gather(stretches, pool, sources):
    total = 0
    for source in sources:
        total += stretches[source, _COUNT]
    slots = np.empty(total, dtype=np.int32)
    n = 0
    for source in sources:
        start = stretches[source, _START]
        for k in range(start + stretches[source, _USED] - 1, start - 1, -1):
            slot = pool[k]
            if slot != NONE:
                slots[n] = slot
                n += 1
    return slots

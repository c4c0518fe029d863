"""The queue of a pathway whose synapses change while the network runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.engine.synapse_lists import Slots, SynapseLists

_NOTHING = np.empty(0, dtype=np.int32)


class RewiredQueue:
    """Spike queue of a pathway, over lists that may change between time steps.

    Brian2 calls `prepare`, `push`, `peek` and `advance`, and stores and restores the state. A spike
    goes to the slots that the lists name when it is pushed, and takes the delay that the pathway,
    or each of the slots, has then; what is under way keeps its time.

    Parameters
    ----------
    lists : SynapseLists
        The slots of each cell from which spikes come.
    delay : callable
        Returns the delay to some slots now, in seconds: one number, or an array of one for each.
    first : int
        Number of the first of these cells among those whose spikes are pushed; with a subgroup,
        these are all cells of the whole group.
    owns_lists : bool
        Whether the lists are part of this queue's state; queues that share lists store them once.
    """

    def __init__(
        self,
        lists: SynapseLists,
        delay: Callable[[Slots], float | NDArray[np.float64]],
        first: int = 0,
        owns_lists: bool = True,
    ) -> None:
        self._lists = lists
        self._delay = delay
        self._first = first
        self._owns_lists = owns_lists
        self._dt = 0.0
        # One array of slots for each of the next time steps; the first is due now.
        self._due: list[Slots] = [_NOTHING]

    def prepare(self, delays: NDArray[np.floating], dt: float, sources: object) -> None:
        """Set the time step; what is under way keeps its time."""
        if self._dt not in (0.0, dt):
            due, self._due = self._due, [_NOTHING]
            for step, slots in enumerate(due):
                self._add(int(step * self._dt / dt + 0.5), slots)
        self._dt = float(dt)

    def push(self, spikes: NDArray[np.integer]) -> None:
        """Send the spikes of these cells."""
        own = spikes - self._first
        own = own[(own >= 0) & (own < self._lists.n_sources)]
        slots = self._lists.of(own)
        delay = self._delay(slots)
        if isinstance(delay, float):
            self._add(int(delay / self._dt + 0.5), slots)
        elif len(slots) > 0:
            steps = (delay / self._dt + 0.5).astype(np.int64)
            latest = steps.max()
            if steps.min() == latest:
                self._add(int(latest), slots)
                return
            if latest < 2**15:
                steps = steps.astype(np.int16)  # which NumPy sorts several times faster
            order = np.argsort(steps, kind="stable")
            in_order = steps[order]
            start = np.flatnonzero(np.diff(in_order, prepend=-1))
            for step, part in zip(in_order[start], np.split(slots[order], start[1:]), strict=True):
                self._add(int(step), part)

    def peek(self) -> Slots:
        """Return the slots that spikes reach now."""
        return self._due[0]

    def advance(self) -> None:
        """Go on to the next time step."""
        del self._due[0]
        if not self._due:
            self._due.append(_NOTHING)

    def under_way(self) -> Slots:
        """Return the slots to which spikes are under way, a slot once for each."""
        return np.concatenate(self._due)

    @property
    def idle(self) -> bool:
        """Whether no spike is under way."""
        return all(len(due) == 0 for due in self._due)

    def forget(self, slots: NDArray[np.integer]) -> None:
        """Let the spikes under way to `slots` be lost."""
        if self.idle:
            return
        gone = np.zeros(self._lists.n_slots, dtype=bool)
        gone[slots] = True
        self._due = [due[~gone[due]] for due in self._due]

    def redirect(self, slots: NDArray[np.integer], to: NDArray[np.integer]) -> None:
        """Let the spikes under way to `slots` go `to` other ones."""
        if self.idle:
            return
        there = np.arange(self._lists.n_slots, dtype=np.int32)
        there[slots] = to
        self._due = [there[due] for due in self._due]

    def go_on_from(self, other: RewiredQueue) -> None:
        """Take over what is under way in `other`."""
        self._due, self._dt = list(other._due), other._dt

    def _add(self, step: int, slots: Slots) -> None:
        if len(slots) == 0:
            return
        missing = step + 1 - len(self._due)
        self._due.extend([_NOTHING] * missing)
        there = self._due[step]
        self._due[step] = slots if len(there) == 0 else np.concatenate([there, slots])

    def _full_state(self) -> dict[str, Any]:
        """Return what Brian2 stores of a queue."""
        # No array of slots is written to once it is in the queue.
        state: dict[str, Any] = {"due": list(self._due), "dt": self._dt}
        if self._owns_lists:
            state["lists"] = self._lists.state()
        return state

    def _restore_from_full_state(self, state: dict[str, Any]) -> None:
        self._due, self._dt = list(state["due"]), state["dt"]
        if self._owns_lists:
            self._lists.restore(state["lists"])

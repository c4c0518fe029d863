"""Spikes keep their time and their slot, whatever changes while they are under way."""

import numpy as np
import pytest

from htm_brian.engine.spike_queue import RewiredQueue
from htm_brian.engine.synapse_lists import SynapseLists


class Queue:
    """Cells 0, 1, 2 have the slots 0, 1, 2; the delay may be set."""

    def __init__(self, delay: float, first: int = 0) -> None:
        self.lists = SynapseLists(n_sources=3, n_slots=4)
        self.lists.put(np.arange(3), np.arange(3))
        self.delay = delay
        self.queue = RewiredQueue(self.lists, lambda slots: self.delay, first)
        self.set_step(1.0)

    def set_step(self, dt: float) -> None:
        self.queue.prepare(np.array([self.delay]), dt, None)

    def push(self, *cells: int) -> None:
        self.queue.push(np.array(cells, dtype=np.int32))

    def arrivals(self, steps: int) -> dict[int, list[int]]:
        found = {}
        for step in range(steps):
            if len(self.queue.peek()):
                found[step] = sorted(self.queue.peek().tolist())
            self.queue.advance()
        return found


def test_spikes_arrive_after_the_delay() -> None:
    queue = Queue(2.0)
    queue.push(0, 2)
    assert sorted(queue.queue.under_way().tolist()) == [0, 2]
    assert queue.arrivals(5) == {2: [0, 2]}
    assert queue.queue.under_way().tolist() == []


def test_each_slot_has_its_own_delay_where_there_is_one_for_each() -> None:
    queue = Queue(0.0)
    delays = np.array([3.0, 0.0, 3.0, 1.0])
    queue.queue = RewiredQueue(queue.lists, delays.__getitem__)
    queue.set_step(0.5)
    queue.push()
    queue.push(0, 1, 2)
    assert queue.arrivals(9) == {0: [1], 6: [0, 2]}


@pytest.mark.parametrize("delay", [0.0, 1.0, 7.0])
def test_another_delay_is_taken_by_the_next_spikes_and_by_no_others(delay: float) -> None:
    queue = Queue(3.0)
    queue.push(0)
    queue.delay = delay
    queue.push(1)
    assert queue.arrivals(10) == {3: [0], int(delay): [1]}


def test_another_time_step_leaves_the_times_as_they_are() -> None:
    queue = Queue(3.0)
    queue.push(0)
    queue.queue.advance()
    queue.push(1)
    queue.set_step(0.25)
    queue.push(2)
    assert queue.arrivals(20) == {8: [0], 12: [1, 2]}


def test_forgotten_slots_receive_nothing_and_others_do() -> None:
    queue = Queue(2.0)
    queue.push(0, 1)
    queue.queue.advance()
    queue.push(0, 1, 2)
    queue.queue.forget(np.array([1]))
    assert queue.arrivals(5) == {1: [0], 2: [0, 2]}


def test_only_cells_of_the_subgroup_have_slots() -> None:
    queue = Queue(0.0, first=4)
    queue.push(0, 3, 5, 6, 7, 20)
    assert queue.arrivals(2) == {0: [1, 2]}


def test_the_state_is_restored_as_often_as_one_likes() -> None:
    queue = Queue(2.0)
    queue.push(0, 2)
    state = queue.queue._full_state()
    queue.arrivals(5)
    for _ in range(2):
        queue.lists.put(np.array([0, 3]), np.array([1, 1]))
        queue.lists.enlarge(9)
        queue.push(1)
        queue.queue._restore_from_full_state(state)
        queue.push(0)
        assert queue.arrivals(5) == {2: [0, 0, 2]}
        assert queue.lists.n_slots == 4

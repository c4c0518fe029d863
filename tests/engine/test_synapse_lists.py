"""The lists hold what a plain dictionary would hold."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.engine.synapse_lists import SynapseLists

N_SOURCES, N_SLOTS = 4, 6
CHANGE = st.tuples(
    st.lists(st.integers(0, N_SLOTS - 1), unique=True),
    st.lists(st.integers(0, N_SOURCES - 1), min_size=N_SLOTS, max_size=N_SLOTS),
    st.booleans(),
)


@given(st.lists(CHANGE, max_size=12), st.integers(1, N_SLOTS))
def test_lists_equal_a_dictionary(changes: list, first_room: int) -> None:
    lists = SynapseLists(N_SOURCES, first_room)
    lists.enlarge(N_SLOTS)
    expected: dict[int, list[int]] = {source: [] for source in range(N_SOURCES)}
    for slots, sources, remove in changes:
        for slot in slots:
            for held in expected.values():
                if slot in held:
                    held.remove(slot)
        if remove:
            lists.take_out(np.array(slots, dtype=int))
        else:
            lists.put(np.array(slots, dtype=int), np.array(sources[: len(slots)], dtype=int))
            for slot, source in reversed(list(zip(slots, sources, strict=False))):
                expected[source].insert(0, slot)
        for source, held in expected.items():
            assert lists.of(np.array([source])).tolist() == held
    order = np.array([2, 0, 3])
    assert lists.of(order).tolist() == [slot for source in order for slot in expected[source]]
    lists.clear()
    assert lists.of(np.arange(N_SOURCES)).size == 0


def test_lists_that_grow_shrink_and_are_packed_equal_a_dictionary() -> None:
    """Few changes at a time, so that stretches drop gaps, move and are packed; then all at once."""
    n_sources, n_slots = 40, 300
    rng = np.random.default_rng(1)
    lists = SynapseLists(n_sources, n_slots)
    expected: list[list[int]] = [[] for _ in range(n_sources)]
    stored, kept = lists.state(), [list(held) for held in expected]
    for turn in range(400):
        n = n_slots if turn % 100 == 99 else int(rng.integers(1, 9))
        slots = rng.permutation(n_slots)[:n]
        expected = [[slot for slot in held if slot not in set(slots)] for held in expected]
        if turn % 3 == 2:
            lists.take_out(slots)
        else:
            sources = rng.integers(0, 5 if turn % 2 else n_sources, n)  # some come to have many
            lists.put(slots, sources)
            for slot, source in zip(slots[::-1], sources[::-1], strict=True):
                expected[source].insert(0, int(slot))
        if turn == 150:
            stored, kept = lists.state(), [list(held) for held in expected]
        found = lists.of(np.arange(n_sources)).tolist()
        assert found == [slot for held in expected for slot in held], turn
        for source in (0, 4, n_sources - 1):
            assert (lists.sources_of(np.array(expected[source], dtype=int)) == source).all()
    lists.restore(stored)
    assert lists.of(np.arange(n_sources)).tolist() == [slot for held in kept for slot in held]

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

"""Learning follows from spikes and plateaus, on cases small enough to see."""

from dataclasses import replace

import numpy as np

from htm_brian.abstract.permanence import UpDown
from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.sdr.column_feedback import Axons
from htm_brian.sdr.readout import BranchState, Events, answers
from htm_brian.synapses.plasticity.between_elements import BetweenElements, most_depolarised
from htm_brian.synapses.plasticity.rule import Element, Growth

N_CELLS, PER_COLUMN = 12, 4
EARLY = 6.0
RULE = BetweenElements(UpDown(increment=0.1, decrement=0.05))
GROWTH = Growth(
    cells_per_column=PER_COLUMN,
    max_new_synapses=3,
    initial_permanence=0.21,
    predicted_decrement=0.0,
    match_level=2.0,
)


def element(
    cells: list[int],
    times: list[float],
    *,
    owner: list[int] | None = None,
    plateau: list[bool] | None = None,
    depolarisation: list[float] | None = None,
) -> Element:
    owner = owner or []
    on = np.array(plateau if plateau is not None else [False] * len(owner), dtype=bool)
    state = BranchState(
        time=1.0,
        owner=np.array(owner, dtype=np.int32),
        plateau_onset=np.full(len(owner), 0.9),
        plateau_end=np.where(on, 1.1, 0.95),
        depolarisation=np.array(
            depolarisation if depolarisation is not None else [0.0] * len(owner), dtype=float
        ),
    )
    active = np.array(cells, dtype=np.int64)
    read = answers(Events(0.0, 50.0, active, np.array(times)), N_CELLS, PER_COLUMN, early=EARLY)
    nobody = np.zeros(N_CELLS, dtype=bool), np.empty(0, dtype=np.int64)
    seen = Axons.silent(N_CELLS).seen(Events(0.0, 50.0), PER_COLUMN)
    return Element(active, read.newcomers, state, *nobody, iteration=1, seen=seen)


def teach(
    store: SegmentStore, seen: Element, previous: list[int], growth: Growth = GROWTH
) -> np.ndarray:
    mask = np.zeros(N_CELLS, dtype=bool)
    mask[previous] = True
    after = replace(seen, previous_active=mask, previous_winners=np.array(previous, dtype=np.int64))
    return RULE.between_elements(store, growth, after)


def store_with(*segments: tuple[int, dict[int, float]]) -> SegmentStore:
    store = SegmentStore(N_CELLS)
    for owner, synapses in segments:
        (segment,) = store.create([owner])
        for presynaptic, permanence in synapses.items():
            store.grow([segment], [presynaptic], 1, permanence)
    return store


def synapses_of(store: SegmentStore, segment: int) -> dict[int, float]:
    presynaptic, permanence = store.synapses(segment)
    return {int(k): round(float(v), 4) for k, v in zip(presynaptic, permanence, strict=True)}


def test_most_depolarised_branch_is_chosen_per_cell() -> None:
    depolarisation = np.array([3.0, 5.0, 4.0, 9.0, 1.0])
    owner = np.array([1, 1, 2, 3, 4], dtype=np.int32)
    branches, without = most_depolarised(
        depolarisation, owner, np.array([1, 2, 4, 6]), match_level=2.0
    )
    assert branches.tolist() == [1, 2]
    assert without.tolist() == [4, 6]


def test_a_branch_whose_plateau_came_true_is_reinforced_and_grows() -> None:
    store = store_with((4, {0: 0.5, 1: 0.5, 9: 0.5}))
    seen = element([4], [5.0], owner=[4], plateau=[True], depolarisation=[3.0])
    new = teach(store, seen, previous=[0, 1, 2])
    assert new.size == 0
    assert synapses_of(store, 0) == {0: 0.6, 1: 0.6, 9: 0.45, 2: 0.21}


def test_a_plateau_that_did_not_come_true_learns_nothing_without_decrement() -> None:
    store = store_with((4, {0: 0.5, 1: 0.5}))
    seen = element([8, 9, 10, 11], [8.0] * 4, owner=[4], plateau=[True], depolarisation=[3.0])
    teach(store, seen, previous=[])
    assert synapses_of(store, 0) == {0: 0.5, 1: 0.5}


def test_a_plateau_that_did_not_come_true_is_punished_by_the_decrement() -> None:
    store = store_with((4, {0: 0.5, 1: 0.5}))
    growth = replace(GROWTH, predicted_decrement=0.1)
    seen = element([8, 9, 10, 11], [8.0] * 4, owner=[4], plateau=[True], depolarisation=[3.0])
    teach(store, seen, previous=[0], growth=growth)
    assert synapses_of(store, 0) == {0: 0.4, 1: 0.5}


def test_the_first_cell_learns_on_its_nearly_active_branch() -> None:
    store = store_with((5, {0: 0.3, 1: 0.3}))
    seen = element([4, 5, 6, 7], [8.0, 7.5, 8.0, 8.0], owner=[5], depolarisation=[2.5])
    new = teach(store, seen, previous=[0, 1])
    assert new.size == 0
    assert synapses_of(store, 0) == {0: 0.4, 1: 0.4}


def test_the_first_cell_grows_a_branch_to_the_previous_winners() -> None:
    store = store_with((5, {0: 0.3, 1: 0.3}))
    seen = element([4, 5, 6, 7], [8.0, 8.5, 7.9, 8.0], owner=[5], depolarisation=[2.5])
    new = teach(store, seen, previous=[0, 1, 2, 3])
    assert new.tolist() == [1]
    assert store.owner[1] == 6
    assert set(synapses_of(store, 1).values()) == {0.21}
    assert len(synapses_of(store, 1)) == 3


def test_no_branch_grows_after_a_reset() -> None:
    store = SegmentStore(N_CELLS)
    assert teach(store, element([4, 5, 6, 7], [8.0, 8.5, 7.9, 8.0]), previous=[]).size == 0
    assert store.n_segments == 0

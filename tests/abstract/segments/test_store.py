"""The segment table and store: exchange, limits, learning, growth, mirrors."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_brian.abstract import indices
from htm_brian.abstract.permanence import IncidenceRate, UpDown
from htm_brian.abstract.segments import store as segments
from htm_brian.abstract.segments import table as segment_table
from htm_brian.abstract.segments.store import SegmentStore, SegmentTable


def mask(n, cells):
    found = np.zeros(n, dtype=bool)
    found[list(cells)] = True
    return found


def table_of(*rows, n_cells=32):
    """A table from (cell, {presynaptic: permanence}) rows."""
    indptr = np.cumsum([0] + [len(synapses) for _, synapses in rows])
    return SegmentTable(
        np.array([cell for cell, _ in rows]),
        indptr,
        np.array([cell for _, synapses in rows for cell in synapses], dtype=int),
        np.array([p for _, synapses in rows for p in synapses.values()], dtype=float),
        n_cells=n_cells,
    )


def synapses_of(store, segment):
    presynaptic, permanence = store.synapses(segment)
    return {int(c): round(float(p), 4) for c, p in zip(presynaptic, permanence, strict=True)}


@pytest.mark.parametrize("module", [indices, segment_table, segments])
def test_examples(module):
    assert doctest.testmod(module).failed == 0


def test_table_round_trip():
    table = table_of((3, {1: 0.5, 0: 0.25}), (3, {}), (7, {31: 1.0}))
    store = SegmentStore.from_table(table)
    assert store.to_table() == table
    assert store.n_segments == 3 and store.n_synapses == 3
    assert store.segments_of(3).tolist() == [0, 1]


def test_table_equality_ignores_the_order_of_synapses_and_takes_a_tolerance():
    first = table_of((3, {1: 0.5, 0: 0.25}))
    second = table_of((3, {0: 0.25, 1: 0.501}))
    assert first != second and not first.equals(second)
    assert first.equals(second, tolerance=0.01)
    assert first != table_of((4, {1: 0.5, 0: 0.25}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"owner": [9]}, "owner must lie in [0, 8), got 9"),
        ({"presynaptic": [0, -1]}, "presynaptic must lie in [0, 8), got -1"),
        ({"permanence": [0.5, 1.5]}, "permanence must lie in [0, 1], got 1.5"),
        ({"permanence": [0.5, np.nan]}, "permanence must lie in [0, 1], got nan"),
        ({"indptr": [0, 1]}, "indptr must rise from 0 to the number of synapses (2)"),
        ({"indptr": [0]}, "indptr must have one entry more than owner (2), got 1"),
        (
            {"owner": [0.5]},
            "owner must be a one-dimensional array of integers, got float64 of shape (1,)",
        ),
        (
            {"presynaptic": [3, 3]},
            "presynaptic must name a cell at most once in a segment, got cell 3 twice in segment 0",
        ),
        ({"permanence": [0.5]}, "permanence must have one entry a synapse (2), got 1"),
    ],
)
def test_bad_tables_are_refused(change, message):
    good = {"owner": [1], "indptr": [0, 2], "presynaptic": [0, 1], "permanence": [0.5, 0.5]}
    with pytest.raises(ValueError) as error:
        SegmentTable(**{k: np.array(v) for k, v in (good | change).items()}, n_cells=8)
    assert str(error.value) == message


def test_adapt_moves_prunes_and_removes_empty_segments():
    store = SegmentStore.from_table(
        table_of((3, {1: 0.5, 2: 0.05, 4: 0.95, 5: 0.3}), (4, {2: 0.05}))
    )
    store.adapt([0, 1], mask(32, [1, 4]), UpDown(0.1, 0.05))
    assert synapses_of(store, 0) == {1: 0.6, 4: 1.0, 5: 0.25}
    assert store.owner.tolist() == [3, -1]
    assert store.n_segments == 1 and store.n_synapses == 3
    assert store.activity([2], 0.5).segments.tolist() == []


def test_adapt_calls_a_rule_that_the_kernels_do_not_know():
    class Halving:
        connected_permanence = 0.5
        initial_permanence = 0.5
        prune_below = 0.2
        kernel_parameters = None

        def update(self, permanence, active):
            return np.where(active, permanence, permanence / 2).astype(np.float32)

    store = SegmentStore.from_table(table_of((3, {1: 0.5, 2: 0.3, 4: 0.6})))
    store.adapt([0], mask(32, [1]), Halving())
    assert synapses_of(store, 0) == {1: 0.5, 4: 0.3}


def test_punish_lowers_active_synapses_only():
    store = SegmentStore.from_table(table_of((3, {1: 0.5, 2: 0.5, 4: 0.015})))
    store.punish([0], mask(32, [1, 4]), 0.02)
    assert synapses_of(store, 0) == {1: 0.48, 2: 0.5}


def test_grow_skips_existing_synapses_and_takes_the_first_candidates():
    store = SegmentStore.from_table(table_of((3, {1: 0.5})))
    store.grow([0], [0, 1, 2, 5], 2, 0.21, "lowest_index")
    assert synapses_of(store, 0) == {1: 0.5, 0: 0.21, 2: 0.21}
    store.grow([0], [0, 1, 2, 5], 9, 0.21, "lowest_index")
    assert set(synapses_of(store, 0)) == {0, 1, 2, 5}


def test_grow_replaces_the_weakest_but_no_candidate():
    store = SegmentStore.from_table(
        table_of((3, {9: 0.6, 0: 0.11, 1: 0.2, 8: 0.6})), max_synapses_per_segment=4
    )
    store.grow([0], [1, 2, 3], 2, 0.21, "lowest_index")
    assert synapses_of(store, 0) == {1: 0.2, 8: 0.6, 2: 0.21, 3: 0.21}


def test_random_growth_is_uniform_and_seeded():
    def chosen(seed):
        store = SegmentStore(400, seed=seed)
        new = store.create(np.arange(400))
        store.grow(new, np.arange(0, 20, 2), 3, 0.2)
        return store.flat().presynaptic

    assert (chosen(1) == chosen(1)).all()
    assert (chosen(1) != chosen(2)).any()
    counts = np.bincount(chosen(1), minlength=20)[::2]
    assert counts.sum() == 1200
    assert ((counts - 120) ** 2 / 120).sum() < 28, counts  # chi-square, 9 degrees, p = 0.001


def test_full_cell_loses_its_least_recently_used_segment():
    store = SegmentStore(8, max_segments_per_cell=2)
    first, second = store.create([5, 5], iteration=0)
    store.touch([first], iteration=3)
    third = store.create([5], iteration=4)
    assert store.segments_of(5).tolist() == [first, third[0]]
    assert third[0] == second  # the number is given anew


def test_full_cell_loses_its_oldest_segment_among_equals():
    store = SegmentStore(8, max_segments_per_cell=2)
    _, second = store.create([5, 5], iteration=0)
    third = store.create([5], iteration=1)
    assert store.segments_of(5).tolist() == [second, third[0]]


def test_full_cell_can_lose_its_weakest_segment():
    store = SegmentStore.from_table(
        table_of((5, {1: 0.5, 2: 0.5}), (5, {1: 0.6})), max_segments_per_cell=2, removal="weakest"
    )
    store.touch([1], iteration=9)
    new = store.create([5], iteration=9)
    assert store.segments_of(5).tolist() == [0, new[0]]


def test_mirror_learns_what_changed():
    store = SegmentStore.from_table(table_of((1, {0: 0.5}), (2, {0: 0.5}), (3, {0: 0.05})))
    before = store.revision
    assert [list(c) for c in store.changed_since(before)] == [[], []]
    store.adapt([0, 2], mask(32, []), UpDown(0.1, 0.1))
    structure, permanence = store.changed_since(before)
    assert structure.tolist() == [2] and permanence.tolist() == [0]
    before = store.revision
    store.grow([1], [4], 1, 0.3)
    assert [c.tolist() for c in store.changed_since(before)] == [[1], []]


def test_activity_counts_potential_and_connected_overlap():
    store = SegmentStore.from_table(
        table_of((9, {1: 0.5, 2: 0.49, 4: 0.6}), (3, {1: 0.499995}), (3, {4: 0.1, 2: 0.1}))
    )
    found = store.activity([1, 2, 4], 0.5)
    assert found.segments.tolist() == [1, 2, 0]
    assert found.potential.tolist() == [1, 2, 3]
    assert found.connected.tolist() == [1, 0, 2]
    assert store.activity([1, 2, 4], 0.5, minimum=2).segments.tolist() == [2, 0]
    weighted = store.activity([1, 2, 4], 0.5, minimum=3, slope=20.0).connected
    assert weighted[0] == pytest.approx(0.5 + 1 / (1 + np.exp(0.2)) + 1 / (1 + np.exp(-2)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.create([8]), "cells must lie in [0, 8), got 8"),
        (lambda s: s.create([-1]), "cells must lie in [0, 8), got -1"),
        (lambda s: s.adapt([1], mask(8, []), UpDown()), "segments must lie in [0, 1), got 1"),
        (
            lambda s: s.adapt([0], mask(7, []), UpDown()),
            "active_mask must be a bool for each of 8 presynaptic cells, got bool of shape (7,)",
        ),
        (
            lambda s: s.grow([0], [2, 1], 1, 0.2),
            "candidates must be sorted and without repeats, got 2 before 1",
        ),
        (lambda s: s.grow([0], [8], 1, 0.2), "candidates must lie in [0, 8), got 8"),
        (lambda s: s.grow([0], [1], 1, 1.2), "initial_permanence must lie in [0.0, 1.0], got 1.2"),
        (
            lambda s: s.grow([0], [1], 1, 0.2, "first"),
            "tie_break must be one of 'random', 'lowest_index', got 'first'",
        ),
        (lambda s: s.punish([0], mask(8, []), -0.1), "decrement must lie in [0.0, 1.0], got -0.1"),
        (
            lambda s: SegmentStore(8, permanence_bits=3),
            "permanence_bits must be one of 32, 8, 4, 2, got 3",
        ),
        (lambda s: SegmentStore(0), "n_cells must lie in [1, 2147483647], got 0"),
    ],
)
def test_bad_calls_are_refused(call, message):
    store = SegmentStore(8)
    store.create([0])
    with pytest.raises(ValueError) as error:
        call(store)
    assert str(error.value) == message


def test_removed_segments_are_refused():
    store = SegmentStore(8)
    store.create([0, 1])
    store.remove([0])
    with pytest.raises(ValueError, match="segments must be living, got 0"):
        store.adapt([0], mask(8, []), UpDown())


class PlainStore:
    """The same store as dictionaries."""

    def __init__(self, n_cells, max_segments, max_synapses):
        self.cells = {cell: [] for cell in range(n_cells)}
        self.max_segments, self.max_synapses = max_segments, max_synapses

    def create(self, cell, iteration):
        here = self.cells[cell]
        if len(here) == self.max_segments:
            here.remove(min(here, key=lambda segment: segment["used"]))
        here.append({"used": iteration, "synapses": {}})
        return here[-1]

    def adapt(self, cell, segment, active, rule):
        old = segment["synapses"]
        p = np.array(list(old.values()), dtype=np.float32)
        new = rule.update(p, np.isin(list(old), list(active)))
        segment["synapses"] = {
            c: v for c, v in zip(old, new, strict=True) if v >= np.float32(rule.prune_below)
        }
        if not segment["synapses"]:
            self.cells[cell].remove(segment)

    def grow(self, segment, candidates, wanted, initial):
        synapses = segment["synapses"]
        free = [c for c in candidates if c not in synapses][:wanted]
        for _ in range(len(synapses) + len(free) - self.max_synapses):
            weakest, least = None, np.inf
            for c, p in synapses.items():
                if c not in candidates and p < least - np.float32(1e-5):
                    weakest, least = c, p
            if weakest is None:
                break
            del synapses[weakest]
        for c in free[: self.max_synapses - len(synapses)]:
            synapses[c] = np.float32(initial)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([UpDown(0.2, 0.15), IncidenceRate(4, 0.3)]))
def test_store_equals_plain_store_over_random_operations(seed, rule):
    """Also exercises the index: the overlaps must agree after each step."""
    rng = np.random.default_rng(seed)
    n = 40
    store = SegmentStore(n, max_segments_per_cell=3, max_synapses_per_segment=9)
    plain = PlainStore(n, 3, 9)
    for iteration in range(40):
        active = sorted(rng.choice(n, rng.integers(1, 30), replace=False).tolist())
        owner = int(rng.integers(0, 6))
        new = store.create([owner], iteration)
        plain_new = plain.create(owner, iteration)
        wanted = int(rng.integers(0, 12))
        store.grow(new, active, wanted, 0.35, "lowest_index")
        plain.grow(plain_new, active, wanted, 0.35)
        cell = int(rng.integers(0, 6))
        chosen = store.segments_of(cell)
        pairs = list(plain.cells[cell])
        occupied = [i for i, s in enumerate(pairs) if s["synapses"]]
        store.adapt(chosen[occupied], mask(n, active), rule)
        for i in occupied:
            plain.adapt(cell, pairs[i], active, rule)
        kept = store.segments_of(cell)
        store.grow(kept, active, 3, 0.5, "lowest_index")
        for segment in plain.cells[cell]:
            plain.grow(segment, active, 3, 0.5)

        expected = [
            (c, {int(k): float(v) for k, v in s["synapses"].items()})
            for c in range(n)
            for s in plain.cells[c]
        ]
        table = store.to_table()
        got = [
            (
                int(table.owner[i]),
                dict(
                    zip(
                        table.presynaptic[a:b].tolist(), table.permanence[a:b].tolist(), strict=True
                    )
                ),
            )
            for i, (a, b) in enumerate(zip(table.indptr, table.indptr[1:], strict=False))
        ]
        assert got == expected
        found = store.activity(active, 0.5)
        overlaps = dict(zip(found.segments.tolist(), found.potential.tolist(), strict=True))
        for segment, (_, synapses) in zip(store.segments.tolist(), expected, strict=True):
            assert overlaps.get(segment, 0) == len(set(active) & set(synapses))


def test_gaps_are_closed_and_memory_stays_bounded():
    """Segments that come and go with changing sizes must not leave the arrays full of holes."""
    rng = np.random.default_rng(3)
    store = SegmentStore(500, max_segments_per_cell=4, max_synapses_per_segment=64)
    for iteration in range(300):
        new = store.create(rng.integers(0, 500, 20), iteration)
        cells = np.sort(rng.choice(500, 60, replace=False))
        store.grow(np.unique(new), cells, int(rng.integers(1, 60)), 0.5)
    table = store.to_table()
    assert store.nbytes < 24 * store.n_synapses + 40 * store.n_cells
    assert SegmentStore.from_table(table, 4, 64).to_table() == table


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_packed_permanences_keep_levels_and_round_without_bias(bits):
    levels = 2**bits - 1
    exact = np.arange(levels + 1) / levels
    store = SegmentStore.from_table(
        table_of((0, dict(enumerate(exact))), n_cells=300), 255, 300, permanence_bits=bits
    )
    assert store.synapses(0)[1] == pytest.approx(exact, abs=1e-6)

    store = SegmentStore(4000, permanence_bits=bits)
    new = store.create(np.arange(4000))
    store.grow(new, [7], 1, 0.21)
    got = store.flat().permanence
    assert got.mean() == pytest.approx(0.21, abs=4 * 0.5 / levels / 4000**0.5)
    assert len(set(got.tolist())) == 2


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_nearest_rounding_freezes_where_stochastic_rounding_learns(bits):
    """A step of a tenth of a level is lost by rounding to the nearest level."""
    levels = 2**bits - 1
    middle = levels // 2 / levels
    rule = UpDown(0.1 / levels, 0.0)
    for rounding, steps in (("nearest", 0.0), ("stochastic", 5 * 0.1)):
        store = SegmentStore.from_table(
            table_of(*[(c, {0: middle}) for c in range(2000)], n_cells=2000),
            permanence_bits=bits,
            rounding=rounding,
        )
        for _ in range(5):
            store.adapt(store.segments, mask(2000, [0]), rule)
        moved = (store.flat().permanence.mean() - middle) * levels
        assert moved == pytest.approx(steps, abs=0.06)

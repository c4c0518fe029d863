"""SDR: a set of on-bits, held against Python's own sets."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.errors import InputError
from htm_brian.sdr.sdr import SDR


@st.composite
def on_bits(draw: st.DrawFn, sizes: st.SearchStrategy[int] | None = None) -> tuple[int, set[int]]:
    size = draw(sizes if sizes is not None else st.integers(1, 200))
    return size, draw(st.sets(st.integers(0, size - 1)))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[int, set[int], set[int]]:
    size, first = draw(on_bits())
    return size, first, draw(st.sets(st.integers(0, size - 1)))


SEEDS = st.integers(0, 2**63)


@given(pairs())
def test_algebra_equals_that_of_sets(pair: tuple[int, set[int], set[int]]) -> None:
    size, first, second = pair
    a, b = SDR(size, first), SDR(size, second)
    assert a.overlap(b) == b.overlap(a) == len(first & second)
    assert a.union(b).sparse.tolist() == sorted(first | second)
    assert a.intersection(b).sparse.tolist() == sorted(first & second)
    expected = len(first & second) / len(first | second) if first | second else 1.0
    assert a.jaccard(b) == pytest.approx(expected)
    assert (a == b) == (first == second)
    assert (hash(a) == hash(b)) or first != second


@given(on_bits(), st.randoms())
def test_views_agree_whatever_the_order_given(bits: tuple[int, set[int]], random: object) -> None:
    size, on = bits
    shuffled = list(on)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    sdr = SDR(size, shuffled)
    assert sdr.sparse.tolist() == sorted(on)
    assert sdr.sparse.dtype == np.int64
    assert sdr.dense.shape == (size,) and sdr.dense.dtype == np.bool_
    assert np.flatnonzero(sdr.dense).tolist() == sorted(on)
    assert SDR.from_dense(sdr.dense) == SDR.from_dense(sdr.dense.astype(int)) == sdr
    assert len(sdr) == len(on)
    assert sdr.sparsity == pytest.approx(len(on) / size)


@given(on_bits(), st.data(), SEEDS)
def test_subsample_keeps_exactly_n_of_the_on_bits(
    bits: tuple[int, set[int]], data: st.DataObject, seed: int
) -> None:
    size, on = bits
    n = data.draw(st.integers(0, len(on)))
    sample = SDR(size, on).subsample(n, seed)
    assert len(sample) == n
    assert set(sample.sparse.tolist()) <= on
    assert sample == SDR(size, on).subsample(n, seed)


@given(st.integers(1, 100), st.floats(0, 1), SEEDS)
def test_noise_moves_that_share_of_on_bits(n_active: int, fraction: float, seed: int) -> None:
    sdr = SDR.random(200, n_active, seed=1)
    noisy = sdr.add_noise(fraction, seed)
    assert len(noisy) == n_active
    assert noisy.overlap(sdr) == n_active - round(fraction * n_active)
    assert noisy == sdr.add_noise(fraction, seed)


def test_random_is_exact_seeded_and_uniform() -> None:
    draws = [SDR.random(50, 5, seed) for seed in range(2000)]
    assert {len(draw) for draw in draws} == {5}
    assert draws[3] == SDR.random(50, 5, 3) != draws[4]
    counts = np.sum([draw.dense for draw in draws], axis=0)
    # Each bit is on in a share 0.1 of 2,000 draws: 200 with a standard deviation of 13.4.
    assert np.all(np.abs(counts - 200) < 5 * 13.4)


def test_immutable_in_every_view() -> None:
    given = np.array([1, 2])
    sdr = SDR(5, given)
    given[0] = 4
    assert sdr.sparse.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        sdr.sparse[0] = 3
    with pytest.raises(ValueError, match="read-only"):
        sdr.dense[0] = True
    with pytest.raises(AttributeError, match="immutable"):
        sdr.size = 6  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        del sdr._sparse


def test_value_semantics_survive_copy_and_pickle() -> None:
    sdr = SDR(8, [5, 2])
    for twin in (copy.copy(sdr), copy.deepcopy(sdr), pickle.loads(pickle.dumps(sdr))):
        assert twin == sdr and hash(twin) == hash(sdr)
    assert sdr != SDR(9, [5, 2])
    assert sdr != "SDR"
    assert {sdr: 1}[SDR(8, [2, 5])] == 1


def test_repr_is_short() -> None:
    assert repr(SDR(8, [5, 2])) == "SDR(8, [2, 5])"
    assert repr(SDR(99, range(40))) == "SDR(99, [0, 1, 2, 3, 4, 5, ..., 37, 38, 39] (40 on))"


def test_truth_is_refused() -> None:
    with pytest.raises(TypeError, match="ambiguous"):
        bool(SDR(3, []))


@pytest.mark.parametrize(
    ("size", "sparse", "error", "message"),
    [
        (0, [], ValueError, r"size must lie in \[1, 281474976710656\], got 0"),
        (2.5, [], InputError, "size must be an integer, got 2.5"),
        (True, [], InputError, "size must be an integer, got True"),
        (5, [5], ValueError, r"sparse must lie in \[0, 5\), got 5"),
        (5, [-1, 2], ValueError, r"sparse must lie in \[0, 5\), got -1"),
        (5, [1, 3, 1], ValueError, "sparse must hold each index once, got 1 again"),
        (5, [1.0], InputError, "sparse must hold integers"),
        (5, [True, False], InputError, "from_dense"),
        (5, [[1]], ValueError, "sparse must have one dimension, got 2"),
    ],
)
def test_bad_arguments_are_named(
    size: int, sparse: list[int], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        SDR(size, sparse)


def test_bad_operations_are_named() -> None:
    sdr = SDR(10, [1, 2, 3])
    with pytest.raises(ValueError, match="same size, got 10, 11"):
        sdr.overlap(SDR(11, [1]))
    with pytest.raises(InputError, match="other must be an SDR, got list"):
        sdr.union([1])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"n must lie in \[0, 3\], got 4"):
        sdr.subsample(4, seed=0)
    with pytest.raises(ValueError, match=r"fraction must lie in \[0, 1\], got 1.5"):
        sdr.add_noise(1.5, seed=0)
    with pytest.raises(ValueError, match="only 1 bits are off"):
        SDR(4, [0, 1, 2]).add_noise(1.0, seed=0)
    with pytest.raises(ValueError, match=r"n_active must lie in \[0, 3\], got 4"):
        SDR.random(3, 4, seed=0)
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        SDR.random(3, 1, seed=-1)
    with pytest.raises(ValueError, match="zeros and ones"):
        SDR.from_dense([0, 2])
    with pytest.raises(ValueError, match="at least one bit"):
        SDR.from_dense([])
    with pytest.raises(ValueError, match="one dimension, got 2"):
        SDR.from_dense([[0, 1]])


@pytest.mark.parametrize("make", [lambda n: SDR(n, [1]), lambda n: SDR.random(n, 1, seed=0)])
def test_a_size_at_which_indices_are_no_longer_exact_is_refused(make):
    assert make(2**48).size == 2**48
    with pytest.raises(InputError, match=r"size must .*281474976710656"):
        make(2**48 + 1)

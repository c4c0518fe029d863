"""Streams: the same for the same name, whatever the order and the number of workers."""

from __future__ import annotations

import itertools
import multiprocessing

import numpy as np
import pytest

from htm_brian.randomness import brian2_seed, key_words, seed_sequence, stream


def first_numbers(trial: int) -> list[float]:
    return stream(42, "release", trial).random(3).tolist()


def test_order_of_trials_and_number_of_workers_change_nothing() -> None:
    forward = [first_numbers(trial) for trial in range(8)]
    backward = [first_numbers(trial) for trial in reversed(range(8))][::-1]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        shared_out = pool.map(first_numbers, range(8), chunksize=1)
    assert forward == backward == shared_out


def test_every_part_of_the_name_counts() -> None:
    names = [(1,), (1, 0), (1, 1), (1, 0, 0), (1, "0"), (1, "a"), (1, "b"), (1, "a", 0), (2,)]
    names += [(1, 2**32), (1, 0, "a"), (1, "ab"), (1, "a", "b"), (2**70,)]
    words = [key_words(*name) for name in names]
    assert len(set(words)) == len(names)
    assert len({brian2_seed(*name) for name in names}) == len(names)


def test_streams_are_uncorrelated() -> None:
    draws = [stream(7, "noise", trial).standard_normal(4000) for trial in range(6)]
    for a, b in itertools.combinations(draws, 2):
        assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(4000)


def test_words_are_signed_32_bit_numbers() -> None:
    for trial in range(100):
        assert all(-(2**31) <= word < 2**31 for word in key_words(1, trial))


@pytest.mark.parametrize("keys", [(-1,), (1.5,), (True,)])
def test_keys_are_whole_numbers_or_text(keys: tuple[object, ...]) -> None:
    with pytest.raises((TypeError, ValueError), match="^key must"):
        seed_sequence(1, *keys)  # type: ignore[arg-type]

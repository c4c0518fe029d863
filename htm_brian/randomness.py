"""Streams of random numbers that depend on what they are for, not on who draws first.

A stream is named by the experiment's seed and by keys: the trial, the synapse group, whatever tells
it apart. Equal names give equal numbers, whatever the number of workers and the order in which
trials are run; different names give independent ones (NumPy's `SeedSequence`).
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng

from htm_brian.arguments import check_integer


def seed_sequence(seed: int, *keys: int | str) -> SeedSequence:
    """Return the seed sequence of a stream.

    Parameters
    ----------
    seed : int
        Of the experiment, at least 0.
    *keys : int or str
        What the stream is for. Their order matters; 1 and "1" differ.
    """
    words: list[int] = []
    for key in keys:
        if isinstance(key, str):
            text = key.encode()
            words += [1, len(text), crc32(text)]
        else:
            number = check_integer("key", key, low=0, high=2**64 - 1)
            words += [0, number >> 32, number & 0xFFFFFFFF]
    return SeedSequence(check_integer("seed", seed, low=0), spawn_key=tuple(words))


def stream(seed: int, *keys: int | str) -> Generator:
    """Return the generator of a stream.

    Examples
    --------
    >>> first = stream(42, "jitter", 3).random()
    >>> _ = stream(42, "jitter", 2).random()     # another trial in between changes nothing
    >>> bool(first == stream(42, "jitter", 3).random())
    True
    """
    return default_rng(seed_sequence(seed, *keys))


def brian2_seed(seed: int, *keys: int | str) -> int:
    """Return a number for Brian2's own ``seed()``, whose one stream all its `rand()` share."""
    return int(seed_sequence(seed, *keys).generate_state(1, np.uint32)[0])


def key_words(seed: int, *keys: int | str) -> tuple[int, int]:
    """Return two signed 32-bit words that name a stream inside Brian2's equations."""
    words = seed_sequence(seed, *keys).generate_state(2, np.uint32).view(np.int32)
    return int(words[0]), int(words[1])

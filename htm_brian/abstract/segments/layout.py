# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""How a segment store lies in memory: its arrays, its random stream, its packed permanences.

The arrays travel as one `StoreArrays`:

===============  =====================================================================
``segments``     one record a segment (`SEGMENT`); `owner` is -1 for a free one
``last``         newest segment of each cell, or -1; its `next` is the oldest, and so round
``list_of``      number of the list of each presynaptic cell, or -1 before its first synapse
``lists``        one record a list (`LIST`): where it is among the entries
``entries``      those lists: the segments that have a synapse from the cell, in no order
``presynaptic``  slots: presynaptic cell of each synapse, segments in contiguous blocks
``permanence``   slots: float32, or packed levels of 8, 4 or 2 bits in uint8
``revisions``    a row a segment: when its structure and its permanences last changed; empty until
                 somebody asks
``free_blocks``  for each size of a block of slots the first free one; it names the next
``free_lists``   the same for blocks of entries, by index into `SIZES`
``counters``     the integers below (``N_SEGMENTS`` ...)
``random``       state of the random stream
===============  =====================================================================

What each cell has is kept to two integers of 32 bits, because a memory has many cells that are
never used.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import overload
from numpy.typing import NDArray

BLOCK = 4
"""A segment's block has a multiple of so many slots."""


def _list_sizes():
    """Return the sizes of blocks of entries: each a quarter more than the one before."""
    sizes = [0, BLOCK]
    while sizes[-1] < 2**31:
        sizes.append((sizes[-1] + max(sizes[-1] // 4, 1) + BLOCK - 1) // BLOCK * BLOCK)
    return np.array(sizes)


SIZES = _list_sizes()

SEGMENT = np.dtype(
    [
        ("serial", np.int64),
        ("last_used", np.int64),
        ("owner", np.int32),
        ("next", np.int32),
        ("start", np.int32),
        ("of_cell", np.int32),  # how many segments the cell has, right in its newest one
        ("count", np.int16),
        ("capacity", np.uint16),
    ]
)
LIST = np.dtype([("start", np.int32), ("count", np.int32), ("size", np.int32)])

STRUCTURE, PERMANENCE = range(2)
"""Columns of the revisions."""

(
    N_SEGMENTS,
    SEGMENT_END,
    FREE_SEGMENT,
    N_SYNAPSES,
    SLOT_END,
    FREE_SLOTS,
    ENTRY_END,
    FREE_ENTRIES,
    N_LISTS,
    SERIAL,
    REVISION,
    FOLLOWED,
    LARGEST,
    MAX_SEGMENTS,
    MAX_SYNAPSES,
    BITS,
    STOCHASTIC,
    REMOVE_WEAKEST,
    N_COUNTERS,
) = range(19)


class StoreArrays(NamedTuple):
    """Arrays of a segment store; see the module's table."""

    segments: NDArray[np.void]
    last: NDArray[np.int32]
    list_of: NDArray[np.int32]
    lists: NDArray[np.void]
    entries: NDArray[np.int32]
    presynaptic: NDArray[np.int32]
    permanence: NDArray[np.float32] | NDArray[np.uint8]
    revisions: NDArray[np.int64]
    free_blocks: NDArray[np.int32]
    free_lists: NDArray[np.int32]
    counters: NDArray[np.int64]
    random: NDArray[np.uint64]


# Random stream: SplitMix64. The loops keep its one word of state in a variable, add `RANDOM_STEP`
# for each draw, and write it back at their end. Like the other helpers of the inner loops these
# take few arrays or none: for each array that is passed, Numba counts a reference up and down.

RANDOM_STEP = np.uint64(0x9E3779B97F4A7C15)


@njit
def _random_bits(state):
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) >> np.uint64(32)


@njit
def random_below(state, n):
    """Return a random integer in [0, n)."""
    return np.int64((_random_bits(state) * np.uint64(n)) >> np.uint64(32))


@njit
def random_share(state):
    """Return a random float32 in [0, 1)."""
    return np.float32(_random_bits(state) >> np.uint64(8)) * np.float32(2.0**-24)


# Permanences: float32, or levels 0 ... 2^bits - 1 packed into bytes.


def load(permanence, slot, bits):
    """Return a permanence as float32."""
    raise NotImplementedError("only inside compiled code")


def save(permanence, slot, value, bits, rounding):
    """Write a permanence; `rounding` in [0, 1) is added before a level is cut to an integer."""
    raise NotImplementedError("only inside compiled code")


@overload(load, inline="always")
def _load_overload(permanence, slot, bits):
    if isinstance(permanence.dtype, types.Float):
        return lambda permanence, slot, bits: permanence[slot]

    def packed(permanence, slot, bits):
        per_byte = 8 // bits
        top = (1 << bits) - 1
        level = (np.int64(permanence[slot // per_byte]) >> (slot % per_byte * bits)) & top
        return np.float32(level / top)

    return packed


@overload(save, inline="always")
def _save_overload(permanence, slot, value, bits, rounding):
    if isinstance(permanence.dtype, types.Float):

        def plain(permanence, slot, value, bits, rounding):
            permanence[slot] = value

        return plain

    def packed(permanence, slot, value, bits, rounding):
        per_byte = 8 // bits
        top = (1 << bits) - 1
        shift = slot % per_byte * bits
        level = min(np.int64(math.floor(value * top + rounding)), top)
        byte = np.int64(permanence[slot // per_byte]) & ~(top << shift)
        permanence[slot // per_byte] = np.uint8(byte | (level << shift))

    return packed

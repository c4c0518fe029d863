"""Compiled loops of the spatial pooler.

Connections are kept as bits, one row of 64-bit words a column, so that an overlap is a count of
the bits that a row shares with the input. Permanences are kept for the potential synapses alone.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Words = NDArray[np.uint64]


@njit(cache=True)
def pack_bits(indices: NDArray[np.int64], words: Words) -> None:
    """Set the bits of `words` at `indices`, and clear all others."""
    words[:] = np.uint64(0)
    for index in indices:
        words[index >> 6] |= np.uint64(1) << np.uint64(index & 63)


@njit(cache=True)
def _count_bits(word: np.uint64) -> np.uint64:
    """Return the number of bits set; LLVM knows this idiom and makes one instruction of it."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@njit(cache=True)
def count_overlaps(connected: Words, active: Words, overlaps: NDArray[np.int32]) -> None:
    """Count, for each column, its connected synapses from active inputs."""
    for column in range(connected.shape[0]):
        count = np.uint64(0)
        for word in range(active.size):
            count += _count_bits(connected[column, word] & active[word])
        overlaps[column] = count


@njit(cache=True)
def rank_keys(
    overlaps: NDArray[np.int32],
    boost: NDArray[np.float32],
    priority: NDArray[np.int64],
    stimulus_threshold: int,
) -> NDArray[np.int64]:
    """Return a distinct key for each column: the higher the key, the sooner it wins.

    The upper half is the boosted overlap (a positive float sorts like its bits), the lower half
    decides among equals. A column below the threshold has -1.
    """
    keys = (overlaps * boost).astype(np.float32).view(np.int32).astype(np.int64)
    for column in range(keys.size):
        if overlaps[column] < stimulus_threshold:
            keys[column] = -1
        else:
            keys[column] = (keys[column] << 32) | priority[column]
    return keys


@njit(cache=True)
def inhibit_globally(keys: NDArray[np.int64], n_winners: int) -> NDArray[np.int64]:
    """Return the columns with the `n_winners` highest keys, fewer where fewer have one."""
    lowest = np.partition(keys, keys.size - n_winners)[keys.size - n_winners]
    return np.flatnonzero(keys >= max(lowest, 0))


@njit(cache=True)
def inhibit_locally(keys: NDArray[np.int64], width: int, density: float) -> NDArray[np.int64]:
    """Return the columns that stand best among the `width` columns around them.

    As many win as all neighbourhoods together can supply: each the wanted share of its columns, or
    as many as have a key.
    """
    contenders = np.flatnonzero(keys >= 0)
    if contenders.size == 0:
        return contenders
    stronger = _count_stronger_neighbours(keys, width)
    n_winners = min(max(1, round(_supply(keys, width, density))), contenders.size)
    worst_rank = np.partition(stronger[contenders], n_winners - 1)[n_winners - 1]
    winners = contenders[stronger[contenders] < worst_rank]
    last = contenders[stronger[contenders] == worst_rank]
    n_last = n_winners - winners.size
    lowest = np.partition(keys[last], last.size - n_last)[last.size - n_last]
    return np.sort(np.concatenate((winners, last[keys[last] >= lowest])))


@njit(cache=True)
def _supply(keys: NDArray[np.int64], width: int, density: float) -> float:
    """Return the sum, over all columns, of the share of winners around each."""
    n_columns = keys.size
    n_around = 0
    for place in range(-(width // 2), width - width // 2):
        n_around += keys[place % n_columns] >= 0
    total = 0.0
    for column in range(n_columns):
        total += min(density, n_around / width)
        n_around -= keys[(column - width // 2) % n_columns] >= 0
        n_around += keys[(column - width // 2 + width) % n_columns] >= 0
    return total


@njit(cache=True)
def _count_stronger_neighbours(keys: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Count, for each column of the ring, the columns within reach that have a higher key."""
    ring = np.concatenate((keys[keys.size - width // 2 :], keys, keys[: width // 2]))
    stronger = np.zeros(keys.size, dtype=np.int64)
    for column in range(keys.size):
        count = 0
        for place in range(column, column + width):
            count += ring[place] > keys[column]
        stronger[column] = count
    return stronger


@njit(cache=True)
def adapt(
    columns: NDArray[np.int64],
    potential: NDArray[np.int32],
    permanence: NDArray[np.float32],
    active: Words,
    keep: np.float32,
    gain_active: np.float32,
    gain_inactive: np.float32,
) -> None:
    """Set p = clip(keep · p + gain) for all potential synapses of `columns`."""
    for column in columns:
        for synapse in range(potential.shape[1]):
            index = potential[column, synapse]
            is_active = (active[index >> 6] >> np.uint64(index & 63)) & np.uint64(1)
            gain = gain_active if is_active else gain_inactive
            value = permanence[column, synapse] * keep + gain
            permanence[column, synapse] = min(max(value, np.float32(0)), np.float32(1))


@njit(cache=True)
def connect(
    columns: NDArray[np.int64],
    potential: NDArray[np.int32],
    permanence: NDArray[np.float32],
    threshold: np.float32,
    connected: Words,
) -> None:
    """Make the connection bits of `columns` anew from their permanences."""
    for column in columns:
        connected[column, :] = np.uint64(0)
        for synapse in range(potential.shape[1]):
            index = potential[column, synapse]
            bit = np.uint64(permanence[column, synapse] >= threshold)
            connected[column, index >> 6] |= bit << np.uint64(index & 63)


@njit(cache=True)
def update_duty_cycles(
    duty_cycle: NDArray[np.float64], columns: NDArray[np.int64], period: float
) -> None:
    """Move each duty cycle by 1/period towards 1 for `columns`, and towards 0 for the others."""
    duty_cycle *= 1.0 - 1.0 / period
    for column in columns:
        duty_cycle[column] += 1.0 / period


@njit(cache=True)
def window_extremes(
    values: NDArray[np.float64], width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the maximum of the `width` values around each, on a ring."""
    mean = np.empty_like(values)
    highest = np.empty_like(values)
    for place in range(values.size):
        total, top = 0.0, -np.inf
        for offset in range(width):
            value = values[(place - width // 2 + offset) % values.size]
            total += value
            top = max(top, value)
        mean[place], highest[place] = total / width, top
    return mean, highest

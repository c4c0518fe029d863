"""Checked numbers of slots and cells, as `SynapseSlots` takes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.engine.slots_in_use import first_repeated
from htm_brian.errors import InputError

Indices = NDArray[np.int32]


def indices(name: str, values: ArrayLike, limit: int | None = None) -> Indices:
    """Return whole numbers in [0, limit), or refuse others under `name`."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise InputError(
            f"{name} must be a one-dimensional array of integers, got {array.dtype} of shape "
            f"{array.shape}"
        )
    top = np.iinfo(np.int32).max if limit is None else limit
    if array.dtype not in (np.int32, np.int64):
        array = array.astype(np.int64)
    # What is negative is very large when read without a sign: one look at the array is enough.
    if array.size and array.view(f"u{array.itemsize}").max() >= top:
        wrong = array[(array < 0) | (array >= top)][0]
        raise InputError(f"{name} must lie in [0, {top}), got {wrong}")
    return np.ascontiguousarray(array, dtype=np.int32)


def check_equally_long(**arrays: Indices) -> None:
    """Refuse arrays that do not have a number for each synapse."""
    lengths = [str(len(array)) for array in arrays.values()]
    if len(set(lengths)) > 1:
        raise InputError(f"{_and(list(arrays))} must be equally long, got {_and(lengths)}")


def check_each_once(slots: Indices) -> None:
    """Refuse slots of which one is named twice."""
    highest = int(slots.max(initial=-1)) + 1
    if highest > 16 * len(slots) + 1024:
        found, times = np.unique(slots, return_counts=True)
        twice = int(found[times > 1][0]) if len(found) < len(slots) else -1
    else:
        twice = int(first_repeated(slots, highest))
    if twice >= 0:
        raise InputError(f"slots must name each slot once, got {twice} more than once")


def _and(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"

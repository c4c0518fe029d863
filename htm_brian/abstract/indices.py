"""Arrays of indices, such as active columns: checks, masks, groups."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.errors import InputError

Indices = NDArray[np.int64]
NOTHING: Indices = np.empty(0, dtype=np.int64)


def as_indices(
    name: str, values: ArrayLike, size: int, *, increasing: bool = True
) -> NDArray[np.int64]:
    """Return `values` as an array of indices in [0, size).

    Parameters
    ----------
    name : str
        What an error calls them.
    values : array_like of int
    size : int
    increasing : bool, default=True
        Whether they must be sorted and without repeats.

    Examples
    --------
    >>> as_indices("active_columns", [1, 4], 8)
    array([1, 4])
    >>> as_indices("active_columns", [4, 1], 8)
    Traceback (most recent call last):
    ...
    htm_brian.errors.InputError: active_columns must be sorted and without repeats, got 4 before 1
    """
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise InputError(
            f"{name} must be a one-dimensional array of integers, "
            f"got {array.dtype} of shape {array.shape}"
        )
    # Compared before the conversion, which would turn a large unsigned number negative.
    if array.size and (array.min() < 0 or array.max() >= size):
        outside = array[(array < 0) | (array >= size)]
        raise InputError(f"{name} must lie in [0, {size}), got {outside[0]}")
    if increasing and (array[1:] <= array[:-1]).any():
        wrong = np.flatnonzero(array[1:] <= array[:-1])[0]
        raise InputError(
            f"{name} must be sorted and without repeats, "
            f"got {array[wrong]} before {array[wrong + 1]}"
        )
    return np.ascontiguousarray(array, dtype=np.int64)


def mask_of(size: int, indices: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return a bool for each of `size`, true at `indices`."""
    mask = np.zeros(size, dtype=np.bool_)
    mask[indices] = True
    return mask


def distinct(values: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return sorted values without repeats."""
    return values[_starts(values)].astype(np.int64)


def first_of_largest(values: NDArray[np.int64], groups: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return for each group the position of its largest value, of equals the first."""
    order = np.lexsort((-values, groups))
    return order[_starts(groups[order])]


def _starts(values: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return where a sorted value differs from the one before."""
    starts = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=starts[1:])
    return starts

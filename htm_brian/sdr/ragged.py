"""One sorted set of integers for each step of a sequence, kept as a sparse matrix keeps its rows.

All values stand in one array, and a second one says where each step begins (CSR).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import check_integers
from htm_brian.errors import InputError


@dataclass(frozen=True, eq=False)
class Ragged:
    """One sorted set of non-negative integers for each step.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        The sets, one behind the other.
    indptr : ndarray of shape (n_steps + 1,)
        Set `t` is ``values[indptr[t]:indptr[t + 1]]``.

    Examples
    --------
    >>> stream = Ragged.from_sets([[3, 5], [], [4]])
    >>> len(stream), stream.counts.tolist(), stream[0].tolist()
    (3, [2, 0, 1], [3, 5])
    """

    values: NDArray[np.int32]
    indptr: NDArray[np.int64]

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        indptr = np.asarray(self.indptr)
        for name, array in (("values", values), ("indptr", indptr)):
            if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
                raise InputError(
                    f"{name} must be a one-dimensional array of integers, "
                    f"got {array.dtype} of shape {array.shape}"
                )
        if not indptr.size or indptr[0] != 0 or indptr[-1] != len(values):
            raise InputError(
                f"indptr must begin with 0 and end with the number of values ({len(values)})"
            )
        if (np.diff(indptr) < 0).any():
            raise InputError("indptr must not decrease")
        if values.size and values.min() < 0:
            raise InputError(f"values must not be negative, got {values.min()}")
        rising = np.diff(values) > 0
        begins = indptr[1:-1]
        rising[begins[(begins > 0) & (begins < len(values))] - 1] = True
        if not rising.all():
            raise InputError("the values of each step must be sorted and without repeats")
        for name, array, dtype in (("values", values, np.int32), ("indptr", indptr, np.int64)):
            own = np.array(array, dtype=dtype)
            own.setflags(write=False)
            object.__setattr__(self, name, own)

    @classmethod
    def from_sets(cls, sets: Iterable[Sequence[int] | NDArray[np.integer]]) -> Ragged:
        """Join sorted sets, one a step."""
        arrays = [check_integers("sets", one, low=0, high=2**31 - 1) for one in sets]
        indptr = np.zeros(len(arrays) + 1, dtype=np.int64)
        np.cumsum([len(one) for one in arrays], out=indptr[1:])
        values = np.concatenate(arrays) if arrays else np.empty(0, dtype=np.int64)
        return cls(values.astype(np.int32), indptr)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def __getitem__(self, step: int) -> NDArray[np.int32]:
        if not 0 <= step < len(self):
            raise IndexError(f"step must lie in [0, {len(self) - 1}], got {step}")
        return self.values[self.indptr[step] : self.indptr[step + 1]]

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        return (self[step] for step in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ragged):
            return NotImplemented
        return np.array_equal(self.indptr, other.indptr) and np.array_equal(
            self.values, other.values
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def counts(self) -> NDArray[np.int64]:
        """Number of values in each step."""
        return np.diff(self.indptr)

    @property
    def steps(self) -> NDArray[np.int64]:
        """The step to which each value belongs."""
        return np.repeat(np.arange(len(self)), self.counts)

    def part(self, start: int, stop: int | None = None) -> Ragged:
        """Return the steps from `start` up to and without `stop`; negative counts from the end."""
        start, stop, _ = slice(start, stop).indices(len(self))
        stop = max(start, stop)
        first, last = self.indptr[start], self.indptr[stop]
        return Ragged(self.values[first:last], self.indptr[start : stop + 1] - first)

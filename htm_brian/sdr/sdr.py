"""Sparse distributed representations: an immutable set of on-bits among `size` bits.

The value that passes between all levels: encoders make it, the spatial pooler turns one into
another, spikes are mapped onto it, and levels are compared by it.
"""

from collections.abc import Iterable, Iterator, Set

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_integer, check_number, check_plain, shown
from htm_brian.errors import InputError

LARGEST = 2**48
"""Bits of the largest SDR; indices of more would not be exact everywhere."""


class SDR:
    """A sparse distributed representation.

    Parameters
    ----------
    size : int
        Number of bits, on and off; at least 1.
    sparse : array_like of int, shape (n_active,)
        Indices of the on-bits, in any order, each once, in [0, size).

    Attributes
    ----------
    size : int
    sparse : ndarray of int64, shape (n_active,)
        Sorted indices of the on-bits, read-only.

    Raises
    ------
    InputError
        Where `size` is no integer in [1, 2**48], or `sparse` holds something other than integers,
        one outside [0, size), or one twice.

    Notes
    -----
    Equal sizes and equal on-bits make equal and equally hashed SDRs. `len(sdr)` is the number of
    on-bits.

    Examples
    --------
    >>> a, b = SDR(10, [7, 1, 4]), SDR(10, [1, 4, 9])
    >>> a
    SDR(10, [1, 4, 7])
    >>> a.overlap(b), a.jaccard(b)
    (2, 0.5)
    >>> a.union(b)
    SDR(10, [1, 4, 7, 9])
    """

    __slots__ = ("_dense", "_hash", "_size", "_sparse")

    _dense: NDArray[np.bool_] | None
    _hash: int | None
    _size: int
    _sparse: NDArray[np.int64]

    def __init__(self, size: int, sparse: ArrayLike | Iterable[int] = ()) -> None:
        size = check_integer("size", size, low=1, high=LARGEST)
        self._assign(size, _checked_indices(sparse, size))

    def _assign(self, size: int, sparse: NDArray[np.int64]) -> None:
        sparse.flags.writeable = False
        object.__setattr__(self, "_size", size)
        object.__setattr__(self, "_sparse", sparse)
        object.__setattr__(self, "_dense", None)
        object.__setattr__(self, "_hash", None)

    @classmethod
    def _trusted(cls, size: int, sparse: NDArray[np.int64]) -> "SDR":
        """Make an SDR from indices known to be sorted, distinct, in range, and nobody else's."""
        sdr = cls.__new__(cls)
        sdr._assign(size, sparse)
        return sdr

    @classmethod
    def from_dense(cls, dense: ArrayLike) -> "SDR":
        """Make an SDR from a vector of booleans, or of zeros and ones.

        Parameters
        ----------
        dense : array_like of shape (size,)
            Booleans, or zeros and ones.

        Returns
        -------
        SDR
            Of as many bits.

        Raises
        ------
        InputError
            Where it has other than one dimension, no bit, or anything but zeros and ones.
        """
        try:
            bits = np.asarray(dense)
        except (ValueError, TypeError):
            raise InputError(f"dense must hold booleans, got {shown(dense)}") from None
        if bits.ndim != 1:
            raise InputError(f"dense must have one dimension, got {bits.ndim}")
        if bits.size == 0:
            raise InputError("dense must have at least one bit, got none")
        if bits.dtype != np.bool_:
            if bits.dtype.kind not in "iuf" or not np.isin(bits, (0, 1)).all():
                raise InputError("dense must hold booleans or zeros and ones only")
            bits = bits.astype(np.bool_)
        return cls._trusted(bits.size, np.flatnonzero(bits).astype(np.int64))

    @classmethod
    def random(cls, size: int, n_active: int, seed: int) -> "SDR":
        """Make an SDR of exactly `n_active` on-bits, drawn uniformly without replacement.

        Parameters
        ----------
        size : int
            Number of bits.
        n_active : int
            How many of them are on.
        seed : int
            Of the draw; at least 0.

        Returns
        -------
        SDR
            The same for the same seed.

        Raises
        ------
        InputError
            Where a number is no integer or out of range.
        """
        size = check_integer("size", size, low=1, high=LARGEST)
        n_active = check_integer("n_active", n_active, low=0, high=size)
        rng = np.random.default_rng(check_integer("seed", seed, low=0))
        return cls._trusted(size, np.sort(rng.choice(size, n_active, replace=False)))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an SDR is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"an SDR is immutable: {name} cannot be deleted")

    def __reduce__(self) -> tuple[type["SDR"], tuple[int, NDArray[np.int64]]]:
        return SDR, (self._size, self._sparse)

    @property
    def size(self) -> int:
        """Number of bits, on and off."""
        return self._size

    @property
    def sparse(self) -> NDArray[np.int64]:
        """Sorted indices of the on-bits, shape (n_active,) (read-only)."""
        return self._sparse

    @property
    def dense(self) -> NDArray[np.bool_]:
        """All bits as booleans, shape (size,) (read-only; made at first use)."""
        if self._dense is None:
            dense = np.zeros(self._size, dtype=np.bool_)
            dense[self._sparse] = True
            dense.flags.writeable = False
            object.__setattr__(self, "_dense", dense)
            return dense
        return self._dense

    @property
    def sparsity(self) -> float:
        """Share of bits that are on."""
        return self._sparse.size / self._size

    def __len__(self) -> int:
        return int(self._sparse.size)

    def __bool__(self) -> bool:
        raise TypeError("the truth of an SDR is ambiguous: use len(sdr) > 0")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SDR):
            return NotImplemented
        return self._size == other._size and np.array_equal(self._sparse, other._sparse)

    def __hash__(self) -> int:
        if self._hash is None:
            value = hash((self._size, self._sparse.tobytes()))
            object.__setattr__(self, "_hash", value)
            return value
        return self._hash

    def __repr__(self) -> str:
        if len(self) <= 12:
            return f"SDR({self._size}, {self._sparse.tolist()})"
        ends = [*map(str, self._sparse[:6]), "...", *map(str, self._sparse[-3:])]
        return f"SDR({self._size}, [{', '.join(ends)}] ({len(self)} on))"

    def overlap(self, other: "SDR") -> int:
        """Return the number of bits that are on in both.

        Parameters
        ----------
        other : SDR
            Of the same size.

        Returns
        -------
        int
            At most the smaller number of on-bits.

        Raises
        ------
        InputError
            If it is no SDR, or one of another size.
        """
        return int(self._common(other).size)

    def union(self, other: "SDR") -> "SDR":
        """Return the bits that are on in either.

        Parameters
        ----------
        other : SDR
            Of the same size.

        Returns
        -------
        SDR
            Of the same size.

        Raises
        ------
        InputError
            If it is no SDR, or one of another size.
        """
        self._check_partner(other)
        return SDR._trusted(self._size, np.union1d(self._sparse, other._sparse))

    def intersection(self, other: "SDR") -> "SDR":
        """Return the bits that are on in both.

        Parameters
        ----------
        other : SDR
            Of the same size.

        Returns
        -------
        SDR
            Of the same size.

        Raises
        ------
        InputError
            If it is no SDR, or one of another size.
        """
        return SDR._trusted(self._size, self._common(other))

    def jaccard(self, other: "SDR") -> float:
        """Return overlap over union; 1 for two SDRs without on-bits, which are equal.

        Parameters
        ----------
        other : SDR
            Of the same size.

        Returns
        -------
        float
            In [0, 1].

        Raises
        ------
        InputError
            If it is no SDR, or one of another size.
        """
        shared = self.overlap(other)
        either = len(self) + len(other) - shared
        return shared / either if either > 0 else 1.0

    def subsample(self, n: int, seed: int) -> "SDR":
        """Return exactly `n` of the on-bits, drawn uniformly without replacement.

        Parameters
        ----------
        n : int
            At most as many as are on.
        seed : int
            Of the draw.

        Returns
        -------
        SDR
            Of the same size, with `n` on-bits.

        Raises
        ------
        InputError
            If fewer bits are on.
        """
        n = check_integer("n", n, low=0, high=len(self))
        rng = np.random.default_rng(check_integer("seed", seed, low=0))
        return SDR._trusted(self._size, np.sort(rng.choice(self._sparse, n, replace=False)))

    def add_noise(self, fraction: float, seed: int) -> "SDR":
        """Move a share of the on-bits to bits that were off.

        Parameters
        ----------
        fraction : float
            Share of the on-bits that move, in [0, 1], rounded to a whole number of bits.
        seed : int
            Seed of the choice.

        Returns
        -------
        SDR
            As many on-bits as before; the overlap with this SDR is exactly len(self) less the
            number of moved bits.

        Raises
        ------
        InputError
            Where `fraction` is out of range, or fewer bits are off than would move.
        """
        fraction = check_number("fraction", fraction, low=0, high=1)
        n_moved = round(fraction * len(self))
        n_off = self._size - len(self)
        if n_moved > n_off:
            raise InputError(
                f"fraction {fraction} would move {n_moved} on-bits, but only {n_off} bits are off"
            )
        rng = np.random.default_rng(check_integer("seed", seed, low=0))
        kept = rng.choice(self._sparse, len(self) - n_moved, replace=False)
        gained = rng.choice(np.flatnonzero(~self.dense), n_moved, replace=False)
        return SDR._trusted(self._size, np.sort(np.concatenate([kept, gained])))

    def _common(self, other: "SDR") -> NDArray[np.int64]:
        self._check_partner(other)
        return np.intersect1d(self._sparse, other._sparse, assume_unique=True)

    def _check_partner(self, other: object) -> None:
        if not isinstance(other, SDR):
            raise InputError(f"other must be an SDR, got {type(other).__name__}")
        if other._size != self._size:
            raise InputError(f"both SDRs must have the same size, got {self._size}, {other._size}")


def check_sdr(sdr: object, input_size: int) -> None:
    """Refuse what is no SDR of `input_size` bits.

    Parameters
    ----------
    sdr : object
    input_size : int

    Raises
    ------
    InputError
    """
    if not isinstance(sdr, SDR):
        raise InputError(f"sdr must be an SDR, got {type(sdr).__name__}")
    if sdr.size != input_size:
        raise InputError(f"sdr must have input_size {input_size} bits, got {sdr.size}")


def _checked_indices(sparse: ArrayLike | Iterable[int], size: int) -> NDArray[np.int64]:
    """Return a sorted copy of the on-bits of an SDR of `size` bits, or refuse them."""
    # NumPy would make one object of a set or an iterator. (Arrays first: the other test is slow.)
    if not isinstance(sparse, np.ndarray) and isinstance(sparse, Set | Iterator):
        sparse = list(sparse)
    check_plain("sparse", sparse)
    try:
        given = np.asarray(sparse)
    except (ValueError, TypeError):
        raise InputError(f"sparse must hold integers, got {shown(sparse)}") from None
    if given.ndim != 1:
        raise InputError(f"sparse must have one dimension, got {given.ndim}")
    if given.size == 0:
        return np.empty(0, dtype=np.int64)
    if given.dtype.kind not in "iu":
        raise InputError(f"sparse must hold integers, got {given.dtype} (dense: SDR.from_dense)")
    indices = np.sort(given)
    if indices[0] < 0 or indices[-1] >= size:
        outside = indices[0] if indices[0] < 0 else indices[-1]
        raise InputError(f"sparse must lie in [0, {size}), got {outside}")
    repeated = indices[1:][indices[1:] == indices[:-1]]
    if repeated.size > 0:
        raise InputError(f"sparse must hold each index once, got {repeated[0]} again")
    return indices.astype(np.int64)

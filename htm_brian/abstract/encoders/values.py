"""Encoders of numbers, of what comes round, of categories, and of several of them together."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import (
    check_integer,
    check_mapping,
    check_number,
    check_positive,
    shown,
)
from htm_brian.errors import InputError
from htm_brian.sdr.sdr import SDR


class Encoder(Protocol):
    """What every encoder offers."""

    @property
    def size(self) -> int:
        """Number of bits of an encoding."""

    @property
    def n_active(self) -> int:
        """Number of on-bits of an encoding."""

    def encode(self, value: Any) -> SDR:
        """Return the encoding of `value`.

        Parameters
        ----------
        value : object
            What the encoder is for.

        Returns
        -------
        SDR
            With `n_active` of `size` bits on.
        """


_MOST_BUCKETS = 2.0**52
"""Beyond, neighbouring numbers of a computer lie more than one bucket apart."""

MOST_BITS = 10_000_000
"""Bits of the largest encoding."""


class ScalarEncoder:
    """Random distributed scalar encoder: any real number, no bounds.

    Numbers fall into buckets of width `resolution`. Neighbouring buckets differ in exactly one
    on-bit, so the overlap of two buckets falls by one with each bucket between them; from
    `n_active` buckets on, they share bits by chance only.

    Parameters
    ----------
    size : int
        Number of bits, at least 6 · `n_active`.
    n_active : int
        Number of on-bits of every encoding.
    resolution : float
        Width of a bucket: numbers closer than this may be encoded alike.
    seed : int
        Seed of the random choice of bits.

    Raises
    ------
    InputError
        Here, or from `encode`: a number out of range, not finite or with a unit.

    Notes
    -----
    Bucket b is on at the bits ``stream[b], ..., stream[b + n_active - 1]`` of one endless random
    stream of bits, in which any ``2 · n_active`` in a row are distinct. The stream is made in
    blocks: even blocks are drawn freely, odd ones from the bits that neither neighbour holds. So
    any bucket can be had without those before it.

    Examples
    --------
    >>> encoder = ScalarEncoder(size=400, n_active=21, resolution=0.5, seed=1)
    >>> zero = encoder.encode(0.0)
    >>> [zero.overlap(encoder.encode(value)) for value in (0.0, 0.5, 5.0, -5.0, 10.5)]
    [21, 20, 11, 11, 0]
    """

    def __init__(self, size: int, n_active: int, resolution: float, seed: int = 42) -> None:
        self.n_active = check_integer("n_active", n_active, low=1)
        self.size = check_integer("size", size, low=6 * self.n_active)
        check_integer("size", size, high=MOST_BITS)
        self.resolution = check_positive("resolution", resolution)
        self.seed = check_integer("seed", seed, low=0)
        self._block_length = 2 * self.n_active
        self._blocks: dict[int, NDArray[np.int64]] = {}

    def bucket(self, value: float) -> int:
        """Return the number of the bucket that `value` falls into.

        Parameters
        ----------
        value : float
            In the unit of `resolution`.

        Returns
        -------
        int
            The nearest whole number of resolutions.

        Raises
        ------
        InputError
            If it is no finite number, or too large for the resolution.
        """
        position = check_number("value", value) / self.resolution
        if not abs(position) < _MOST_BUCKETS:
            raise InputError(f"value {value} is too large for a resolution of {self.resolution}")
        return math.floor(position + 0.5)

    def encode(self, value: float) -> SDR:
        """Return the encoding of a number.

        Parameters
        ----------
        value : float
            In the unit of `resolution`.

        Returns
        -------
        SDR
            With `n_active` of `size` bits on.

        Raises
        ------
        InputError
            If it is no finite number, or too large for the resolution.
        """
        block, first = divmod(self.bucket(value), self._block_length)
        stream = np.concatenate([self._block(block), self._block(block + 1)])
        return SDR(self.size, stream[first : first + self.n_active])

    def _block(self, number: int) -> NDArray[np.int64]:
        """Return one block of the stream of bits; drawn once, then remembered."""
        if number not in self._blocks:
            bits = np.arange(self.size)
            if number % 2 == 1:
                neighbours = np.concatenate([self._block(number - 1), self._block(number + 1)])
                bits = np.delete(bits, neighbours)
            # Seeds must not be negative: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
            key = 2 * number if number >= 0 else -2 * number - 1
            rng = np.random.default_rng([self.seed, key])
            self._blocks[number] = rng.choice(bits, self._block_length, replace=False)
        return self._blocks[number]


class CyclicEncoder:
    """Encoder of a quantity that comes round again, such as an hour or an angle.

    The bits form a ring; an encoding is an arc of `n_active` bits that starts where the value lies
    within the period. The overlap falls linearly with the distance along the ring, and is nothing
    from `radius` on.

    Parameters
    ----------
    n_active : int
        Number of on-bits of every encoding.
    period : float
        The value at which the encoding repeats.
    radius : float
        The distance from which two encodings share no bits; at most half a period. The ring has
        n_active · period / radius bits, rounded.

    Raises
    ------
    InputError
        Here, or from `encode`: a number out of range, not finite or with a unit.
    """

    def __init__(self, n_active: int, period: float, radius: float) -> None:
        self.n_active = check_integer("n_active", n_active, low=1)
        self.period = check_positive("period", period)
        self.radius = check_number("radius", radius)
        if not 0 < self.radius <= self.period / 2:
            raise InputError(
                f"radius must lie in (0, {self.period / 2}], half a period, got {radius}"
            )
        n_bits = self.n_active * (self.period / self.radius)
        if n_bits > MOST_BITS:
            raise InputError(
                f"radius {radius} makes more than {MOST_BITS} bits of a period of {period}"
            )
        self.size = round(n_bits)

    def encode(self, value: float) -> SDR:
        """Return the encoding of a number, which may lie outside [0, period).

        Parameters
        ----------
        value : float
            In the unit of `period`.

        Returns
        -------
        SDR
            With `n_active` of `size` bits on.

        Raises
        ------
        InputError
            If it is no finite number, or too large for the period.
        """
        share = check_number("value", value) / self.period
        if not abs(share) < _MOST_BUCKETS / self.size:
            raise InputError(f"value {value} is too large for a period of {self.period}")
        # A value at the very edge of a bit belongs to the bit that begins there, despite rounding.
        first = math.floor(share * self.size + 1e-9)
        return SDR(self.size, (first + np.arange(self.n_active)) % self.size)


class CategoryEncoder:
    """Encoder of names: each category has bits of its own, and no two share any.

    Parameters
    ----------
    categories : sequence of hashable
        The categories, in the order of their bits, each once.
    n_active : int
        Number of bits of each category.

    Raises
    ------
    InputError
        If `categories` is no sequence of names, is empty or names one twice, or `n_active` is
        below 1.
    """

    def __init__(self, categories: Sequence[Hashable], n_active: int = 21) -> None:
        try:
            self.categories = tuple(categories)
            self._index = {category: index for index, category in enumerate(self.categories)}
        except TypeError:
            raise InputError(
                f"categories must be a sequence of names, got {shown(categories)}"
            ) from None
        self.n_active = check_integer("n_active", n_active, low=1)
        if not self.categories:
            raise InputError("categories must name at least one category, got none")
        if len(self._index) < len(self.categories):
            raise InputError("categories must name each category once")
        self.size = len(self.categories) * self.n_active

    def encode(self, value: Hashable) -> SDR:
        """Return the encoding of one of the categories.

        Parameters
        ----------
        value : hashable
            One of the categories.

        Returns
        -------
        SDR
            With `n_active` of `size` bits on.

        Raises
        ------
        InputError
            If it is none of them.
        """
        try:
            is_known = value in self._index
        except TypeError:
            is_known = False
        if not is_known:
            known = ", ".join(map(repr, self.categories[:8]))
            more = ", ..." if len(self.categories) > 8 else ""
            raise InputError(
                f"unknown category: value is {shown(value)}; the categories are {known}{more}"
            )
        first = self._index[value] * self.n_active
        return SDR(self.size, np.arange(first, first + self.n_active))


class MultiEncoder:
    """Several encoders side by side: the encodings of all fields, one after the other.

    Parameters
    ----------
    encoders : mapping of str to Encoder
        An encoder for each field; their order is the order of the bits.

    Raises
    ------
    InputError
        If `encoders` is no mapping, is empty, or holds something without a method ``encode``.

    Examples
    --------
    >>> encoder = MultiEncoder({"who": CategoryEncoder("ab", 2), "hour": CyclicEncoder(2, 24, 6)})
    >>> encoder.encode({"who": "b", "hour": 3.0})
    SDR(12, [2, 3, 5, 6])
    """

    def __init__(self, encoders: Mapping[str, Encoder]) -> None:
        for field, encoder in check_mapping("encoders", encoders).items():
            if not callable(getattr(encoder, "encode", None)):
                raise InputError(
                    f"encoders must have a method encode, got {shown(encoder)} for {field}"
                )
        if not encoders:
            raise InputError("encoders must hold at least one encoder, got none")
        self.encoders = dict(encoders)
        self.size = sum(encoder.size for encoder in self.encoders.values())
        self.n_active = sum(encoder.n_active for encoder in self.encoders.values())

    def encode(self, value: Mapping[str, Any]) -> SDR:
        """Return the encoding of a record that holds a value for every field, and no other.

        Parameters
        ----------
        value : mapping of str to object
            One for each field.

        Returns
        -------
        SDR
            With `n_active` of `size` bits on.

        Raises
        ------
        InputError
            If a field is missing or unknown, or its encoder refuses its value.
        """
        if set(check_mapping("value", value)) != set(self.encoders):
            given = ", ".join(map(str, value))
            raise InputError(
                f"value must hold the fields {', '.join(self.encoders)}, got {given or 'none'}"
            )
        bits, offset = [], 0
        for field, encoder in self.encoders.items():
            try:
                bits.append(encoder.encode(value[field]).sparse + offset)
            except InputError as error:
                raise InputError(f"{field}: {error}") from None
            offset += encoder.size
        return SDR(self.size, np.concatenate(bits))

"""Encoders: turn numbers, times and categories into SDRs in which likeness is shared bits.

Each encoder has `size` (bits), `n_active` (on-bits of every encoding) and `encode(value)`, which
depends on the encoder's parameters and the value alone, never on what was encoded before.

Notes
-----
After Purdy, S. (2016), Encoding data for HTM systems, arXiv:1602.05925.
"""

from htm_brian.abstract.encoders.dates import DateEncoder
from htm_brian.abstract.encoders.values import (
    MOST_BITS,
    CategoryEncoder,
    CyclicEncoder,
    Encoder,
    MultiEncoder,
    ScalarEncoder,
)

__all__ = [
    "MOST_BITS",
    "CategoryEncoder",
    "CyclicEncoder",
    "DateEncoder",
    "Encoder",
    "MultiEncoder",
    "ScalarEncoder",
]

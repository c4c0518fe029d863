"""High-order sequences among random elements: the stream of a published sequence memory.

Blocks of ten elements, four random ones and one of five sequences of six, without a reset; from
some element on other sequences of the same symbols. Half of the elements can be predicted. Drawn
number for number as by the script that was published with Hawkins & Ahmad 2016, Front Neural
Circuits 10:23.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

SEQUENCES = ("XABCDE", "YCBEAF", "GHIJKL", "WABCMN", "ZDBCAE")
NEW_SEQUENCES = ("XCBEAF", "YABCDE", "GABCMN", "WHIJKL", "ZDHICF")
BLOCK = 10
FIRST_OF_SEQUENCE = 3
"""Place of the sequence in its block."""
SYMBOLS = 26


def stream(
    columns: int,
    cells_per_column: int,
    n_active: int,
    elements: int,
    switch: int,
    seed: int,
    sequences_after: Sequence[str],
) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """Return the active columns of each element, and an order in which cells may die.

    Parameters
    ----------
    columns, cells_per_column, n_active : int
        Of the memory; at least `SYMBOLS` times `n_active` columns.
    elements, switch : int
        Number of elements, and the one from which on the sequences are `sequences_after`.
    seed : int
        Below 2**32.
    sequences_after : sequence of str

    Returns
    -------
    elements : list of ndarray of int64, each of shape (n_active,)
    order_of_death : ndarray of int64, shape (columns * cells_per_column,)
        Every cell once; empty where the stream ends before the switch.

    Examples
    --------
    >>> elements, order = stream(52, 2, 2, 30, 20, 1, NEW_SEQUENCES)
    >>> len(elements), len(order), elements[3].tolist()
    (30, 104, [12, 13])
    """
    # The legacy generator, on purpose: it gives the very stream that the peers were run on.
    rng = np.random.RandomState(seed)
    found: list[NDArray[np.int64]] = []
    order_of_death = np.empty(0, dtype=np.int64)
    while len(found) < elements:
        if len(found) % BLOCK == FIRST_OF_SEQUENCE:
            before = len(found) <= switch
            sequence = (SEQUENCES if before else sequences_after)[rng.randint(len(SEQUENCES))]
            found += [
                np.arange(n_active) + n_active * (ord(letter) - ord("A")) for letter in sequence
            ]
        else:
            found.append(np.sort(rng.permutation(columns)[:n_active]))
        if len(order_of_death) == 0 and len(found) > switch:
            order_of_death = rng.permutation(columns * cells_per_column)
    return found[:elements], order_of_death


def smoothed(right: Sequence[float]) -> NDArray[np.float64]:
    """Return the mean over up to 60 elements of a moving average with a weight of 0.99.

    As in the paper, the first element does not count.

    Parameters
    ----------
    right : sequence of float
        For each element the share of predicted columns that became active.
    """
    if not len(right):
        return np.empty(0)
    average = lfilter([0.01], [1.0, -0.99], [0.0, *right[1:]])
    total = np.cumsum([0.0, *average])
    last = np.arange(1, len(total))
    first = np.maximum(last - 60, 0)
    return np.asarray((total[last] - total[first]) / (last - first))

"""The stream of the paper: sequences in noise, drawn number for number as by its script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from htm_brian.protocols.sequence_memory import SequenceMemoryParameters

SEQUENCES = ("XABCDE", "YCBEAF", "GHIJKL", "WABCMN", "ZDBCAE")
NEW_SEQUENCES = ("XCBEAF", "YABCDE", "GABCMN", "WHIJKL", "ZDHICF")
BLOCK = 10
FIRST_OF_SEQUENCE = 3
"""Place of the sequence in its block."""


def stream(
    parameters: SequenceMemoryParameters, seed: int, sequences_after: Sequence[str]
) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """Return the active columns of each element, and an order in which cells may die.

    Drawn as by the script that was published with the paper, number for number.
    """
    # The legacy generator, on purpose: it gives the very stream that the peers were run on.
    rng = np.random.RandomState(seed)
    width = parameters.n_active
    n_cells = parameters.columns * parameters.cells_per_column
    elements: list[NDArray[np.int64]] = []
    order_of_death = np.empty(0, dtype=np.int64)
    while len(elements) < parameters.elements:
        if len(elements) % BLOCK == FIRST_OF_SEQUENCE:
            before = len(elements) <= parameters.switch
            sequence = (SEQUENCES if before else sequences_after)[rng.randint(len(SEQUENCES))]
            elements += [np.arange(width) + width * (ord(letter) - ord("A")) for letter in sequence]
        else:
            elements.append(np.sort(rng.permutation(parameters.columns)[:width]))
        if len(order_of_death) == 0 and len(elements) > parameters.switch:
            order_of_death = rng.permutation(n_cells)
    return elements[: parameters.elements], order_of_death

"""The group of cells: what it refuses before Brian2 sees it."""

from __future__ import annotations

import pytest
from brian2 import Network, ms

from htm_brian.cells.group import Cells
from htm_brian.errors import InputError


@pytest.mark.parametrize("number", [1.5, "3", True])
def test_a_number_of_cells_is_an_integer(number: object) -> None:
    with pytest.raises(InputError, match="N must be an integer"):
        Cells(number, "passive")


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (10**12, "N must be at most 2147483647 cells, got 1000000000000"),
        (2**31 - 1, r"N = 2147483647 cells of 2[0-9] variables need about .* take fewer cells"),
    ],
)
def test_more_cells_than_there_is_room_for_are_refused_before_any_is_made(
    number: int, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Cells(number, "passive")


def test_glutamate_asks_for_a_compartment_that_there_is() -> None:
    cells = Cells(1, "passive")
    Network(cells).run(0 * ms)
    with pytest.raises(ValueError, match=r"compartment must be one of 'soma', .*, got 'basel'"):
        cells.on_glutamate("basel")
    with pytest.raises(InputError, match=r"basal_0_0 has no ampa receptors \(.*passive"):
        cells.on_glutamate("basal_0_0")

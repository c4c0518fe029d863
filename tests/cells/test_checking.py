"""A model of a cell is checked as a whole, in one line for each mistake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from htm_brian.cells.checking import check_model
from htm_brian.cells.pyramidal import require_level_1
from htm_brian.errors import InputError
from htm_brian.parameters import list_models, load_model

CELLS = [name for name in list_models() if load_model(name).kind == "cell"]


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_of_the_package_passes(name: str) -> None:
    model = load_model(name)
    assert check_model(model) is model


def test_a_model_that_is_no_cell_is_refused() -> None:
    with pytest.raises(InputError, match=r"^kind must be 'cell', got 'network' \(.*minicolumns"):
        check_model(load_model("minicolumns"))


def test_a_number_of_branches_that_is_none_is_found() -> None:
    model = load_model("l5_thick_tufted").with_values({"basal.branches": 2.5})
    with pytest.raises(ValueError, match=r"branches must be a whole number .*\[basal\]"):
        check_model(model)


def test_a_graded_branch_needs_its_growth() -> None:
    model = load_model("l5_reduced").with_values({"branch.transition_width": 0.5})
    with pytest.raises(ValueError, match=r"a transition_width needs a plateau_growth above 0"):
        check_model(model)


@pytest.mark.parametrize(
    ("model", "got"),
    [("l5_thick_tufted", "a cell of level 2"), ("layer4_pair", "a synapse of level 1")],
)
def test_a_network_s_cell_is_asked_for_by_its_level(model: str, got: str) -> None:
    message = rf"^a cell of level 1 is needed, such as l5_reduced; got {got} \(.*{model}"
    with pytest.raises(InputError, match=message):
        require_level_1(load_model(model))


def test_a_cell_of_level_1_that_lacks_a_table_is_refused() -> None:
    model = load_model("l5_reduced")
    kept = tuple(table for table in model.tables if table.name != "burst")
    with pytest.raises(ValueError, match=r"missing table \[burst\]"):
        require_level_1(replace(model, tables=kept))

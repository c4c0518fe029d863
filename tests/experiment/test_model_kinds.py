"""The schema of every kind of model: what `check_file` finds, and what `load_checked` refuses."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.model_kinds import KINDS, check_file, describe, load_checked
from htm_brian.parameters import list_models, load_model


def changed(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """Write a copy of a model of the package with some text replaced."""
    text = (resources.files("htm_brian.models") / f"{name}.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_kind_has_a_model_and_every_model_a_kind() -> None:
    found = {(model.kind, model.level) for model in map(load_model, list_models())}
    assert found == set(KINDS)


@pytest.mark.parametrize("name", ["l5_reduced", "passive", "layer5_pair", "minicolumns"])
def test_a_copy_of_a_model_is_right(name: str, tmp_path: Path) -> None:
    reading = check_file(changed(tmp_path, name))
    assert reading.faults == []
    assert reading.model is not None
    assert describe(reading.model).endswith("parameters, all right")


FAULTS = [
    ("l5_reduced", ("[burst]", "[brust]"), "unknown table [brust]; did you mean burst?"),
    ("l5_thick_tufted", ("[nmda]", "[nmdaa]"), "unknown table [nmdaa]; did you mean nmda?"),
    ("l5_reduced", ("leak_conductance", "leak"), "unknown key leak; known: leak_conductance"),
    ("l5_reduced", ('unit = "nS"', 'unit = "mV"'), "leak_conductance must have a unit like si"),
    (
        "l5_reduced",
        ('unit = "nS"', 'unit = "uS"'),
        "leak_conductance = 23.125 uS is more",
    ),
    ("l5_reduced", ("level = 1", "level = 2"), "unknown table [burst]"),
    ("l5_reduced", ("level = 1", "level = 0"), "level of a cell must be 1 or 2, got 0"),
    ("l5_reduced", ('"cell"', '"cel"'), "unknown kind 'cel'; did you mean cell?"),
    ("layer5_pair", ("value = 5,", "value = 2.5,"), "sites must be a whole number, got 2.5"),
    ("l5_thick_tufted", ("branches = { value = 3", "branches = { value = 2.5"), "branches must be"),
    ("minicolumns", ("[relay]", "[relais]"), "unknown table [relais]; did you mean relay?"),
    ("signalling_energy", ("[energy]", "[enrgy]"), "unknown table [enrgy]; did you mean energy?"),
]


@pytest.mark.parametrize(("name", "change", "message"), FAULTS)
def test_a_fault_names_file_and_place(
    name: str, change: tuple[str, str], message: str, tmp_path: Path
) -> None:
    path = changed(tmp_path, name, change)
    faults = check_file(path).faults
    assert any(fault.startswith(message) for fault in faults), faults
    assert all(str(path) in fault and "\n" not in fault for fault in faults)
    model = load_model(name)
    with pytest.raises(InputError):
        load_checked(path, model.kind, model.level)


def test_every_fault_is_told_and_no_fault_twice(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "l5_reduced",
        ("leak_conductance", "leak"),
        ("value = -50", "value = nan"),
        ("[plateau]", "[plato]"),
    )
    faults = check_file(path).faults
    assert len(faults) == len(set(faults)) == 5
    for part in ("unknown key leak;", "missing key leak_cond", "finite number, got nan", "[plato]"):
        assert sum(part in fault for fault in faults) == 1, part
    assert sum("missing table [plateau]" in fault for fault in faults) == 1


def test_a_cell_of_another_level_or_another_kind_is_refused_by_name() -> None:
    with pytest.raises(InputError) as caught:
        load_checked("l5_thick_tufted", "cell", 1)
    assert str(caught.value).startswith(
        "l5_thick_tufted is a cell of level 2 where a cell of level 1 is needed, such as l5_in_vivo"
    )
    with pytest.raises(InputError, match=r"^minicolumns is a network of level 1 where a cell of "):
        load_checked("minicolumns", "cell", 1)

"""Links to the values of other models: ``same_as``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from brian2 import ms

from htm_brian.errors import InputError
from htm_brian.parameters import Model, list_models, load_model
from htm_brian.parameters.links import link_faults

FILE = """\
[model]
name = "toy"
level = 1
kind = "cell"
description = "A cell to test with."

[nmda]
decay = { value = VALUE, unit = "UNIT", source = "x", low = 0, high = 1e6, same_as = "LINK" }
"""
DECAY = "l5_thick_tufted:nmda.decay_time_constant"


def toy(folder: Path, value: object, unit: str, link: str, name: str = "toy") -> Model:
    path = folder / f"{name}.toml"
    text = FILE.replace("VALUE", str(value)).replace("UNIT", unit).replace("LINK", link)
    path.write_text(text.replace('"toy"', f'"{name}"'))
    return load_model(path)


def test_a_link_that_holds_is_told_in_the_note(tmp_path: Path) -> None:
    wanted = load_model("l5_thick_tufted")["nmda"].parameter("decay_time_constant").value
    model = toy(tmp_path, wanted, "ms", DECAY)
    assert model.rows()[0].note == f"Same as {DECAY}."
    assert toy(tmp_path, wanted * 1000, "us", DECAY)["nmda"]["decay"] == wanted * ms


def test_a_changed_value_is_no_longer_linked(tmp_path: Path) -> None:
    model = toy(tmp_path, 90, "ms", DECAY).with_values({"nmda.decay": 80 * ms})
    assert model["nmda"].parameter("decay").same_as == ""


@pytest.mark.parametrize(
    ("value", "unit", "link", "message"),
    [
        (75, "ms", DECAY, f"the value must be 90 ms, as {DECAY} has it, got 75 ms"),
        (90, "mV", DECAY, f"the value must be 90 ms, as {DECAY} has it, got 90 mV"),
        (90, "ms", "l5_thick_tufted", "must be written model:table.key, got 'l5_thick_tufted'"),
        (90, "ms", "l5_thick_tuftd:nmda.x", "unknown model 'l5_thick_tuftd'; did you mean l5_thic"),
        (90, "ms", "passive:nmda.x", "passive has no table [nmda]; known: basal, membrane, soma"),
        (90, "ms", DECAY[:-1], "[nmda] of l5_thick_tufted has no 'decay_time_constan'; did you"),
    ],
)
def test_a_link_that_does_not_hold_is_one_line(
    tmp_path: Path, value: float, unit: str, link: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        toy(tmp_path, value, unit, link)
    assert str(caught.value).startswith(f"same_as of decay: {message}")
    assert str(caught.value).endswith(f"({tmp_path / 'toy.toml'}, [nmda])")


def test_a_circle_of_links_is_told(tmp_path: Path) -> None:
    def linked(name: str, to: str) -> Model:
        path = tmp_path / f"{name}.toml"
        toy(tmp_path, 1, "ms", "", name)
        model = load_model(path)
        (table,) = model.tables
        (parameter,) = table.parameters
        changed = replace(parameter, same_as=to)
        return replace(model, tables=(replace(table, parameters=(changed,)),))

    models = {"a": linked("a", "b:nmda.decay"), "b": linked("b", "a:nmda.decay")}
    ((path, fault),) = link_faults(models["a"], models.__getitem__)
    assert path == "nmda.decay"
    circle = "a:nmda.decay -> b:nmda.decay -> a:nmda.decay"
    assert f"goes round in a circle: {circle}" in fault


def test_a_note_that_quotes_another_file_quotes_it_rightly() -> None:
    quotations = 0
    for name in list_models():
        for row in load_model(name).rows():
            file, _, rest = row.note.partition("models/")[2].partition(".toml has ")
            if rest:
                table, _, key = row.path.partition(".")
                parameter = load_model(file)[table].parameter(key)
                assert rest.rstrip(".") == parameter.text, f"{name}: {row.path}"
                quotations += 1
    assert quotations > 10

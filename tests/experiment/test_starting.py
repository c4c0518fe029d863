"""What `htm-brian new` and `models --export` write runs as it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.finding import figure_module, find_protocol
from htm_brian.experiment.model_kinds import check_file
from htm_brian.experiment.parameter_help import meanings
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.runner import draw_figures
from htm_brian.experiment.starting import export_model, new_model, new_protocol
from htm_brian.parameters import list_models, load_model


def test_a_new_protocol_runs_passes_and_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    files = new_protocol("my_rheobase", tmp_path)
    assert [file.name for file in files] == ["my_rheobase.py", "my_rheobase_figures.py"]
    kind = find_protocol(str(files[0]))
    assert kind.__name__ == "MyRheobase"
    assert set(meanings(type(kind.parameters))) == {
        "model",
        "highest_current",
        "n_currents",
        "duration",
    }
    outcome = kind().run(SilentProgress())
    assert outcome.passed
    assert figure_module(kind) == "my_rheobase_figures"
    assert list(draw_figures(kind, outcome)) == ["spikes"]


def test_what_is_written_is_formatted_as_the_house_wants(tmp_path: Path) -> None:
    for file in new_protocol("a_b", tmp_path):
        text = file.read_text(encoding="utf-8")
        assert text.endswith("\n") and not text.endswith("\n\n")
        assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("name", list_models())
def test_every_model_can_be_exported_and_is_right(tmp_path: Path, name: str) -> None:
    path = export_model(name, tmp_path / "my_own.toml")
    reading = check_file(path)
    assert reading.faults == []
    assert reading.model is not None
    assert reading.model.name == "my_own"
    shipped = load_model(name)
    assert reading.model.tables[0].items() == shipped.tables[0].items()
    assert reading.model.description == shipped.description


def test_a_new_model_is_a_copy_under_its_own_name(tmp_path: Path) -> None:
    path = new_model("my_relay", tmp_path, like="thalamic_relay")
    assert load_model(path).name == "my_relay"
    again = export_model(str(path), tmp_path / "my_other.toml")
    assert load_model(again).name == "my_other"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("My-Protocol", "small letters, digits and underscores"),
        ("class", "small letters, digits and underscores"),
        ("2nd", "begins with a letter, such as my_protocol; got '2nd'"),
        ("release_cost", "there is a protocol release_cost already; choose another"),
    ],
)
def test_names_that_are_none_or_taken(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        new_protocol(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "mine_figures.py").write_text("precious")
    with pytest.raises(InputError, match=r"mine_figures\.py is there already"):
        new_protocol("mine", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine_figures.py"]
    (tmp_path / "mine.toml").write_text("precious")
    with pytest.raises(InputError, match=r"mine\.toml is there already"):
        new_model("mine", tmp_path)
    with pytest.raises(InputError, match=r"a model file ends in \.toml, got .*mine\.txt"):
        export_model("l5_reduced", tmp_path / "mine.txt")
    with pytest.raises(InputError, match=r"cannot write .*: No such file or directory"):
        new_model("mine", tmp_path / "nowhere")
    with pytest.raises(InputError, match="unknown model 'zzz'"):
        export_model("zzz", tmp_path / "other.toml")

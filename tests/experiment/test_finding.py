"""Protocols of one's own: by file, folder, module and entry point, each with its figures."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import xarray as xr

from htm_brian.errors import InputError
from htm_brian.experiment import finding
from htm_brian.experiment.finding import (
    figure_module,
    find_protocol,
    is_own,
    protocol_names,
    source_hash,
)
from htm_brian.experiment.protocol import Outcome
from htm_brian.experiment.runner import draw_figures

PROTOCOL = """
from dataclasses import dataclass
import xarray as xr
from htm_brian.experiment.checks import Check
from htm_brian.experiment.protocol import Outcome, Protocol

@dataclass(frozen=True)
class Parameters:
    value: float = 0.5

class Mine(Protocol):
    name, claim, source = "NAME", "A half is a half.", "nobody"
    parameters = Parameters()

    def run(self, progress):
        value = self.parameters.value
        return Outcome(xr.Dataset(), [Check("half", value, "1", 0.5, 0.5, "nobody")])
"""
FIGURES = """
from matplotlib.figure import Figure

def draw(dataset):
    return {"drawn": Figure()}
"""


@pytest.fixture(autouse=True)
def clean_imports() -> Iterator[None]:
    modules, path = set(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    sys.path[:] = path


def write(path: Path, text: str = PROTOCOL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.parent.name if path.name == "__init__.py" else path.stem
    path.write_text(text.replace("NAME", name))
    return path


def test_a_file_is_a_protocol_and_the_module_beside_it_draws_it(tmp_path: Path) -> None:
    file = write(tmp_path / "door_halves.py")
    protocol = find_protocol(str(file))
    assert protocol.name == "door_halves"
    assert not is_own(protocol)
    assert figure_module(protocol) is None
    write(tmp_path / "door_halves_figures.py", FIGURES)
    assert figure_module(protocol) == "door_halves_figures"
    outcome = Outcome(xr.Dataset({"seen": 1}), [], partial=True)
    assert list(draw_figures(protocol, outcome)) == ["drawn"]
    # A run that was stopped before it had anything has nothing to draw.
    assert draw_figures(protocol, Outcome(xr.Dataset(), [], partial=True)) == {}


def test_a_folder_is_a_protocol_too(tmp_path: Path) -> None:
    write(tmp_path / "door_folder" / "__init__.py", PROTOCOL + "from door_folder import parts\n")
    write(tmp_path / "door_folder" / "parts.py", "")
    write(tmp_path / "door_folder" / "figures.py", FIGURES)
    protocol = find_protocol(f"{tmp_path}/door_folder")
    assert figure_module(protocol) == "door_folder.figures"
    before = source_hash(protocol)
    write(tmp_path / "door_folder" / "parts.py", "x = 1\n")
    assert source_hash(protocol) != before


def test_a_module_is_imported_from_the_present_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "door_package" / "__init__.py", "")
    write(tmp_path / "door_package" / "thirds.py")
    monkeypatch.chdir(tmp_path)
    assert find_protocol("door_package.thirds").name == "thirds"


def test_an_installed_package_offers_protocols(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "door_offered.py", PROTOCOL.replace("NAME", "offered_halves"))
    information = tmp_path / "door_offered-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Name: door_offered\nVersion: 1\n")
    (information / "entry_points.txt").write_text(
        "[htm_brian.protocols]\noffered_halves = door_offered\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [e.name for e in metadata.entry_points(group=finding.GROUP)] == ["offered_halves"]
    assert "offered_halves" in protocol_names()
    assert find_protocol("offered_halves").name == "offered_halves"


def test_a_protocol_of_the_package_keeps_its_name_and_its_figures() -> None:
    protocol = find_protocol("release_cost")
    assert is_own(protocol)
    assert figure_module(protocol) == "htm_brian.figures.release_cost"


def test_the_hash_is_that_of_the_source(tmp_path: Path) -> None:
    file = write(tmp_path / "door_hashed.py")
    known = hashlib.sha256(b"door_hashed.py\0" + file.read_bytes() + b"\0").hexdigest()
    assert source_hash(find_protocol(str(file))) == known


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("door_none.py", "x = 1", "door_none.py must hold one subclass of Protocol, found none"),
        (
            "door_two.py",
            PROTOCOL + "\nclass Other(Mine): pass\n",
            "door_two.py must hold one subclass of Protocol, found Mine, Other",
        ),
        (
            "door_bare.py",
            PROTOCOL.replace("name, claim, source = ", "name, source, source = "),
            "door_bare.py: Mine lacks the attribute claim",
        ),
        ("door_syntax.py", "def f(:", "door_syntax.py: SyntaxError: invalid syntax"),
        ("door_raises.py", "\n1/0", "ZeroDivisionError: division by zero (door_raises.py, line 2)"),
        ("door_needs.py", "import zorkmid", "door_needs.py needs the package zorkmid, which is"),
        ("door-hyphen.py", PROTOCOL, "its name must be one that Python can import, such as door_h"),
        ("json.py", PROTOCOL, "Python has another module of the name json; give the file another"),
    ],
)
def test_a_file_that_holds_no_protocol_is_told_why(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    write(tmp_path / name, text)
    with pytest.raises(InputError) as error:
        find_protocol(str(tmp_path / name))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("./nowhere.py", "cannot read the protocol nowhere.py: no such file"),
        ("./", "a folder without __init__.py"),
        ("no.such.module", "there is no module 'no'"),
        ("release_cots", "unknown protocol 'release_cots'; did you mean release_cost?"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        find_protocol(given)
    assert message in str(error.value)


def test_a_file_that_is_here_is_pointed_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "door_here.py")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"for the file here: htm-brian run \./door_here\.py"):
        find_protocol("door_here")

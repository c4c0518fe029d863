"""What README and docs show is true: Python examples, commands, links, the model file."""

from __future__ import annotations

import doctest
import re
import shlex
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from brian2 import start_scope

from docs import insert_results
from htm_brian import cli, cli_fit
from htm_brian.experiment import starting
from htm_brian.experiment.claims import settling
from htm_brian.experiment.export import command as export_command
from htm_brian.experiment.finding import find_protocol
from htm_brian.experiment.protocol import list_protocols
from htm_brian.experiment.sweep import command
from htm_brian.experiment.sweep.grid import axes_of, points_of
from htm_brian.fitting import calibration
from htm_brian.parameters import load_model

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
PROTOCOLS = ROOT / "docs" / "protocols.md"
MEASURED = re.compile(
    r"\d[\d.,]* ?(?:%|[mµ]?[sVA]\b|[np][AS]\b|k?Hz|Mohm|ohm|minutes|seconds|points|vesicles|"
    r"synapses|spikes|cells|networks|times|of \d)|\d\.\d+"
)
"""What looks like a result: a number with a unit, a count of something, or decimals."""
QUOTED = (
    "release probabilities of 0.3, 0.5 and 0.9",  # they name the three figures that follow
    "for a fall of the transmission probability by 0.1",  # the definition of the measure
)
"""Numbers of the set-up that may stand in the text of docs/protocols.md."""
NOT_HERE = ("dask_jobqueue", "dask_kubernetes.operator", "htm_brian.engine.cuda")
"""What a block imports that needs a cluster or a graphics card: it is compiled and not run."""
MAKE_TARGETS = re.compile(r"^([a-z-]+):", re.MULTILINE)


def blocks(document: Path, language: str) -> list[str]:
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def each(language: str) -> list[Any]:
    """Return every block of a language in the documents, named by its page and number."""
    return [
        pytest.param(block, id=f"{document.name}-{number}")
        for document in DOCUMENTS
        for number, block in enumerate(blocks(document, language), start=1)
    ]


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", each("python"))
def test_a_python_block_by_itself_gives_what_it_shows(block: str, empty_folder: Path) -> None:
    needed = next((name for name in NOT_HERE if f"from {name} import" in block), None)
    if needed is not None:
        compile(block, needed, "exec")
        return
    start_scope()
    test = doctest.DocTestParser().get_doctest(block, {}, "block", None, 0)
    assert test.examples, "a block without prompts shows no output"
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_every_block_says_its_language() -> None:
    # A block of an unknown language would be run by no test; {image} and the like are Sphinx's.
    for document in DOCUMENTS:
        fences = re.findall(r"^```(.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(fences[1::2]) <= {""}, document.name
        for opening in fences[::2]:
            assert opening in ("python", "sh", "toml", "text") or opening[0] == "{", document.name


@pytest.mark.parametrize("block", each("sh"))
def test_a_block_of_commands_by_itself_is_what_the_program_has(
    block: str, monkeypatch: pytest.MonkeyPatch, empty_folder: Path
) -> None:
    def set_up_only(
        name: str,
        change: Callable[[object], object],
        output: object,
        quick: bool = False,
        seeds: int | None = None,
        **printing: bool,
    ) -> int:
        protocol = find_protocol(name)
        assert protocol.quick or not quick
        parameters = change(protocol.quick.parameters if quick else protocol.parameters)
        assert seeds is None or hasattr(parameters, "seed")
        return 0

    def points_only(
        protocols: list[str], over: list[str], *places: object, seeds: int, **others: object
    ) -> int:
        axes = axes_of(over, protocols, seeds)
        return 0 if all(points_of(given, axes) for given in protocols) else 1

    def reduced(name: str, swc: str, *, like: str, branches: int) -> tuple[Path, list[str]]:
        return starting.new_model(name, like=like), []

    monkeypatch.setattr(cli, "_run", set_up_only)
    monkeypatch.setattr(command, "sweep", points_only)
    monkeypatch.setattr(command, "replot", lambda folder: [])
    for long in ("fit", "score"):
        monkeypatch.setattr(calibration, long, lambda *given, **named: {})
    monkeypatch.setattr(cli_fit, "_show", lambda *given: None)
    monkeypatch.setattr(export_command, "read_run", lambda run: xr.Dataset())
    monkeypatch.setattr(export_command, "_writer", lambda form: lambda dataset, place: [])
    monkeypatch.setattr(export_command, "_draw", lambda *given: [])
    monkeypatch.setattr(starting, "new_model_from_swc", reduced)
    monkeypatch.setattr(settling, "load_results", lambda folders: ({}, []))
    monkeypatch.setattr(settling, "unsettled", lambda settled: [])
    monkeypatch.setattr(sys, "path", list(sys.path))
    for line in filter(None, block.splitlines()):
        program, *arguments = shlex.split(line, comments=True)
        if program == ".":
            assert arguments == [".venv/bin/activate"]
        elif program == "make":
            assert arguments[0] in MAKE_TARGETS.findall((ROOT / "Makefile").read_text())
        else:
            assert program == "htm-brian"
            assert cli.main(arguments) == 0, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (document.parent / target).exists(), target


def test_the_model_file_that_is_shown_can_be_read(tmp_path: Path) -> None:
    for block in each("toml"):
        tomllib.loads(block.values[0])
    (text,) = blocks(ROOT / "docs" / "models.md", "toml")
    path = tmp_path / "my_cell.toml"
    path.write_text(text, encoding="utf-8")
    model = load_model(path)
    assert model["soma"].parameter("resting_potential").text == "-72 mV"


def test_figures_in_the_documents_are_those_of_the_stored_results() -> None:
    assert insert_results.write_documents(check_only=True) == [], "run: make docs-numbers"


def test_nobody_types_a_result_into_the_protocols() -> None:
    text = PROTOCOLS.read_text(encoding="utf-8")
    for place in (insert_results.TABLE, insert_results.OVERVIEW, insert_results.FIGURE):
        text = place.sub("", text)
    text = re.sub(r"^```.*?^```$|`[^`]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\b[Ll]evel[ -]\d", "", " ".join(text.split()))
    for quoted in QUOTED:
        assert quoted in text, "an exception that is no longer there"
        text = text.replace(quoted, "")
    assert MEASURED.findall(text) == []


def test_every_protocol_has_its_section_and_every_result_its_place() -> None:
    text = PROTOCOLS.read_text(encoding="utf-8")
    shown = [match[2] for match in insert_results.TABLE.finditer(text)]
    assert len(shown) == len(set(shown))
    assert set(list_protocols()) == {insert_results.protocol_of(name) for name in shown}
    assert set(insert_results.load_results(insert_results.RESULTS)) <= set(shown)
    for name in list_protocols():
        assert f"\n### `{name}`\n" in text

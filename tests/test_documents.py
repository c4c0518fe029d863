"""What README and docs show is true: Python examples, commands, links, the model file."""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from htm_brian import cli
from htm_brian.experiment.protocol import load_protocol
from htm_brian.parameters import load_model

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MAKE_TARGETS = re.compile(r"^([a-z-]+):", re.MULTILINE)


def blocks(document: Path, language: str) -> list[str]:
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_python_examples_give_what_they_show(document: Path) -> None:
    # One after the other, as a reader would type them.
    source = "\n".join(blocks(document, "python"))
    test = doctest.DocTestParser().get_doctest(source, {}, document.name, str(document), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_are_ones_that_the_program_has(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_up_only(name: str, change: Callable[[object], object], output: object) -> int:
        change(load_protocol(name).parameters)
        return 0

    monkeypatch.setattr(cli, "_run", set_up_only)
    for line in filter(None, "\n".join(blocks(document, "sh")).splitlines()):
        program, *arguments = shlex.split(line, comments=True)
        if program == "make":
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
    (text,) = blocks(ROOT / "docs" / "models.md", "toml")
    path = tmp_path / "my_cell.toml"
    path.write_text(text, encoding="utf-8")
    model = load_model(path)
    assert model["soma"].parameter("resting_potential").text == "-72 mV"

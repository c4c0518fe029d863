"""What a visitor sees first: licence, citation, extras, the picture of the house, the findings."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import htm_brian
from docs import insert_results, verdict_figure
from htm_brian.experiment.packages import EXTRA_OF_PACKAGE

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SVG = "{http://www.w3.org/2000/svg}"


def test_licence_and_citation_name_the_authors_as_one_entity() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert licence.startswith("BSD 3-Clause License\n")
    assert "the htm_brian authors" in licence
    assert PROJECT["license"] == "BSD-3-Clause"
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert "  - name: The htm_brian authors\n" in citation
    assert f"\nversion: {htm_brian.__version__}\n" in citation
    for absent in ("doi", "url", "email", "orcid", "family-names", "http"):
        assert absent not in citation


def test_the_change_log_has_this_version() -> None:
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d+\.\d+\.\d+)", log, re.MULTILINE)[0] == htm_brian.__version__


def test_the_documentation_finds_what_it_is_made_with() -> None:
    asked = " ".join(PROJECT["optional-dependencies"]["docs"])
    conf = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    for module in ("myst_parser", "numpydoc", "sphinx_gallery", "furo", "sphinx"):
        assert f'"{module}' in conf
        assert module.replace("_", "-") in asked


def test_every_extra_has_code_behind_it() -> None:
    extras = set(PROJECT["optional-dependencies"]) - {"dev", "docs", "peers"}
    assert set(EXTRA_OF_PACKAGE.values()) == extras
    sources = "\n".join(
        file.read_text(encoding="utf-8")
        for folder in ("htm_brian", "protocols")
        for file in (ROOT / folder).rglob("*.py")
        if file.name != "protocol.py"  # which only tells how to install it
    )
    for package in EXTRA_OF_PACKAGE:
        assert re.search(rf"\b{package}\b", sources), package


def test_every_peer_stands_in_a_benchmark() -> None:
    imported = {"nest-simulator": "nest"}
    sources = "\n".join(file.read_text("utf-8") for file in (ROOT / "benchmarks").glob("*.py"))
    for peer in PROJECT["optional-dependencies"]["peers"]:
        name, _, version = peer.partition("==")
        assert version, f"{peer}: figures are of one version"
        assert re.search(rf"(?:import|from) {imported.get(name, name)}\b", sources), peer


def test_the_picture_of_the_house_has_every_room() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (ROOT / "htm_brian").glob("*/__init__.py")}
    drawn = set(re.findall(r"htm_brian/([a-z_]+)/", text))
    assert rooms <= drawn
    assert all((ROOT / "htm_brian" / room).is_dir() for room in drawn)


def test_the_verdict_figure_has_one_mark_for_each_check() -> None:
    results = insert_results.load_results(insert_results.RESULTS)
    root = ElementTree.fromstring(insert_results.VERDICT.read_text(encoding="utf-8"))
    checks = [check for result in results.values() for check in result["checks"]]
    verdicts = [check["passed"] for check in checks]
    undecided = sum(check.get("undecided", False) for check in checks)
    marks = Counter(
        mark.attrib["class"] for kind in ("circle", "path") for mark in root.iter(SVG + kind)
    )
    legend = 1
    assert marks == {
        "held": verdicts.count(True) + legend,
        "open": undecided + legend,
        "failed": verdicts.count(False) - undecided + legend,
    }
    said = f"{verdicts.count(True)} of {len(verdicts)} checks hold, in {len(results)} runs"
    assert root.attrib["aria-label"] == said


def test_the_verdict_figure_survives_any_name_of_a_check() -> None:
    result = {"checks": [{"name": '<b> & "c"', "passed": True}]}
    root = ElementTree.fromstring(verdict_figure.draw({"a_b": result}, ["a_b"]))
    assert root.findall(f"{SVG}circle")[-1][0].text == '<b> & "c"'
    assert "a b" in [text.text for text in root.findall(f"{SVG}text")]

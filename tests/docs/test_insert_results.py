"""Figures in the documents come from stored results, and a run is stored only if it may stand."""

from __future__ import annotations

import doctest
import json
from pathlib import Path
from typing import Any

import pytest

from docs import insert_results
from docs.insert_results import figure, keep_pictures, render, store
from htm_brian.errors import InputError
from htm_brian.experiment.protocol import load_protocol
from htm_brian.experiment.results import describe_parameters


def summary(**changes: Any) -> dict[str, Any]:
    """Return what a run of release_cost with two checks, one of them missed, leaves."""
    check = {"unit": "ms", "low": 2.0, "high": None, "source": "a paper"}
    return {
        "protocol": "release_cost",
        "passed": False,
        "partial": False,
        "checks": [
            {"name": "lead", "value": 3.14159, "passed": True, **check},
            {"name": "a | b", "value": 1.0, "passed": False, **check},
        ],
        "table": None,
        "metrics": {"costs": {"p = 0.5": 5.6789}, "verdict": "helps"},
        "provenance": {
            "parameters": describe_parameters(load_protocol("release_cost").parameters),
            "seed": 42,
            "seeds": 10,
            "started": "2031-02-03T04:05:06+00:00",
            "duration_seconds": 90.0,
            "git_revision": "abc",
            "versions": {"htm-brian": "1", "brian2": "2.9.0", "numpy": "2", "python": "3.11"},
            "platform": "some machine",
            "command": "htm-brian run release_cost -o /home/somebody",
        },
    } | changes


def run_of(folder: Path, **changes: Any) -> Path:
    (folder / "summary.json").write_text(json.dumps(summary(**changes)))
    return folder


@pytest.fixture
def results(tmp_path: Path) -> dict[str, Any]:
    store(run_of(tmp_path), tmp_path)
    (tmp_path / "summary.json").unlink()
    return insert_results.load_results(tmp_path)


def test_a_table_shows_checks_verdict_and_origin(results: dict[str, Any]) -> None:
    text = "before\n<!-- result release_cost -->\nold\n<!-- end -->\nafter"
    assert render(text, results).splitlines() == [
        "before",
        "<!-- result release_cost -->",
        "| quantity | value | target | verdict |",
        "| --- | --- | --- | --- |",
        "| lead | 3.142 ms | ≥ 2 ms | pass |",
        r"| a \| b | 1 ms | ≥ 2 ms | **FAIL** |",
        "",
        "*1 of 2 checks hold. Missed: a | b. Run of 2031-02-03, Brian2 2.9.0, "
        "seeds 42 to 51, 95 % intervals.*",
        "",
        "<!-- end -->",
        "after",
    ]


def test_rendering_again_changes_nothing(results: dict[str, Any]) -> None:
    text = (
        "<!-- overview -->\n<!-- end -->\n<!-- result release_cost -->\n<!-- end -->\n"
        "<!--= release_cost: lead --><!--/--> and <!--= release_cost: metrics / verdict --><!--/-->"
    )
    once = render(text, results)
    assert render(once, results) == once
    assert "| [`release_cost`](#release_cost) | 1 of 2 | 1.5 |" in once
    assert once.endswith(
        "-->3.142 ms<!--/--> and <!--= release_cost: metrics / verdict -->helps<!--/-->"
    )


def test_what_is_undecided_is_not_refuted() -> None:
    check = {"name": "a share", "value": 0.1, "unit": "1", "low": 0.5, "high": None}
    check |= {"source": "here", "passed": False}
    for undecided in (False, True):
        result = {
            "checks": [check | {"undecided": undecided}],
            "claim": "so",
            "protocol": "relay_modes",
        }
        said = insert_results.refuted({"relay_modes": result})
        assert ("a share: found 0.1" in said) is not undecided


def test_findings_and_what_is_refuted_with_its_number(results: dict[str, Any]) -> None:
    text = "<!-- findings -->\n<!-- end -->\n<!-- refuted -->\n<!-- end -->"
    rendered = render(text, results)
    link = "[`release_cost`](docs/protocols.md#release_cost)"
    assert f"it saves | {link} | 1 of 2 |" in rendered
    assert f"- {link}: a | b: found 1 ms, claimed ≥ 2 ms (a paper)" in rendered.splitlines()
    assert "lead: found" not in rendered
    assert "Nothing is refuted so far." in render(text, {})


def test_results_come_in_the_order_of_the_document_and_others_last() -> None:
    names = ["release_cost", "nowhere", "validate"]
    assert insert_results.in_order(dict.fromkeys(names)) == ["validate", "release_cost", "nowhere"]


def test_what_is_not_stored_is_said_to_be_so() -> None:
    text = "<!-- overview -->\n<!-- end -->\n<!-- result validate+slow -->\n3 ms\n<!-- end -->"
    rendered = render(text, {})
    assert "3 ms" not in rendered
    assert "| [`validate+slow`](#validate) | not run yet |  |" in rendered
    assert "*`validate+slow`: not run yet.*" in rendered
    assert figure("release_cost", "lead", None) == "not run yet"


def test_single_figures(results: dict[str, Any]) -> None:
    result = results["release_cost"]
    assert figure("release_cost", "metrics / costs / p = 0.5", result) == "5.679"
    assert figure("bistable_readout", "parameters / duration", None) == "0.42 s"
    with pytest.raises(InputError, match=r"release_cost has no check 'lag'; it has lead, a | b"):
        figure("release_cost", "lag", result)
    with pytest.raises(InputError, match="no metric 'costs / p = 1'.*p = 0.5"):
        figure("release_cost", "metrics / costs / p = 1", result)
    with pytest.raises(InputError, match="release_cost has no parameter 'cost'; it has budget,"):
        figure("release_cost", "parameters / cost", result)


@pytest.mark.parametrize(
    "text",
    [
        "<!-- result release_cost -->\nno end",
        "<!-- result release_cost -->\n<!-- result validate -->\n<!-- end -->",
        "<!--= release_cost: lead -->3 ms",
        "3 ms<!--/-->",
    ],
)
def test_a_place_without_begin_or_end_is_named(text: str) -> None:
    with pytest.raises(InputError, match="a marked place without begin or end: <!--"):
        render(text, {})


def test_nothing_of_the_machine_is_kept(tmp_path: Path) -> None:
    kept = store(run_of(tmp_path), tmp_path).read_text()
    assert "machine" not in kept and "/home" not in kept


def test_a_run_with_other_parameters_has_a_name_of_its_own(tmp_path: Path) -> None:
    changed = summary()
    changed["provenance"]["parameters"]["threshold"] = {"value": 9, "unit": "1"}
    run_of(tmp_path, **changed)
    with pytest.raises(InputError, match="with threshold = 9; .* --as release_cost"):
        store(tmp_path, tmp_path)
    with pytest.raises(InputError, match=r"is stored as release_cost or release_cost\+variant"):
        store(tmp_path, tmp_path, "validate+low")
    file = store(tmp_path, tmp_path, "release_cost+low")
    assert file.name == "release_cost+low.json"
    assert insert_results.origin(json.loads(file.read_text())).endswith("; threshold = 9.")


def test_a_partial_run_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"stopped before its end"):
        store(run_of(tmp_path, partial=True), tmp_path)
    with pytest.raises(InputError, match=r"cannot read .*summary.json: .*No such file"):
        store(tmp_path / "nowhere", tmp_path)


def test_the_examples_in_its_docstrings() -> None:
    assert doctest.testmod(insert_results).failed == 0


def test_one_seed_is_not_stored_where_the_outcome_is_drawn(tmp_path: Path) -> None:
    one = summary()
    one["provenance"]["seeds"] = 1
    run_of(tmp_path, **one)
    with pytest.raises(InputError, match="of 1 seed, the outcome is drawn: run it with 10"):
        store(tmp_path, tmp_path)


def test_a_figure_over_seeds_is_the_mean() -> None:
    check = {"name": "gain", "value": 0.3, "unit": "1", "low": 0.1, "high": None}
    check |= {"source": "here", "passed": True, "better_end": 0.5, "mean": 0.4}
    assert insert_results.figure("release_cost", "gain", {"checks": [check]}) == "0.4"


def test_what_is_undecided_is_not_called_missed() -> None:
    check = {"low": 0.5, "high": None, "unit": "1", "source": "here", "passed": False}
    result = {
        "checks": [
            check | {"name": "a", "value": 0.1, "undecided": False},
            check | {"name": "b", "value": 0.4, "better_end": 0.6, "undecided": True},
        ]
    }
    assert insert_results.verdict(result) == "0 of 2 checks hold. Missed: a. Undecided: b"


def test_pictures_that_a_run_drew_for_documents_are_kept(tmp_path: Path) -> None:
    run, documents = tmp_path / "run", tmp_path / "docs"
    (run / "figures").mkdir(parents=True)
    documents.mkdir()
    for name in ("levels", "levels_in_brief"):
        (run / "figures" / f"{name}.png").write_text(name)
    assert keep_pictures(run, documents) == [documents / "levels.png"]
    assert (documents / "levels.png").read_text() == "levels_in_brief"

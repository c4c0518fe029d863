"""A run that misses what its stored result holds is worse; one that misses the same is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docs import regressions
from docs.insert_results import RESULTS, load_results


def run(folder: Path, partial: bool = False, undecided: str = "", **held: bool) -> Path:
    folder.mkdir()
    checks = [
        {"name": name, "passed": passed, "undecided": name == undecided}
        for name, passed in held.items()
    ]
    content = {"protocol": "toy", "checks": checks, "partial": partial}
    (folder / regressions.SUMMARY).write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def stored(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [{"name": "sound", "passed": True}, {"name": "open", "passed": False}]
    monkeypatch.setattr(regressions, "load_results", lambda folder: {"toy": {"checks": checks}})


def test_a_check_that_the_stored_result_misses_is_named_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert regressions.main([str(run(tmp_path / "a", sound=True, open=False))]) == 0
    assert capsys.readouterr().out == "toy: missed, as in the stored result: open\n"


@pytest.mark.parametrize("held", [{"sound": False, "open": True}, {"fresh": False}])
def test_any_other_missed_check_is_a_regression(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], held: dict[str, bool]
) -> None:
    fine, worse = run(tmp_path / "a", sound=True), run(tmp_path / "b", **held)
    assert regressions.main([str(worse), str(fine)]) == 1
    (name,) = [name for name, passed in held.items() if not passed]
    assert capsys.readouterr().out == f"regression: toy: {name}\n"


def test_a_check_that_few_seeds_leave_undecided_is_named_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run(tmp_path / "a", undecided="sound", sound=False)
    assert regressions.main([str(folder)]) == 0
    assert capsys.readouterr().out == "toy: undecided over so few seeds: sound\n"


def test_a_run_that_did_not_end_is_a_regression(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert regressions.main([str(tmp_path)]) == 1
    assert "the run did not end" in capsys.readouterr().out
    assert regressions.main([str(run(tmp_path / "a", partial=True))]) == 1
    assert "the run did not end" in capsys.readouterr().out


def test_stored_results_tell_which_checks_hold() -> None:
    for result in load_results(RESULTS).values():
        assert all(isinstance(check["passed"], bool) for check in result["checks"])

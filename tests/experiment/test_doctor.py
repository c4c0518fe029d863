from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from htm_brian.engine import versions
from htm_brian.experiment import doctor
from htm_brian.experiment.doctor import ABSENT, FAIL, OK, Finding


def found(part: str) -> Finding:
    (finding,) = [each for each in doctor.examine(compiling=False) if each.part == part]
    return finding


def test_a_whole_installation_works_in_numpy() -> None:
    findings = list(doctor.examine(compiling=False))
    assert [each.part for each in findings if each.state == FAIL] == []
    (path,) = [each for each in findings if each.part.startswith("code path")]
    assert path.part == "code path numpy"
    assert path.found.startswith("works; ")
    assert {"Python", "brian2", "numpy", "compiler", "compiled code"} <= {e.part for e in findings}
    assert all(each.remedy for each in findings if each.state != OK)


def test_a_missing_compiler_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setattr(doctor, "_code_path", lambda path: Finding(path, "not tried"))
    finding = found("compiler")
    assert finding.state == ABSENT
    assert "'no-such-compiler'" in finding.found
    assert "apt install g++" in finding.remedy


def test_an_untried_brian2_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions.brian2, "__version__", "3.0.1")
    monkeypatch.setattr(doctor, "_code_path", lambda path: Finding(path, "not tried"))
    finding = found("brian2")
    assert finding.state == FAIL
    assert finding.found == "Brian2 3.0.1 was not tried, only 2.9 to 2.11"
    assert "pip install 'brian2~=2.11.0'" in finding.remedy


@pytest.mark.parametrize(
    ("path", "error", "remedy"),
    [
        ("numpy", "Traceback\nImportError: no numpy\n", "pip install --force-reinstall brian2"),
        ("cython", "\nRuntimeError: gcc failed\n", "--set codegen=numpy"),
        ("standalone", "", "only scripts of your own use it"),
    ],
)
def test_a_code_path_that_fails_shows_the_last_line(
    monkeypatch: pytest.MonkeyPatch, path: str, error: str, remedy: str
) -> None:
    failed = SimpleNamespace(returncode=1, stderr=error)
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: failed)
    finding = doctor._code_path(path)
    assert finding.state == FAIL
    assert finding.found == (error.split("\n")[-2] if error else "no word of why")
    assert remedy in finding.remedy


def test_a_code_path_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PATIENCE", 0.01)
    finding = doctor._code_path("numpy")
    assert (finding.state, finding.found) == (FAIL, "no end after 0.01 s")


def test_the_cache_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "0 MB" in doctor._cache().found
    folder = tmp_path / "htm_brian" / "cython" / "abc"
    folder.mkdir(parents=True)
    (folder / "piece.so").write_bytes(bytes(3_000_000))
    assert ": 3 MB; " in doctor._cache().found


@pytest.mark.compiled
@pytest.mark.slow
@pytest.mark.parametrize("path", ["cython", "standalone"])
def test_the_paths_that_compile_work_here(path: str) -> None:
    finding = doctor._code_path(path)
    assert finding.state == OK, finding

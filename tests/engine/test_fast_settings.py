"""Fast compiler settings: what they set, when they refuse, where the code is kept."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from brian2 import prefs

from htm_brian.engine import fast_settings
from htm_brian.engine.fast_settings import FLAGS, default_cache, use_fast_settings


@pytest.fixture(autouse=True)
def no_other_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.delenv("CXX", raising=False)


def fake_compiler(folder: Path, name: str, says: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_flags_and_cache_are_set(tmp_path: Path) -> None:
    done = use_fast_settings(tmp_path / "cache")
    assert done.applied and done.reason == ""
    assert tuple(prefs["codegen.cpp.extra_compile_args_gcc"]) == FLAGS == done.flags
    assert prefs["codegen.runtime.cython.cache_dir"] == str(tmp_path / "cache") == str(done.cache)


def test_infinity_and_nan_keep_their_meaning() -> None:
    assert "-fno-finite-math-only" in FLAGS


def test_another_compiler_is_left_alone_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = prefs["codegen.cpp.extra_compile_args_gcc"]
    clang = fake_compiler(tmp_path, "clang++", "clang version 17.0.1")
    monkeypatch.setenv("CXX", str(clang))
    with caplog.at_level(logging.WARNING, "htm_brian"):
        done = use_fast_settings()
    assert not done.applied and done.cache is None
    assert "is another compiler (clang version 17.0.1)" in done.reason
    assert done.reason in caplog.text
    assert prefs["codegen.cpp.extra_compile_args_gcc"] == before


def test_no_compiler_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = use_fast_settings()
    assert not done.applied
    assert done.reason.startswith("no compiler ")
    assert done.reason.endswith(" was found; install gcc and g++")


def test_each_processor_and_compiler_has_its_own_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = use_fast_settings().cache
    assert first is not None and first.parent == default_cache()
    assert default_cache() == tmp_path / "htm_brian" / "cython"
    assert use_fast_settings().cache == first, "found again by the next run"
    monkeypatch.setattr(fast_settings, "_processor", lambda: "another")
    other = use_fast_settings().cache
    monkeypatch.setattr(fast_settings, "find_gcc", lambda: ("g++ 99", ""))
    assert len({first, other, use_fast_settings().cache}) == 3

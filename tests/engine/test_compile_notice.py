from __future__ import annotations

import time
from pathlib import Path

import pytest
from brian2.codegen.runtime.cython_rt.extension_manager import (
    CythonExtensionManager,
    cython_extension_manager,
)

from htm_brian.engine.compile_notice import BEGUN, announced


def compile_piece(path: Path, seconds: float) -> None:
    """Load a piece of code as Brian2 does, with a compiler of our own."""
    cython_extension_manager._load_module(str(path), seconds)


@pytest.fixture
def slow_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        CythonExtensionManager, "_load_module", lambda self, path, seconds: time.sleep(seconds)
    )


@pytest.mark.usefixtures("slow_compiler")
def test_long_compiling_is_announced_once_and_summed_up(tmp_path: Path) -> None:
    said: list[str] = []
    with announced(said.append, patience=0.15):
        compile_piece(tmp_path / "a", 0.1)
        assert said == []
        compile_piece(tmp_path / "b", 0.1)
        assert said == [BEGUN]
        compile_piece(tmp_path / "c", 0.1)
    assert len(said) == 2
    assert said[1].startswith("compiled 3 pieces of code in 0 s; they are kept in ")


@pytest.mark.usefixtures("slow_compiler")
def test_short_compiling_and_code_that_is_there_pass_without_a_word(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "compiled").touch()
    with announced(said.append, patience=0.1):
        compile_piece(tmp_path / "compiled", 0.2)
        compile_piece(tmp_path / "a", 0.0)
        time.sleep(0.15)
    assert said == []


@pytest.mark.usefixtures("slow_compiler")
def test_brian2_is_as_it_was_afterwards(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), announced(print):
        raise ZeroDivisionError
    assert "_load_module" not in vars(cython_extension_manager)

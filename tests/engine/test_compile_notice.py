from __future__ import annotations

import time
from pathlib import Path

import pytest
from brian2 import Network, NeuronGroup, ms, prefs
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
def test_compiling_is_announced_before_it_begins_and_summed_up(tmp_path: Path) -> None:
    said: list[tuple[float, str]] = []
    started = time.monotonic()
    with announced(lambda line: said.append((time.monotonic() - started, line))):
        compile_piece(tmp_path / "a", 0.6)
        compile_piece(tmp_path / "b", 0.6)
    (first, begun), (last, ended) = said
    assert begun == BEGUN
    assert first < 0.6 <= last
    assert ended.startswith("compiled 2 pieces of code in 1 s; kept in ")


@pytest.mark.usefixtures("slow_compiler")
def test_code_that_is_there_passes_without_a_word(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "compiled").touch()
    with announced(said.append):
        compile_piece(tmp_path / "compiled", 0.0)
    assert said == []


@pytest.mark.usefixtures("slow_compiler")
def test_brian2_is_as_it_was_afterwards(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), announced(print):
        raise ZeroDivisionError
    assert "_load_module" not in vars(cython_extension_manager)


@pytest.mark.compiled
def test_brian2_compiles_after_the_first_line_and_not_again(tmp_path: Path) -> None:
    prefs.codegen.target = "cython"
    prefs.codegen.runtime.cython.cache_dir = str(tmp_path)
    said: list[tuple[str, int]] = []

    def say(line: str) -> None:
        said.append((line, len(list(tmp_path.glob("*.so")))))

    for _ in range(2):
        # An equation of its own: what this process has compiled, Brian2 does not load again.
        group = NeuronGroup(2, "dnoticed/dt = -noticed/(7*ms) : 1", method="exact", name="noticed_")
        with announced(say):
            Network(group).run(0.1 * ms)
        del group
    assert [line.partition(" ")[0] for line, _ in said] == ["compiling", "compiled"]
    assert [n for _, n in said] == [0, 1]

"""The bare loop of a cell compiles, and does what the cell's own update does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from brian2 import prefs

from htm_brian.parameters import load_model


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
@pytest.mark.parametrize("name", ["passive", "l5_reduced_fitted"])
def test_the_bare_loop_does_a_step_of_the_cell(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    from bench_cells import cells_of, same
    from cell_loop import cell_loop

    monkeypatch.setitem(prefs, "codegen.target", "numpy")
    cells = cells_of(load_model(name), 3)
    with cell_loop(cells) as loop:
        assert loop is not None
        assert same(cells, loop.value) == 0
        loop.step()
        assert same(cells, loop.value) > 0, "the loop did something"
        cells.state_updater.run()
        assert same(cells, loop.value) < 1e-9

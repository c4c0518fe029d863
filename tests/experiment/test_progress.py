from __future__ import annotations

import io

import pytest
from rich.console import Console

from htm_brian.experiment import progress as module
from htm_brian.experiment.progress import BarProgress, LineProgress, SilentProgress, progress_on


def never() -> bool:
    return False


def test_a_file_gets_one_line_a_stage_however_many_steps() -> None:
    file = io.StringIO()
    with progress_on(Console(file=file), never) as progress:
        for stage in ("encoding", "learning"):
            progress.begin(stage, 10_000)
            for _ in range(10_000):
                progress.advance()
    assert file.getvalue().splitlines() == ["encoding: 10000 steps", "learning: 10000 steps"]


def test_a_long_stage_says_once_a_minute_how_long_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    file = io.StringIO()
    with LineProgress(Console(file=file), never) as progress:
        progress.begin("learning", 100)
        clock[0] += 45  # compiling, which says nothing about the steps
        for _ in range(50):
            clock[0] += 2.5
            progress.advance()
    assert file.getvalue().splitlines() == [
        "learning: 100 steps",
        "learning: 6 of 100, about 235 s left",
        "learning: 30 of 100, about 175 s left",
    ]


def test_a_terminal_gets_a_bar_with_the_time_left() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=100)
    with progress_on(console, never) as progress:
        assert isinstance(progress, BarProgress)
        progress.begin("learning", 10)
        progress.reach(3)
        progress._bar.refresh()
    shown = file.getvalue()
    assert "learning" in shown
    assert "3/10" in shown
    assert "time left" in shown


@pytest.mark.parametrize("terminal", [True, False])
def test_an_interrupt_is_passed_on(terminal: bool) -> None:
    pressed = [False]
    console = Console(file=io.StringIO(), force_terminal=terminal)
    with progress_on(console, lambda: pressed[0]) as progress:
        progress.begin("learning", 10)
        progress.describe("still learning")
        assert not progress.interrupted
        pressed[0] = True
        progress.advance()
        assert progress.interrupted


def test_silence_is_never_interrupted() -> None:
    progress = SilentProgress()
    progress.begin("x", 1)
    progress.advance()
    progress.reach(1)
    progress.describe("y")
    assert not progress.interrupted

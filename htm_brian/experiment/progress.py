"""How a run tells how far it is, and learns that it shall stop.

A protocol sees the small interface `Progress`. On a terminal it is a bar with the time left; where
the output goes to a file, a line at the start of each stage and at most one a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol as Interface

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

SECONDS_BETWEEN_LINES = 60.0


class Progress(Interface):
    """What a protocol may call while it runs."""

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C was pressed: return what there is, marked partial."""

    def begin(self, description: str, total: int) -> None:
        """Start a stage of `total` steps; it ends the one before."""

    def advance(self, steps: int = 1) -> None:
        """Report further steps as done."""

    def reach(self, done: int) -> None:
        """Report how many steps of the stage are done in all."""

    def describe(self, description: str) -> None:
        """Change what the present stage is called."""


class SilentProgress:
    """Says nothing and is never interrupted; for tests and for use as a library."""

    interrupted = False

    def begin(self, description: str, total: int) -> None:
        """Do nothing."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""

    def reach(self, done: int) -> None:
        """Do nothing."""

    def describe(self, description: str) -> None:
        """Do nothing."""


class Named:
    """Tells a progress the same, with what it is for before every description.

    Parameters
    ----------
    progress : Progress
        Whom it tells.
    prefix : str
        Before every description.
    """

    def __init__(self, progress: Progress, prefix: str) -> None:
        self._progress, self._prefix = progress, prefix

    @property
    def interrupted(self) -> bool:
        """Whether to stop."""
        return self._progress.interrupted

    def begin(self, description: str, total: int) -> None:
        """Begin a stage of `total` steps."""
        self._progress.begin(self._prefix + description, total)

    def advance(self, steps: int = 1) -> None:
        """Count so many steps more as done."""
        self._progress.advance(steps)

    def reach(self, done: int) -> None:
        """Count so many steps as done."""
        self._progress.reach(done)

    def describe(self, description: str) -> None:
        """Call the stage otherwise."""
        self._progress.describe(self._prefix + description)


class _CountingProgress:
    """Keeps count; how it shows is for the subclasses."""

    def __init__(self, interrupted: Callable[[], bool]) -> None:
        self._asked_to_stop = interrupted
        self._description = ""
        self._done = 0
        self._total = 0

    @property
    def interrupted(self) -> bool:
        return self._asked_to_stop()

    def begin(self, description: str, total: int) -> None:
        self._description, self._done, self._total = description, 0, total
        self._show_stage()

    def advance(self, steps: int = 1) -> None:
        self.reach(self._done + steps)

    def reach(self, done: int) -> None:
        self._done = done
        self._show_step()

    def describe(self, description: str) -> None:
        self._description = description
        self._show_step()

    def _show_stage(self) -> None:
        raise NotImplementedError

    def _show_step(self) -> None:
        raise NotImplementedError


class BarProgress(_CountingProgress):
    """A bar with the time left, for terminals; use as a context manager."""

    def __init__(self, console: Console, interrupted: Callable[[], bool]) -> None:
        super().__init__(interrupted)
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("time left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._stage = self._bar.add_task("", total=None, visible=False)

    def __enter__(self) -> BarProgress:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def _show_stage(self) -> None:
        self._bar.remove_task(self._stage)
        self._stage = self._bar.add_task(self._description, total=self._total)

    def _show_step(self) -> None:
        stop = " (stopping)" if self.interrupted else ""
        self._bar.update(self._stage, completed=self._done, description=self._description + stop)


class LineProgress(_CountingProgress):
    """Few plain lines, for output that is no terminal; use as a context manager."""

    def __init__(self, console: Console, interrupted: Callable[[], bool]) -> None:
        super().__init__(interrupted)
        self._console = console
        self._last = time.monotonic()
        self._first: tuple[float, int] | None = None

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def _show_stage(self) -> None:
        self._last = time.monotonic()
        self._first = None
        self._print(f"{self._description}: {self._total} steps")

    def _show_step(self) -> None:
        if self._done == 0:
            return
        now = time.monotonic()
        if self._first is None:  # what comes before the first step, compiling say, is no measure
            self._first = now, self._done
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        line = f"{self._description}: {self._done} of {self._total}"
        started, done_then = self._first
        if self._done > done_then:
            left = (now - started) * (self._total - self._done) / (self._done - done_then)
            line += f", about {left:.0f} s left"
        self._print(line)

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def progress_on(console: Console, interrupted: Callable[[], bool]) -> BarProgress | LineProgress:
    """Return the progress that suits where `console` writes to."""
    kind = BarProgress if console.is_terminal else LineProgress
    return kind(console, interrupted)

"""A watched run: its progress, its end when asked, and its guard; currents that are played."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, StateMonitor, ms

from htm_brian.errors import NotFiniteError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.running import STRETCHES, play, run_watched


class Counted(SilentProgress):
    """Counts what it is told, and asks to stop after so many steps."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.total = self.done = 0
        self.stop_after = stop_after

    @property
    def interrupted(self) -> bool:  # type: ignore[override]
        return self.stop_after is not None and self.done >= self.stop_after

    def begin(self, description: str, total: int) -> None:
        self.total = total

    def advance(self, steps: int = 1) -> None:
        self.done += steps


def test_a_run_goes_to_its_end_and_tells_every_tenth() -> None:
    cells = NeuronGroup(1, "dx/dt = 1/ms : 1", method="euler")
    progress = Counted()
    assert run_watched(Network(cells), 20 * ms, progress, "x")
    assert progress.done == progress.total == STRETCHES
    assert float(cells.x[0]) == pytest.approx(20)


def test_a_run_that_is_asked_to_stop_ends_and_says_so() -> None:
    cells = NeuronGroup(1, "dx/dt = 1/ms : 1", method="euler")
    assert not run_watched(Network(cells), 20 * ms, Counted(stop_after=3), "x")
    assert float(cells.x[0]) == pytest.approx(6, abs=0.2)


def test_a_guarded_state_that_blows_up_ends_the_run() -> None:
    cells = NeuronGroup(1, "dx/dt = x**2/ms : 1", method="euler", name="exploding")
    cells.x = 1e200
    with pytest.raises(NotFiniteError, match=r"x of exploding\[0\] is inf"):
        run_watched(Network(cells), 20 * ms, Counted(), "x", [cells])


def test_what_is_played_holds_its_last_value() -> None:
    cells = NeuronGroup(2, "x : 1")
    monitor = StateMonitor(cells, "x", record=True, dt=1 * ms)
    course = np.array([[1.0, 10.0], [2.0, 20.0]])
    Network(cells, play(cells, {"x": course}, 2 * ms), monitor).run(6 * ms)
    assert monitor.x[0].tolist() == [1, 1, 2, 2, 2, 2]
    assert monitor.x[1].tolist() == [10, 10, 20, 20, 20, 20]

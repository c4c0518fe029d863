"""The protocol on few memories, and that a difference would be seen."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.memory_equations import draw
from htm_brian.protocols.memory_equations import MemoryEquationsParameters, checks
from htm_brian.protocols.memory_equations.reference import ReferenceTemporalMemory

SMALL = MemoryEquationsParameters(memories=4, steps=60)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("memory_equations")(SMALL).run(SilentProgress())


def test_nothing_differs_and_there_was_something_to_differ(outcome: Outcome) -> None:
    assert outcome.passed and len(outcome.checks) == 5
    assert outcome.metrics["steps compared"] == 240
    assert outcome.metrics["steps with predicted cells"] > 60
    assert outcome.metrics["most synapses of a memory"] > 20


def test_a_memory_that_forgets_to_burst_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_cell(self: ReferenceTemporalMemory, column: int) -> list[int]:
        return [column * self.cells_per_column]

    monkeypatch.setattr(ReferenceTemporalMemory, "cells_of", one_cell)
    wrong = load_protocol("memory_equations")(SMALL).run(SilentProgress())
    assert not wrong.passed


def test_one_step_that_differs_fails(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong.differs[1, 7, 2] = True
    failed = [check.name for check in checks(wrong) if not check.passed]
    assert failed == ["steps at which predictive cells differ"]


def test_the_figure_is_drawn(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 2 and np.isfinite(figure.axes[0].lines[0].get_ydata()).all()


def test_stopped_half_way() -> None:
    class Stopped(SilentProgress):
        interrupted = True

    result = load_protocol("memory_equations")(SMALL).run(Stopped())
    assert result.partial and draw(result.dataset) == {}


def test_bad_parameters_are_named() -> None:
    with pytest.raises(ValueError, match="steps must be at least 20, got 3"):
        MemoryEquationsParameters(steps=3)

"""The protocol on few events: what holds, and what would fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from brian2 import Hz

from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome
from htm_brian.figures.calcium_to_permanence import draw
from htm_brian.protocols.calcium_to_permanence import (
    CalciumToPermanence,
    CalciumToPermanenceParameters,
)

SMALL = CalciumToPermanenceParameters(events=260, synapses=3)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return CalciumToPermanence(SMALL).run(SilentProgress())


def test_soft_bounds_are_a_moving_average_and_hard_bounds_a_counter(outcome: Outcome) -> None:
    alpha = "soft bounds: alpha of "
    failed = [check.name for check in outcome.checks if not check.passed]
    assert [name for name in failed if not name.startswith(alpha)] == []
    kept = [check.value for check in outcome.checks if "patterns kept" in check.name]
    assert kept == [2, 3, 6, 11]


def test_alpha_misses_its_closed_form_by_the_drift_between_events(outcome: Outcome) -> None:
    """Twice as many events in a second leave half of the time for it."""
    often = CalciumToPermanence(replace(SMALL, event_rate=2 * Hz)).run(SilentProgress())
    off = [(each.dataset.alpha / each.dataset.exact_alpha - 1) for each in (outcome, often)]
    assert off[1].to_numpy() == pytest.approx(off[0].to_numpy() / 2, rel=0.15)
    assert abs(off[0].sel(presynaptic="silent")) > 0.01


def test_rare_events_leave_time_for_the_drift_and_are_no_moving_average() -> None:
    """At one event in 50 s the bistable drift is as strong as an event."""
    rare = CalciumToPermanence(replace(SMALL, event_rate=0.02 * Hz, events=60))
    checks = {check.name: check for check in rare.run(SilentProgress()).checks}
    silent = next(check for name, check in checks.items() if "silent" in name)
    assert not silent.passed


def test_its_figure_is_drawn_from_the_dataset(outcome: Outcome) -> None:
    assert set(draw(outcome.dataset)) == {"calcium_to_permanence"}


def test_too_quick_events_are_refused() -> None:
    with pytest.raises(InputError, match="event_rate must be at most"):
        CalciumToPermanenceParameters(event_rate=10 * Hz)

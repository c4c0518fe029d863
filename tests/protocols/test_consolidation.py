"""The protocol at small sizes: what lasts, what is captured, and that its checks can fail."""

from __future__ import annotations

import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.consolidation import draw
from htm_brian.protocols.consolidation import ConsolidationParameters
from htm_brian.protocols.consolidation.checks import checks

SMALL = ConsolidationParameters(cells=1, synapses=4, looks=8)

MISSED = ["published: share captured, weak 1 h before strong"]
"""By the published numbers a tag is up for 71 minutes and proteins take an hour to rise."""


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("consolidation")(SMALL).run(SilentProgress())


def test_all_that_is_asked_is_found_but_one(outcome: Outcome) -> None:
    failed = [check.name for check in outcome.checks if not check.passed]
    print({check.name: check.value for check in outcome.checks})
    assert failed == MISSED


def test_checks_fail_where_nothing_is_captured_and_everything_taken_back(outcome: Outcome) -> None:
    worse = outcome.dataset.copy(deep=True)
    worse["weak_at_last"] = 0.3 - worse.weak_at_last
    worse["potentiation_left"] = worse.potentiation - worse.potentiation_left
    failed = {check.name for check in checks(worse) if not check.passed}
    assert failed >= {
        "spaced: share captured, weak 1 h before strong",
        "spaced: share captured, weak 1 h after strong, no proteins",
        "spaced: share captured, weak 4 h before strong",
        "spaced: potentiation left, bursts after 5 min",
        "spaced: potentiation left, bursts after 2 h",
    }


def test_the_figure_is_drawn(outcome: Outcome) -> None:
    assert set(draw(outcome.dataset)) == {"consolidation"}
    assert draw(outcome.dataset.drop_vars("potentiation_left")) == {}


class StoppedAtOnce(SilentProgress):
    """Ctrl-C during the first experiment."""

    interrupted = True


def test_what_was_stopped_is_partial() -> None:
    outcome = load_protocol("consolidation")(SMALL).run(StoppedAtOnce())
    assert outcome.partial and "course" in outcome.dataset

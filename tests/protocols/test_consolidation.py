"""The protocol at small sizes: what lasts, what is captured, and that its checks can fail."""

from __future__ import annotations

import numpy as np
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


def weak_tetanus_in_steps(n: int) -> float:
    """Return the mean change h/h0 - 1 by the published equations and Euler's method."""
    rng = np.random.default_rng(1)
    step, tau, rest = 2e-4, 688.4, 4.20075
    arrivals = set(np.round((0.01 * np.arange(20) + 0.0188) / step).astype(int).tolist())
    early, calcium = np.full(n, rest), 0.0
    for k in range(round(0.6 / step)):
        calcium += k in arrivals
        up, down = calcium > 3, calcium > 1.2
        early += (
            step / tau * (0.1 * (rest - early) + 1645.6 * (10 - early) * up - 313.1 * early * down)
        )
        early += np.sqrt(step * (up + down) / tau) * 2.90436 * rng.standard_normal(n)
        calcium -= step * calcium / 0.0488
    return float(early.mean()) / rest - 1


def test_the_published_tag_of_a_weak_tetanus_is_gone_too_early(outcome: Outcome) -> None:
    """It comes an hour before the strong one."""
    weak = outcome.dataset.sel(model="published", proteins="made", gap=-1)
    change = weak_tetanus_in_steps(4000)
    # Two cells: their noise has a standard deviation of 0.014.
    assert float(weak.weak_at_once.mean()) == pytest.approx(change, abs=0.04)
    tagged = 6884 / 3600 * np.log(change / 0.2) - 1
    # Proteins rise to 1, and the late phase follows them, each with an hour's time constant.
    assert 0 < tagged - (1 - np.exp(-tagged)) < 0.05 * change


def test_the_figure_is_drawn(outcome: Outcome) -> None:
    assert set(draw(outcome.dataset)) == {"consolidation"}
    assert draw(outcome.dataset.drop_vars("potentiation_left")) == {}


class StoppedAtOnce(SilentProgress):
    """Ctrl-C during the first experiment."""

    interrupted = True


def test_what_was_stopped_is_partial() -> None:
    outcome = load_protocol("consolidation")(SMALL).run(StoppedAtOnce())
    assert outcome.partial and "course" in outcome.dataset

"""The protocol at a small size: two time scales, and checks that can fail."""

from __future__ import annotations

import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.strength_and_permanence import draw
from htm_brian.protocols.strength_and_permanence import StrengthAndPermanenceParameters
from htm_brian.protocols.strength_and_permanence.checks import checks

SMALL = StrengthAndPermanenceParameters(cells=1, synapses=4, hours=12.0)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("strength_and_permanence")(SMALL).run(SilentProgress())


def test_strength_changes_in_minutes_and_the_connected_set_after_spaced_repetition(
    outcome: Outcome,
) -> None:
    print({check.name: check.value for check in outcome.checks})
    assert [check.name for check in outcome.checks if not check.passed] == []


def test_checks_fail_where_the_two_are_one(outcome: Outcome) -> None:
    same = outcome.dataset.copy(deep=True)
    same["connected"] = (same.efficacy > 1.2) * 1.0
    failed = {check.name for check in checks(same) if not check.passed}
    assert failed == {
        "connected set within 5 min, largest share",
        "connected at last, one train",
        "connected at last, three, ten minutes apart",
        "spaced: hours until half are connected",
    }
    still = outcome.dataset.copy(deep=True)
    still["efficacy"], still["connected"] = 1 + 0 * still.efficacy, 0 * still.connected
    failed = {check.name for check in checks(still) if not check.passed}
    assert failed == {
        "efficacy within 5 min, rise",
        "connected at last, three, an hour apart",
        "spaced: hours until half are connected",
    }


def test_the_figure_is_drawn(outcome: Outcome) -> None:
    assert set(draw(outcome.dataset)) == {"strength_and_permanence"}

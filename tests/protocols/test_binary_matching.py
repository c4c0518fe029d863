"""The protocol with few draws, and that a wrong segment or formula would be seen."""

from __future__ import annotations

import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.binary_matching import draw
from htm_brian.protocols.binary_matching import BinaryMatchingParameters
from htm_brian.protocols.binary_matching.checks import checks

SMALL = BinaryMatchingParameters(patterns=20, draws=10_000)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("binary_matching")(SMALL).run(SilentProgress())


def test_segments_are_sets_and_formulas_are_exact(outcome: Outcome) -> None:
    print({check.name: check.value for check in outcome.checks})
    assert outcome.passed
    assert outcome.metrics["segments shown a pattern"] == 2000
    assert 0.1 < outcome.metrics["share of them that match"] < 0.9


def test_what_is_wrong_fails(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong.wrong[3] = 1
    wrong["closed_form"] = wrong.closed_form * (1 + 2e-6)
    wrong["counted"] = wrong.counted + 5 * wrong.standard_error
    assert not any(check.passed for check in checks(wrong))


def test_the_figure_is_drawn(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 2


def test_stopped_half_way() -> None:
    class Stopped(SilentProgress):
        interrupted = True

    result = load_protocol("binary_matching")(SMALL).run(Stopped())
    assert result.partial and draw(result.dataset) == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"segments": 300}, "segments must be at most cells = 256, one for each, got 300"),
        ({"threshold": 30}, r"threshold must lie in \[1, 24\], got 30"),
    ],
)
def test_bad_parameters_are_named(changes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BinaryMatchingParameters(**changes)

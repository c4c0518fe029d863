"""The quick form of the protocol: what it measures, what it demands."""

from __future__ import annotations

import pytest
from brian2 import mV, second

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.metabotropic_persistence import draw
from htm_brian.protocols.metabotropic_persistence import MetabotropicPersistenceParameters
from htm_brian.protocols.metabotropic_persistence.checks import checks


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("metabotropic_persistence").in_quick_form().outcome(SilentProgress())


@pytest.mark.slow
def test_every_check_holds(outcome: Outcome) -> None:
    assert outcome.passed, [check.as_dict() for check in outcome.checks if not check.passed]


@pytest.mark.slow
def test_the_closer_the_volleys_the_longer_the_depolarisation(outcome: Outcome) -> None:
    above = outcome.dataset.time_above.sel(receptors="with receptors")
    assert (above.diff("train") < 0)[:3].all()
    assert (outcome.dataset.time_above.sel(receptors="without receptors") == 0).all()


@pytest.mark.slow
def test_without_receptors_the_volleys_change_nothing(outcome: Outcome) -> None:
    probability = outcome.dataset.probability
    without = float(probability.sel(arm="without volleys"))
    assert float(probability.sel(arm="after volleys, no receptors")) == pytest.approx(
        without, abs=0.1
    )
    assert float(probability.sel(arm="after volleys")) > without + 0.2


@pytest.mark.slow
def test_a_depolarisation_that_never_ends_does_not_pass(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["time_above"][:] = 3.1
    wrong["left"][:] = 3.0
    wrong["probability"][:] = 0.3
    failed = [
        check.name
        for check in checks(wrong, MetabotropicPersistenceParameters())
        if not check.passed
    ]
    assert len(failed) == 3 + 3 + 1
    assert "gain in spike probability of a subthreshold basal input" in failed


@pytest.mark.slow
def test_figure(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_volleys": 1}, "n_volleys must be at least 2"),
        ({"noise": 3 * second}, "noise must have a unit like V, got 3"),
        ({"duration": 1 * second}, r"duration must be at least 3\. s"),
        ({"basal_share": 1.5}, "basal_share must lie in"),
        ({"model": "passive"}, r"metabotropic_persistence needs a table \[spike\]"),
        ({"level": -3 * mV}, "level must be positive"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        load_protocol("metabotropic_persistence")(MetabotropicPersistenceParameters(**changes))

"""The protocol on few connections: what it measures, what it demands, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.release_statistics import draw
from htm_brian.protocols.release_statistics import ReleaseStatisticsParameters
from htm_brian.protocols.release_statistics.checks import checks

SHORT = ReleaseStatisticsParameters(connections=10_000, long_connections=50)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("release_statistics")(SHORT).run(SilentProgress())


def test_what_does_not_need_many_connections_holds(outcome: Outcome) -> None:
    noisy = ("late over first", "failure rate less", "coefficient of variation of")
    failed = [c.as_dict() for c in outcome.checks if not c.passed]
    assert not [c for c in failed if not c["name"].startswith(noisy)], failed
    assert ("thalamocortical: release.sites", 27) in [
        tuple(row)[:2] for row in outcome.parameter_rows
    ]


def test_late_amplitudes_lie_within_their_error(outcome: Outcome) -> None:
    for name in ("depressing", "facilitating"):
        z = (outcome.dataset[name] - outcome.dataset[f"exact_{name}"]) / outcome.dataset[
            f"{name}_error"
        ]
        assert float(abs(z).max()) < 4, f"measured {z.to_numpy()}"


def test_a_release_that_is_off_does_not_pass(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["mean_quanta"] = wrong.mean_quanta * 1.1
    wrong["cv"] = 1 / wrong.cv
    wrong["failures"] = wrong.failures * 0.5
    failed = {check.name for check in checks(wrong) if not check.passed}
    assert len([name for name in failed if name.startswith("trial average")]) == 5
    assert any(name.startswith("coefficient of variation") for name in failed)
    assert any(name.startswith("failure rate less") for name in failed)


def test_figure(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 6
    assert np.isfinite(outcome.dataset.mean_quanta).all()


class Stopped(SilentProgress):
    interrupted = True


def test_stopped_half_way() -> None:
    short = ReleaseStatisticsParameters(connections=1000, long_connections=50)
    result = load_protocol("release_statistics")(short).run(Stopped())
    assert result.partial and draw(result.dataset) == {}


def test_bad_parameters() -> None:
    with pytest.raises(ValueError, match="^connections must be at least 1000, got 10$"):
        ReleaseStatisticsParameters(connections=10)


@pytest.mark.slow
def test_the_whole_run_passes() -> None:
    result = load_protocol("release_statistics")().run(SilentProgress())
    assert result.passed, [check.as_dict() for check in result.checks if not check.passed]

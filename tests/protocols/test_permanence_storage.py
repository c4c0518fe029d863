"""The protocol on few synapses: what is lost where, and checks that can fail."""

from __future__ import annotations

import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.permanence_storage import draw
from htm_brian.protocols.permanence_storage import PermanenceStorageParameters
from htm_brian.protocols.permanence_storage.checks import capacity, checks, lost, missed_at_capacity
from htm_brian.protocols.permanence_storage.measurement import AT, FAR

SMALL = PermanenceStorageParameters(
    synapses=30, events=500, pools=(40, 400), patterns=16, n_seeds=3, n_bit_seeds=3
)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("permanence_storage")(SMALL).run(SilentProgress())


def test_pruning_at_the_threshold_loses_what_pruning_far_below_keeps(outcome: Outcome) -> None:
    gone = lost(outcome.dataset, SMALL).mean("seed")
    assert float(gone.sel(pruning=FAR)) < 0.05 < 0.5 < float(gone.sel(pruning=AT))
    weak = outcome.dataset.disconnected.sum("rate")
    assert (weak.sel(pruning=FAR) > 0).all() and (weak.sel(pruning=AT) == 0).all()


def test_eight_bits_connect_nearly_the_same(outcome: Outcome) -> None:
    assert (outcome.dataset.connected_alike > 0.97).all()


def test_the_mean_permanence_is_that_of_patterns_that_share(outcome: Outcome) -> None:
    # Of 400 inputs n random patterns of 20 have 400 (1 - 0.95^n); each shows 20 of those.
    mean = outcome.dataset.mean_permanence.sel(pool=400).mean("seed")
    for n in (1, 8, 16):
        expected = 20 / (400 * (1 - 0.95**n))
        assert float(mean.sel(patterns=n)) == pytest.approx(expected, rel=0.1)
    assert int(capacity(outcome.dataset, SMALL).sel(pool=40)) == SMALL.patterns
    assert float(missed_at_capacity(outcome.dataset, SMALL).sel(pool=40).max()) == 0


def test_checks_fail_where_too_much_is_lost(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["left"], wrong["disconnected"] = 0.5 + 0 * wrong.left, 0 * wrong.disconnected
    wrong["connected_alike"] = wrong.connected_alike - 0.05
    wrong["missed"] = wrong.missed + 0.5
    passed = {check.name for check in checks(wrong, SMALL) if check.passed}
    assert passed == {"synapses that are disconnected and there, pruned at the threshold"}


def test_the_figure_is_drawn(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 3


def test_stopped_half_way() -> None:
    class Stopped(SilentProgress):
        interrupted = True

    result = load_protocol("permanence_storage")(SMALL).run(Stopped())
    assert result.partial and set(draw(result.dataset)) == {"permanence_storage"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pools": (400, 40)}, "pools must be numbers that rise"),
        ({"pools": (10,)}, "each of pools must lie in"),
        ({"pruned_far_below": 0.15}, "pruned_far_below must lie in"),
        ({"n_seeds": 1}, "n_seeds must be at least 2, got 1"),
        ({"n_bit_seeds": 1}, "n_bit_seeds must be at least 2, got 1"),
    ],
)
def test_bad_parameters_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PermanenceStorageParameters(**changes)  # type: ignore[arg-type]

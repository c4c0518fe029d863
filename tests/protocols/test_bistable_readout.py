"""The protocol with few trials: chance decides where it should, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, mV

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.bistable_readout import draw
from htm_brian.protocols.bistable_readout import BistableReadoutParameters
from htm_brian.protocols.bistable_readout.checks import checks
from htm_brian.protocols.bistable_readout.stimulus import SYNAPSES, bits_on, list_trials

SMALL = BistableReadoutParameters(
    networks=3, bits_of_a=(16, 20, 24), trials=40, control_trials=10, other_trials=4,
    volleys=16, duration=180 * ms,
)  # fmt: skip


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("bistable_readout")(SMALL).run(SilentProgress())


def test_stochastic_synapses_give_both_readings_and_deterministic_ones_do_not(
    outcome: Outcome,
) -> None:
    """The thread: stochastic synapses capture richer representations."""
    ambiguous = outcome.dataset.sel(bits_of_a=20)
    rarer = np.minimum(ambiguous.read_a, ambiguous.read_b).mean("network")
    assert float(rarer.sel(synapse="1 site, p = 0.5")) > 0.3, rarer
    assert float(rarer.sel(synapse="deterministic")) < 0.2, rarer


def test_what_is_not_ambiguous_is_read_as_what_it_is(outcome: Outcome) -> None:
    assert (outcome.dataset.read_a.sel(bits_of_a=24).mean("network") > 0.9).all()
    assert (outcome.dataset.read_b.sel(bits_of_a=16).mean("network") > 0.9).all()


def test_trials_and_bits() -> None:
    trials = list_trials(SMALL)
    # Two stochastic kinds and the control, in three networks.
    assert len(trials.level) == 3 * (2 * 40 + 10 + 3 * 2 * 4)
    assert set(trials.synapse) == set(range(len(SYNAPSES)))
    on = bits_on(SMALL)
    assert on.sum(axis=2).tolist() == [[16, 24], [20, 20], [24, 16]]


def test_networks_that_stick_to_different_readings_do_not_pass(outcome: Outcome) -> None:
    stuck = outcome.dataset.copy(deep=True)
    stuck["read_a"][:, ::2], stuck["read_b"][:, ::2] = 1.0, 0.0
    stuck["read_a"][:, 1::2], stuck["read_b"][:, 1::2] = 0.0, 1.0
    assert [check.passed for check in checks(stuck, SMALL)][:3] == [False, False, True]
    mixed = outcome.dataset.copy(deep=True)
    mixed["read_a"][:], mixed["read_b"][:] = 0.5, 0.5
    assert [check.passed for check in checks(mixed, SMALL)][:3] == [True, True, False]


def test_figure(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 3


def test_stopped_half_way() -> None:
    class Stopped(SilentProgress):
        interrupted = True

    few = replace(SMALL, networks=1, trials=1, control_trials=1, other_trials=1)
    result = load_protocol("bistable_readout")(few).run(Stopped())
    assert result.partial and draw(result.dataset) == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bits": 39}, "bits must be even, and half of them in bits_of_a, got 39"),
        ({"bits_of_a": (16, 24)}, "bits must be even, and half of them in bits_of_a"),
        ({"trials": 0}, "trials must be at least 1, got 0"),
        ({"duration": 3 * mV}, "duration must be a positive time"),
        ({"duration": 0 * ms}, "duration must be a positive time"),
        ({"drive_spread": 1.0}, r"drive_spread must lie in \[0, 0.9\], got 1.0"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        replace(SMALL, **changes)

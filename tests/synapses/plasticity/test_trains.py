"""A rule run from event to event is the same rule as in Brian2."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms

from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.finding import list_rule_models, online_rule
from htm_brian.synapses.plasticity.trains import Trains
from tests.synapses.plasticity.one_to_one import efficacy_after, random_trains


def needs_spikes_alone(name: str) -> bool:
    rule = online_rule(name)
    return not (rule.target_equations or rule.on_plateau or rule.on_target_event)


ALONE = [name for name in list_rule_models() if needs_spikes_alone(name)]


@pytest.mark.parametrize("name", ALONE)
def test_events_alone_give_what_brian2_gives(name: str) -> None:
    rule = online_rule(name)
    pre, post = (random_trains(5, seed, 150, 0.05) for seed in (5, 6))
    if "presynaptic_delay" in rule.table:  # Brian2 would round it to a time step
        rule = rule.with_values(presynaptic_delay=4.6 * ms)
    if rule.noisy:  # its streams have other names
        rule = rule.with_values(noise=0)
    trains = Trains(rule, 5)
    seconds = [[times / 1e3 for times in side] for side in (pre, post)]
    (found,) = trains.run(*seconds, look_at=[0.2])
    in_brian2 = efficacy_after(rule, pre, post, 200)
    assert np.ptp(in_brian2) > 1e-4
    np.testing.assert_allclose(found, in_brian2, atol=1e-9)


def test_a_number_of_the_rule_may_differ_between_synapses() -> None:
    rule = online_rule("pair_stdp")
    trains = Trains(rule, 2, constants={"potentiation": [0.1, 0.2]})
    trains.run([[0.0]] * 2, [[0.0]] * 2)
    np.testing.assert_allclose(trains.state["efficacy"], [0.6, 0.7])


def test_a_spike_that_fails_is_not_there() -> None:
    trains = Trains(online_rule("calcium_based_dp"), 2)
    trains.run([[0.0, 0.005]] * 2, [[]] * 2, released=[[1, 0], [0, 1]])
    assert trains.state["calcium"][0] == pytest.approx(np.exp(-5 / 20))
    assert trains.state["calcium"][1] == 1.0


def test_an_event_that_the_rule_does_not_have_is_refused() -> None:
    with pytest.raises(InputError, match="PairStdp has no event plateau"):
        Trains(online_rule("pair_stdp"), 1).run([[]], [[]], plateau=[[0.1]])
    with pytest.raises(InputError, match="there must be 2 trains"):
        Trains(online_rule("pair_stdp"), 2).run([[], []], [[]])

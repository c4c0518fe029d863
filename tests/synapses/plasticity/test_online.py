"""What every rule of efficacy has in common: its pathways, its releases, its refusals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms, prefs

from htm_brian.errors import InputError, mistake_behind
from htm_brian.parameters import Key, Model, Parameter, Table
from htm_brian.synapses.plasticity.finding import list_rule_models, online_rule, rules
from htm_brian.synapses.plasticity.online import Later, OnlineRule, synapse_arguments
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.release.stochastic import ReleaseSynapses

AFTER = 5 * ms


@dataclass(frozen=True)
class Counts(OnlineRule):
    """Counts what happens at a synapse, and what happened to its releases later."""

    keys: ClassVar = {"step": Key("1", "of the counts")}
    equations = """
    efficacy : 1
    arrivals : 1
    late : 1
    fired : 1
    plateaus : 1
    others : 1
    """
    on_pre = "arrivals += step*arrival"
    on_post = "fired += step"
    on_plateau = "plateaus += step"
    on_target_event: ClassVar = {"other": "others += step"}

    @classmethod
    def table_name(cls) -> str:
        return "counts"

    @property
    def later(self) -> dict[str, Later]:
        # Digits of one number, so that the order shows.
        return {"late": Later("late = 10*late + arrival", AFTER)}


def counts(step: float = 1.0) -> Counts:
    parameter = Parameter("counts", "step", step, "1", "a test", 0, 10)
    table = Table("counts", (parameter,))
    return Counts(Model("counts", 1, "plasticity", "a test", (table,), "counts.toml"))


def axon(*times: float) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(1, np.zeros(len(times), int), np.array(times) * ms)


def cell() -> NeuronGroup:
    """A cell that spikes at 1 and 2 ms, has a plateau at 3 ms and another event at 4 ms."""
    return NeuronGroup(
        1,
        "v : 1",
        threshold="abs(t - 1*ms) < dt/2 or abs(t - 2*ms) < dt/2",
        reset="",
        events={"plateau": "abs(t - 3*ms) < dt/2", "other": "abs(t - 4*ms) < dt/2"},
    )


def test_every_event_reaches_its_text_once() -> None:
    pre, post = axon(1, 6, 7), cell()
    synapses = PlasticSynapses(pre, post, counts(2.0), on_pre="v_post += arrivals", delay=1 * ms)
    synapses.connect()
    Network(pre, post, synapses).run(20 * ms)
    found = [float(getattr(synapses, name)[0]) for name in ("arrivals", "fired", "plateaus")]
    assert found == [6.0, 4.0, 2.0]
    assert synapses.others[0] == 2.0 and synapses.late[0] == 111.0
    assert post.v[0] == 2 + 4 + 6, "the user's text comes after the rule's"


def test_what_comes_later_comes_later_than_the_arrival() -> None:
    pre, post = axon(1), cell()
    synapses = PlasticSynapses(pre, post, counts(), delay=1 * ms)
    synapses.connect()
    network = Network(pre, post, synapses)
    network.run(7 * ms)
    assert synapses.arrivals[0] == 1 and synapses.late[0] == 0
    network.run(0.1 * ms)
    assert synapses.late[0] == 1


def test_the_text_goes_into_synapses_of_ones_own() -> None:
    pre, post = axon(1, 6), cell()
    synapses = Synapses(pre, post, **synapse_arguments(counts(), on_pre="v_post += 1"))
    synapses.connect()
    Network(pre, post, synapses).run(20 * ms)
    assert synapses.arrivals[0] == 2 and synapses.late[0] == 11 and post.v[0] == 2


def released_and_later(target: str) -> tuple[np.ndarray, np.ndarray]:
    """Return which spikes each of many synapses released, and which it was told of later."""
    prefs.codegen.target = target
    pre = axon(*range(1, 11))
    post = NeuronGroup(
        500, "v : 1", threshold="False", reset="", events={"plateau": "False", "other": "v>9"}
    )
    synapses = ReleaseSynapses(
        pre,
        post,
        "memoryless_release",
        on_release="digits = 10*digits + arrival",
        equations="digits : 1",
        rule=counts(),
        seed=3,
        delay=1 * ms,
        name="failing",
    )
    synapses.connect()
    Network(pre, post, synapses).run(20 * ms)
    return np.array(synapses.digits[:]), np.array(synapses.late[:])


def test_what_comes_later_knows_whether_its_own_spike_released() -> None:
    released, later = released_and_later("numpy")
    assert len(np.unique(released)) > 50, "all kinds of failures, five spikes under way at a time"
    np.testing.assert_array_equal(later, released)


def test_every_rule_has_a_file_and_a_model_and_every_model_a_rule() -> None:
    assert {online_rule(name).table_name() for name in list_rule_models()} == set(rules())


def test_a_rule_of_ones_own_needs_its_table() -> None:
    with pytest.raises(InputError, match=r"Counts reads the table \[counts\], which pair_stdp"):
        Counts("pair_stdp")
    with pytest.raises(InputError, match="no plasticity rule reads l5_reduced"):
        online_rule("l5_reduced")
    with pytest.raises(InputError, match=r"step must lie in \[0, 10\], got 11"):
        counts().with_values(step=11)


def test_a_group_without_what_the_rule_needs_is_refused() -> None:
    pre = axon(1)
    quiet = NeuronGroup(1, "v : 1")
    with pytest.raises(InputError, match="target must have the event 'spike'"):
        PlasticSynapses(pre, quiet, counts())
    spiking = NeuronGroup(1, "v : 1", threshold="False", reset="")
    with pytest.raises(InputError, match="target must have the event 'plateau'"):
        PlasticSynapses(pre, spiking, counts())
    named = NeuronGroup(
        1, "step : 1", threshold="False", reset="", events={"plateau": "False", "other": "False"}
    )
    with pytest.raises(InputError, match="has a variable step, which is a number of Counts"):
        PlasticSynapses(pre, named, counts())


def test_a_delay_changed_for_the_arrival_alone_is_refused() -> None:
    pre, post = axon(1), cell()
    synapses = PlasticSynapses(pre, post, counts())
    synapses.connect()
    synapses.pre.delay = 1 * ms
    with pytest.raises(Exception) as raised:  # Brian2 wraps what is found before a run
        Network(pre, post, synapses).run(1 * ms)
    assert "must be 5. ms more" in str(mistake_behind(raised.value))

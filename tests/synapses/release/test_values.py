"""Numbers that release synapses are given are checked where they are set, or before a run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from brian2 import Hz, Network, NeuronGroup, SpikeGeneratorGroup, ms, mV, second

from htm_brian.errors import InputError
from htm_brian.synapses.release.stochastic import ReleaseSynapses
from htm_brian.synapses.release.terminals import SpontaneousRelease, TerminalSynapses
from htm_brian.synapses.release.values import BOUNDS

Made = tuple[ReleaseSynapses, Network]


@pytest.fixture
def made() -> Made:
    axon = SpikeGeneratorGroup(2, [0], [1] * ms)
    cells = NeuronGroup(2, "received : 1")
    synapses = ReleaseSynapses(
        axon,
        cells,
        "layer5_pair",
        on_release="received_post += quanta",
        per_connection=("sites", "release_probability", "recovery_time"),
        name="s",
    )
    synapses.connect()
    network = Network(axon, cells, synapses)
    network.run(0 * ms)
    return synapses, network


BAD_VALUES = [
    ("release_probability", 1.5, "release_probability of s must lie in [0, 1], got 1.5"),
    ("release_probability", np.nan, "release_probability of s must lie in [0, 1], got nan"),
    ("release_probability", -1, "release_probability of s must lie in [0, 1], got -1"),
    ("release_probability", "0.5 + i", "release_probability of s must lie in [0, 1], got 1.5"),
    ("release_probability", 1 * mV, "release_probability of s must be a plain number, got 1. * mv"),
    ("release_probability", True, "release_probability of s must be a number, got True"),
    ("release_probability", None, "release_probability of s must be a number, got None"),
    ("release_probability", "0.5 mV", "release_probability of s must be a number, a quantity or"),
    ("sites", 2000, "sites of s must be an integer and lie in [1, 1000], got 2000"),
    ("sites", 2.5, "sites of s must be an integer and lie in [1, 1000], got 2.5"),
    ("sites", [1, 2, 0, 3], "sites of s must be an integer and lie in [1, 1000], got 0"),
    ("sites", -1e308, "sites of s must be an integer and lie in [1, 1000], got -1e+308"),
    ("quantal_variation", -0.1, "quantal_variation of s must lie in [0, 10], got -0.1"),
    ("quantal_size", np.inf * mV, "quantal_size of s must lie in [-1, 1], got inf"),
    ("quantal_size", 0.5, "quantal_size of s must be a quantity in V, got 0.5"),
    ("recovery_time", -1 * ms, "recovery_time of s must lie in [0, 1e+06], got -0.001"),
    ("recovery_time", [1 * mV] * 4, "recovery_time of s must be a quantity in s, got [1. * mvolt"),
    ("facilitation_time_", -1, "facilitation_time of s must lie in [0, 1e+06], got -1"),
    ("spontaneous_rate", np.nan * Hz, "spontaneous_rate of s must lie in [0, 1e+06], got nan"),
    ("empty", -1, "empty of s must be an integer and lie in [0, 1000], got -1"),
    ("empty", 0.5, "empty of s must be an integer and lie in [0, 1000], got 0.5"),
    ("utilisation", 1.1, "utilisation of s must lie in [0, 1], got 1.1"),
    ("delay", -1 * ms, "delay of s_pre must lie in [0, 60], got -0.001"),
    ("delay", 1e308 * second, "delay of s_pre must lie in [0, 60], got 1e+308"),
    ("delay", "1 s", "delay of s_pre must be a number, a quantity or an expression"),
    ("delay", 5, "delay of s_pre must be a quantity in s, got 5"),
]


@pytest.mark.parametrize("place", ["all", "item"])
@pytest.mark.parametrize(("name", "value", "message"), BAD_VALUES)
def test_a_value_out_of_range_is_refused_where_it_is_set(
    made: Made, name: str, value: object, message: str, place: str
) -> None:
    synapses, _ = made
    with pytest.raises(InputError) as caught:
        if place == "all":
            setattr(synapses, name, value)
        else:
            getattr(synapses, name)[:] = value
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.variables["sites"].set_value(2.5), "sites of s must be an integer"),
        (lambda s: s.set_states({"release_probability": np.full(4, 2.0)}), "release_probability "),
        (lambda s: setattr(s.pre, "delay", -1 * ms), r"delay of s must lie in \[0, 60\], got -"),
        (lambda s: setattr(s, "empty", 9), "empty of s must be at most its sites, got 9"),
        (lambda s: setattr(s, "last_spike", 5 * second), "last_spike of s must not lie after"),
    ],
)
def test_what_else_is_wrong_is_refused_before_a_run(
    made: Made, change: Callable[[ReleaseSynapses], None], message: str
) -> None:
    synapses, network = made
    with pytest.raises(Exception) as caught:  # Brian2 says which object, and chains the cause
        change(synapses)
        network.run(0 * ms)
    with pytest.raises(InputError, match=f"^{message}"):
        raise caught.value.__cause__ or caught.value


def test_right_values_pass(made: Made) -> None:
    synapses, network = made
    synapses.release_probability = [0, 1, 0.5, np.float32(0.25)]
    synapses.sites = np.arange(1, 5)
    synapses.sites[0] = 1000
    synapses.sites["i == 1"] = "j + 1"
    synapses.recovery_time = [1, 2, 3, 4] * ms
    synapses.facilitation_time = 0
    synapses.quantal_size_ = 1e-3
    synapses.delay[1] = 3 * ms
    network.run(2 * ms)
    assert synapses.sites[:].tolist() == [1000, 2, 1, 2]
    synapses.rest()
    network.run(0 * ms)


def test_every_bound_is_of_a_variable(made: Made) -> None:
    synapses, _ = made
    assert {name for name in BOUNDS if not hasattr(synapses, name)} == set()


BAD_ARGUMENTS = [
    ({"seed": -1}, "seed must be at least 0, got -1"),
    ({"seed": 1.5}, "seed must be an integer, got 1.5"),
    ({"trial": True}, "trial must be an integer, got True"),
    ({"trial": 2**64}, "trial must lie in [0, "),
    ({"order": 0.5}, "order must be an integer, got 0.5"),
    ({"stream": 5}, "stream must be text, got 5"),
    ({"stream": ""}, "stream must not be empty"),
    ({"name": 5}, "name must be text, got 5"),
    ({"on_release": None}, "on_release must be text, got None"),
    ({"equations": 3}, "equations must be text, got 3"),
    ({"namespace": [1]}, "namespace must be a mapping such as a dict, got [1]"),
    ({"delay": "1 s"}, "delay must be one time such as 1*ms, got '1 s'"),
    ({"delay": 1}, "delay must be one time such as 1*ms, got 1"),
    ({"delay": [1, 2] * ms}, "delay must be one time such as 1*ms, got array([1., 2.]) * msecond"),
    ({"delay": -1 * ms}, "delay must lie in [0, 60] s, got -1. * msecond"),
    ({"delay": np.nan * ms}, "delay must lie in [0, 60] s, got nan * second"),
    ({"delay": 1e308 * second}, "delay must lie in [0, 60] s, got 1.e+284 * Ysecond"),
    ({"source": 5}, "source must be a group that spikes, got 5"),
    ({"target": None}, "target must be a Brian2 group, got None"),
    ({"variant": 1}, "variant must be one of 'multivesicular', 'single_site', got 1"),
    ({"per_connection": "sites"}, 'per_connection must be a tuple such as ("sites",), got'),
    ({"per_connection": ("site",)}, "per_connection must be one of 'sites', "),
]


@pytest.mark.parametrize("kind", [ReleaseSynapses, TerminalSynapses])
@pytest.mark.parametrize(("changes", "message"), BAD_ARGUMENTS)
def test_wrong_arguments_are_named_in_one_line(
    kind: type, changes: dict[str, object], message: str
) -> None:
    axon, cells = SpikeGeneratorGroup(1, [], [] * ms), NeuronGroup(1, "received : 1")
    Network(axon, cells).run(0 * ms)  # Brian2 complains of what no network ever ran
    usual = {"source": axon, "target": cells, "model": "layer5_pair", "name": "x"}
    usual["on_release"] = "received_post += quanta"
    with pytest.raises(InputError) as caught:
        kind(**usual | changes)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


def test_a_source_without_spikes_is_refused() -> None:
    cells = NeuronGroup(1, "received : 1")
    Network(cells).run(0 * ms)
    with pytest.raises(InputError, match="^source must be a group that spikes, got NeuronGroup"):
        ReleaseSynapses(cells, cells, "layer5_pair", on_release="")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dt": 0 * ms}, "dt must be above 0, got 0 s"),
        ({"dt": 1}, r"dt must be one time such as 1\*ms, got 1"),
        ({"dt": "1 ms"}, r"dt must be one time such as 1\*ms, got '1 ms'"),
        ({"seed": -3}, "seed must be at least 0, got -3"),
        ({"trial": "a"}, "trial must be an integer, got 'a'"),
    ],
)
def test_wrong_arguments_of_spontaneous_release(
    made: Made, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        SpontaneousRelease(made[0], **changes)


def test_a_rate_of_more_than_one_in_a_time_step_is_refused(made: Made) -> None:
    synapses, network = made
    synapses.spontaneous_rate = 50_000 * Hz
    spontaneous = SpontaneousRelease(synapses)
    network.add(*spontaneous.objects)
    with pytest.raises(Exception) as caught:
        network.run(0 * ms)
    assert str(caught.value.__cause__).startswith(
        "spontaneous_rate of s must be at most one in a time step of 0.0001 s, got 50000 Hz"
    )
    synapses.spontaneous_rate = 0 * Hz
    network.run(0 * ms)

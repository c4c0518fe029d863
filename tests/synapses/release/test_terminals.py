"""Order, subgroups, and store and restore of release synapses, each against a count by hand.

Every site releases for certain and then stays empty, so that what arrives can be counted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    device,
    ms,
    prefs,
    second,
    set_device,
)

from htm_brian.errors import InputError
from htm_brian.parameters import load_model
from htm_brian.synapses.release.stochastic import ReleaseSynapses
from htm_brian.synapses.release.terminals import SpontaneousRelease, TerminalSynapses


def certain_then_empty(synapses: ReleaseSynapses) -> None:
    synapses.release_probability = 1
    synapses.recovery_time = 1e6 * second
    synapses.facilitation_time = 0 * second


def targets(n: int = 3) -> NeuronGroup:
    return NeuronGroup(n, "received : 1\nvolleys : 1", dt=0.1 * ms, name="targets*")


def spiking_at(*steps: int) -> str:
    return " or ".join(f"timestep(t, dt) == {step}" for step in steps)


def everything() -> dict[str, np.ndarray]:
    """Let cells 3 to 6 of ten spike twice onto cells 2 to 5 of eight, and give what arrived.

    The other cells spike, too. Of the pathways, one doubles what is there, and comes first or last.
    """
    axons = NeuronGroup(10, "", threshold=spiking_at(10, 60), reset="", name="axons")
    cells = NeuronGroup(8, "received : 1\nshared : 1\nlast : 1\nfirst : 1", dt=0.1 * ms, name="c")
    source, target = axons[3:7], cells[2:6]
    pre, post = np.array([0, 1, 2, 3, 3]), np.array([3, 0, 0, 1, 2])
    single = ReleaseSynapses(
        source,
        target,
        "layer5_pair",
        on_release="received_post += quanta",
        per_connection=("sites",),
        seed=1,
        name="single",
    )
    single.connect(i=pre, j=post)
    single.sites = np.array([1, 2, 4, 8, 16])
    bouton = TerminalSynapses(
        source,
        target,
        "layer5_pair",
        on_release="shared_post += weight*quanta",
        equations="weight : 1",
        delay=0.3 * ms,
        seed=1,
        name="bouton",
    )
    bouton.connect(i=pre, j=post)
    bouton.weight = np.array([1, 10, 100, 1000, 10_000])
    bouton.terminals.sites = 3
    doubled = []
    for variable, order, name in (("last", 1, "a"), ("first", -1, "z")):
        pair = [
            ReleaseSynapses(
                axons, cells, "layer5_pair", on_release=text, order=rank, seed=1, name=f"{name}{k}"
            )
            for k, (text, rank) in enumerate(
                [(f"{variable}_post *= 2", order), (f"{variable}_post += quanta", 0)]
            )
        ]
        for synapses in pair:
            synapses.connect(i=np.array([0]), j=np.array([0]))
        pair[1].sites = 5
        doubled += pair
    for synapses in (single, bouton.terminals, *doubled):
        certain_then_empty(synapses)
    Network(axons, cells, single, *bouton.objects, *doubled).run(10 * ms)
    return {name: np.array(getattr(cells, name)[:]) for name in cells.equations.names}


WANTED = {
    "received": [0, 0, 2 + 4, 8, 16, 1, 0, 0],  # all at the first spike
    "shared": [0, 0, 3 * 110, 3 * 1000, 3 * 10_000, 3 * 1, 0, 0],
    "last": [(0 + 5) * 2 * 2, *[0] * 7],  # doubled after it arrived, and once more
    "first": [(0 * 2 + 5) * 2, *[0] * 7],  # nothing was there to double at the first spike
}


def check(found: dict[str, np.ndarray]) -> None:
    for name, wanted in WANTED.items():
        np.testing.assert_array_equal(found[name], wanted, err_msg=name)


def test_orders_and_subgroups_against_a_count() -> None:
    check(everything())


@pytest.mark.slow
def test_orders_and_subgroups_against_a_count_in_cython() -> None:
    prefs.codegen.target = "cython"
    check(everything())


@pytest.mark.slow
@pytest.mark.standalone
def test_orders_and_subgroups_against_a_count_in_cpp_standalone(tmp_path: Path) -> None:
    set_device("cpp_standalone", directory=str(tmp_path / "program"), build_on_run=True)
    check(everything())
    assert device.has_been_run


@pytest.mark.parametrize("name", ["contacts", "z"])
def test_targets_get_what_this_spike_released(name: str) -> None:
    axon = SpikeGeneratorGroup(1, [0] * 4, [1, 21, 41, 141] * ms)
    cells = targets()
    synapses = TerminalSynapses(
        axon, cells, "layer5_pair", on_release="received_post += quanta", seed=5, name=name
    )
    synapses.connect()
    network = Network(axon, cells, synapses)  # it contains its terminals
    released, received = [], []
    for stop in (10, 30, 50, 150):
        before = float(cells.received[0])
        network.run(stop * ms - network.t)
        released.append(int(synapses.terminals.quanta[0]))
        received.append(float(cells.received[0]) - before)
    assert received == released and len(set(released)) > 1


def test_a_delay_set_later_is_that_of_the_terminals_too() -> None:
    axon = SpikeGeneratorGroup(1, [0], [1] * ms)
    cells = targets()
    synapses = TerminalSynapses(
        axon, cells, "layer5_pair", on_release="received_post += quanta", name="late"
    )
    synapses.connect()
    synapses.delay = 4 * ms
    certain_then_empty(synapses.terminals)
    network = Network(axon, cells, *synapses.objects)
    network.run(4.9 * ms)
    assert not np.any(cells.received[:])
    network.run(0.2 * ms)
    assert np.all(cells.received[:] == 5)


def test_a_condition_may_name_variables_of_the_caller() -> None:
    chosen = 2
    for kind in (ReleaseSynapses, TerminalSynapses):
        axon, cells = SpikeGeneratorGroup(4, [], [] * ms), targets(4)
        synapses = kind(
            axon, cells, "layer5_pair", on_release="received_post += quanta", name=kind.__name__
        )
        synapses.connect("j == chosen")
        assert synapses.j[:].tolist() == [chosen] * 4
        synapses.delay = "chosen*ms"
        assert float(np.max(synapses.delay[:])) == chosen * 1e-3
        Network(axon, cells, synapses).run(0 * ms)


def stored_and_restored(tmp_path: Path) -> None:
    axon = NeuronGroup(6, "", threshold=spiking_at(10, 210, 240, 610), reset="")
    cells = targets(40)
    model = load_model("layer23_pair").with_values({"spontaneous.spontaneous_rate": 5 * Hz})
    synapses = ReleaseSynapses(
        axon[1:5], cells[3:30], model, on_release="received_post += amplitude", seed=1, name="a"
    )
    synapses.connect()
    synapses.delay = "i*ms + j*0.1*ms"
    spontaneous = SpontaneousRelease(synapses, seed=2)
    terminal = TerminalSynapses(
        axon[2:4],
        cells[5:],
        "layer6_to_layer4",
        on_release="volleys_post += quanta",
        delay=7 * ms,
        seed=3,
        name="b",
    )
    terminal.connect()
    network = Network(axon, cells, synapses, *spontaneous.objects, *terminal.objects)

    def rest_of_the_run() -> list[np.ndarray]:
        network.run(50 * ms)
        state = (cells.received, cells.volleys, synapses.empty, synapses.draws, synapses.quanta)
        return [np.array(values[:]) for values in state] + [np.array(terminal.terminals.draws[:])]

    network.store("start")
    network.run(22 * ms)  # spikes are under way
    network.store()
    network.store("file", filename=str(tmp_path / "network"))
    wanted = rest_of_the_run()
    assert wanted[0].any() and wanted[1].any()
    network.restore()
    for found, same in zip(rest_of_the_run(), wanted, strict=True):
        np.testing.assert_array_equal(found, same)
    network.restore()
    synapses.set_stream(99)
    assert not np.array_equal(rest_of_the_run()[0], wanted[0])
    network.restore("file", filename=str(tmp_path / "network"))  # the stream's name comes back
    for found, same in zip(rest_of_the_run(), wanted, strict=True):
        np.testing.assert_array_equal(found, same)
    network.restore("start")
    network.run(22 * ms)
    for found, same in zip(rest_of_the_run(), wanted, strict=True):
        np.testing.assert_array_equal(found, same)


def test_state_follows_store_and_restore(tmp_path: Path) -> None:
    stored_and_restored(tmp_path)


@pytest.mark.slow
def test_state_follows_store_and_restore_in_cython(tmp_path: Path) -> None:
    prefs.codegen.target = "cython"
    stored_and_restored(tmp_path)


def test_what_was_added_after_the_minis_is_noticed() -> None:
    silent, cells = SpikeGeneratorGroup(1, [], [] * ms), targets(4)
    synapses = ReleaseSynapses(silent, cells, "layer5_pair", on_release="", name="more")
    synapses.connect(i=0, j=0)
    spontaneous = SpontaneousRelease(synapses)
    synapses.connect(i=0, j=1)
    with pytest.raises(Exception) as caught:
        Network(silent, cells, synapses, *spontaneous.objects).run(0 * ms)
    assert isinstance(caught.value.__cause__, InputError)
    assert str(caught.value.__cause__) == (
        "more must have the 1 connections that it had when more_spontaneous was made, got 2; make "
        "it after the last connect"
    )
    spontaneous = SpontaneousRelease(synapses)


def test_minis_have_no_presynaptic_cell() -> None:
    silent, cells = SpikeGeneratorGroup(1, [], [] * ms), targets(4)
    synapses = ReleaseSynapses(
        silent, cells, "layer5_pair", on_release="received_post += i*quanta", name="of_i"
    )
    synapses.connect()
    with pytest.raises(InputError, match="^on_release of of_i must not name i: without a spike"):
        SpontaneousRelease(synapses)
    with pytest.raises(InputError, match="^synapses must be ReleaseSynapses, got NeuronGroup"):
        SpontaneousRelease(cells)
    Network(silent, cells, synapses).run(0 * ms)

"""Release synapses in Brian2: their average, their spread, their streams, on every code path."""

from __future__ import annotations

import logging
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
    set_device,
)
from brian2.utils.logger import catch_logs

from htm_brian.parameters import load_model
from htm_brian.sdr.theory import burst_transmission
from htm_brian.synapses.release.short_term import coefficient_of_variation, train
from htm_brian.synapses.release.stochastic import ReleaseSynapses
from htm_brian.synapses.release.terminals import SpontaneousRelease, TerminalSynapses

TIMES = [1, 21, 41, 141]
N = 4000


@pytest.fixture
def axon() -> SpikeGeneratorGroup:
    return new_axon()


def new_axon() -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(1, [0] * len(TIMES), TIMES * ms, name="axon*")


def targets(n: int = N) -> NeuronGroup:
    return NeuronGroup(n, "received : 1\nvolleys : 1", dt=0.1 * ms, name="targets*")


def build(axon: SpikeGeneratorGroup, **arguments: object) -> tuple[ReleaseSynapses, NeuronGroup]:
    cells = targets()
    model = arguments.pop("model", "layer5_pair")
    synapses = ReleaseSynapses(
        axon,
        cells,
        model,
        **{"on_release": "received_post += amplitude", "seed": 1, "name": "release"} | arguments,
    )
    synapses.connect()
    return synapses, cells


def quanta_of_each_spike(network: Network, synapses: ReleaseSynapses) -> np.ndarray:
    found = []
    for end in [11, 31, 51, 151]:
        network.run((end - float(network.t / ms)) * ms)
        found.append(np.array(synapses.quanta[:]))
    return np.array(found)


@pytest.mark.parametrize("model", ["layer5_pair", "layer6_to_layer4", "thalamocortical"])
def test_the_trial_average_is_the_deterministic_model(
    axon: SpikeGeneratorGroup, model: str
) -> None:
    synapses, cells = build(axon, model=model)
    quanta = quanta_of_each_spike(Network(axon, cells, synapses), synapses)
    parameters = load_model(model)
    sites, start = (parameters["release"][key] for key in ("sites", "release_probability"))
    short_term = parameters["short_term"]
    times = np.array(TIMES) * 1e-3
    expected = train(
        start, float(short_term["recovery_time"]), float(short_term["facilitation_time"]), times
    ).released
    error = np.sqrt(sites * expected * (1 - expected) / N)
    z = (quanta.mean(axis=1) - sites * expected) / error
    assert np.all(np.abs(z) < 4), f"measured {z} standard errors"
    failures = (quanta == 0).mean(axis=1)
    chance = 1 - burst_transmission(expected, int(sites))
    assert np.all(np.abs(failures - chance) <= 4 * np.sqrt(chance * (1 - chance) / N) + 1 / N)


def test_sizes_vary_by_their_formula(axon: SpikeGeneratorGroup) -> None:
    synapses, cells = build(axon)
    Network(axon, cells, synapses).run(5 * ms)
    received = np.asarray(cells.received[:])
    assert np.array_equal(received, synapses.amplitude[:])
    cv = received.std() / received.mean()
    assert cv == pytest.approx(float(coefficient_of_variation(5, 0.46, 0.3)), rel=0.05)
    assert (received >= 0).all()


def test_one_quantum_at_most_from_a_single_site(axon: SpikeGeneratorGroup) -> None:
    synapses, cells = build(axon, variant="single_site")
    Network(axon, cells, synapses).run(5 * ms)
    quanta = np.asarray(synapses.quanta[:])
    assert set(quanta) == {0, 1}
    assert quanta.mean() == pytest.approx(burst_transmission(0.46, 5), abs=0.02)


def test_without_recovery_time_and_facilitation_every_spike_finds_a_rested_connection(
    axon: SpikeGeneratorGroup,
) -> None:
    synapses, cells = build(axon, model="memoryless_release")
    quanta = quanta_of_each_spike(Network(axon, cells, synapses), synapses)
    error = np.sqrt(5 * 0.37 * 0.63 / N)
    assert np.all(np.abs(quanta.mean(axis=1) - 5 * 0.37) < 4 * error), quanta.mean(axis=1)
    assert np.all(np.abs(np.corrcoef(quanta)[np.triu_indices(4, 1)]) < 4 / np.sqrt(N))


def test_connections_may_differ(axon: SpikeGeneratorGroup) -> None:
    synapses, cells = build(axon, per_connection=("sites", "release_probability"))
    synapses.release_probability = 1
    synapses.sites = np.arange(N) % 7 + 1
    Network(axon, cells, synapses).run(5 * ms)
    assert np.array_equal(synapses.quanta[:], np.arange(N) % 7 + 1)


def test_draws_depend_on_seed_trial_stream_and_connection_only() -> None:
    def released(order: np.ndarray, **changes: object) -> np.ndarray:
        axon, cells = new_axon(), targets()
        synapses = ReleaseSynapses(
            axon,
            cells,
            "layer5_pair",
            **{"on_release": "received_post += quanta", "seed": 1, "stream": "s"} | changes,
        )
        synapses.connect(i=np.zeros(len(order), dtype=int), j=order)
        Network(axon, cells, synapses).run(50 * ms)
        return np.array(cells.received[:])

    order = np.arange(N)
    first = released(order)
    assert np.array_equal(first, released(order[::-1]))
    assert np.array_equal(first[::2], released(order[::2])[::2])
    assert np.array_equal(first, released(order, name="other"))
    for change in ({"seed": 2}, {"trial": 1}, {"stream": "t"}):
        other = released(order, **change)
        assert abs(np.corrcoef(first, other)[0, 1]) < 4 / np.sqrt(N), change


@pytest.mark.parametrize("kind", [ReleaseSynapses, TerminalSynapses])
def test_a_stream_named_by_what_was_made_before_is_warned_of(kind: type, axon: object) -> None:
    cells = targets(20)
    what = {"on_release": "received_post += quanta", "name": "made*"}
    first = kind(axon, cells, "layer5_pair", **what)
    with pytest.warns(UserWarning, match="^made_1: .* give it a name or a stream$"):
        second = kind(axon, cells, "layer5_pair", **what)
    named = kind(axon, cells, "layer5_pair", stream="mine", **what)
    network = Network(axon, cells)
    for synapses in (first, second, named):
        synapses.connect()
        network.add(getattr(synapses, "objects", [synapses]))
    network.run(2 * ms)  # Brian2 complains of what no network ever ran


def test_contacts_of_one_pair_release_apart(axon: SpikeGeneratorGroup) -> None:
    cells = targets(1)
    synapses = ReleaseSynapses(axon, cells, "layer5_pair", on_release="", seed=1)
    synapses.connect(i=np.zeros(500, dtype=int), j=np.zeros(500, dtype=int))
    Network(axon, cells, synapses).run(5 * ms)
    assert len(set(synapses.quanta[:])) > 3


def test_all_targets_of_a_terminal_get_the_same(axon: SpikeGeneratorGroup) -> None:
    two = SpikeGeneratorGroup(2, [0, 1] * 4, np.repeat(TIMES, 2) * ms)
    cells = targets(300)
    synapses = TerminalSynapses(
        two,
        cells,
        "layer5_pair",
        on_release="received_post += weight*amplitude; volleys_post += 1",
        equations="weight : 1",
        delay=2 * ms,
        seed=5,
    )
    synapses.connect("i == j % 2")
    synapses.weight = 2
    network = Network(two, cells, *synapses.objects)
    network.run(2.9 * ms)
    assert np.all(cells.volleys[:] == 0)
    network.run(147.1 * ms)
    assert np.all(cells.volleys[:] == 4)
    received = np.asarray(cells.received[:])
    for terminal in (0, 1):
        assert len(set(received[terminal::2])) == 1
    assert received[0] != received[1]
    assert len(synapses.terminals) == 2
    assert np.all(np.asarray(synapses.terminals.empty[:]) > 0)


def test_spontaneous_release_has_its_rate_and_spends_vesicles() -> None:
    silent = SpikeGeneratorGroup(1, [], [] * ms)
    cells = targets(200)
    model = load_model("layer5_pair").with_values({"spontaneous.spontaneous_rate": 5 * Hz})
    synapses = ReleaseSynapses(
        silent, cells, model, on_release="received_post += quanta", seed=1, name="minis"
    )
    synapses.connect()
    spontaneous = SpontaneousRelease(synapses, seed=3, dt=0.1 * ms)
    with catch_logs(log_level=logging.INFO) as logs:
        Network(silent, cells, synapses, *spontaneous.objects).run(400 * ms)
    assert not [text for _, _, text in logs if "Failed to vectorise" in text]
    total = float(cells.received[:].sum())
    full = 200 * 5 * 0.4
    # Each release leaves one of five sites empty for about 525 ms, so that some attempts fail.
    assert 0.6 * full < total < full
    assert total - 1 > float(np.sum(synapses.empty[:])) > 0


def test_minis_need_connections() -> None:
    silent = SpikeGeneratorGroup(1, [], [] * ms)
    cells = targets()
    synapses = ReleaseSynapses(silent, cells, "layer5_pair", on_release="", name="none_yet")
    with pytest.raises(ValueError, match="^none_yet has no connections yet; call connect first$"):
        SpontaneousRelease(synapses)
    synapses.connect()
    Network(silent, cells, synapses).run(0 * ms)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variant": "both"}, "variant must be one of 'multivesicular', 'single_site', got 'both'"),
        ({"per_connection": ("empty",)}, "per_connection must be one of 'sites', "),
        ({"model": "l5_reduced"}, r"unknown table \[soma\]"),
    ],
)
def test_wrong_arguments(
    axon: SpikeGeneratorGroup, changes: dict[str, object], message: str
) -> None:
    cells = targets()
    Network(axon, cells).run(0 * ms)
    arguments = {"model": "layer5_pair", "on_release": ""} | changes
    with pytest.raises(ValueError, match=f"^{message}"):
        ReleaseSynapses(axon, cells, **arguments)


def everything() -> tuple[np.ndarray, ...]:
    """Run spikes, a terminal and minis together; return what arrived and what is left."""
    axon, cells = new_axon(), targets(60)
    model = load_model("layer23_pair").with_values({"spontaneous.spontaneous_rate": 5 * Hz})
    synapses = ReleaseSynapses(
        axon, cells, model, on_release="received_post += amplitude", seed=3, name="release"
    )
    synapses.connect(i=np.zeros(60, dtype=int), j=np.arange(60))
    spontaneous = SpontaneousRelease(synapses, seed=3)
    terminal = TerminalSynapses(
        axon, cells, "layer6_to_layer4", on_release="volleys_post += quanta", seed=3, name="one"
    )
    terminal.connect()
    Network(axon, cells, synapses, *spontaneous.objects, *terminal.objects).run(150 * ms)
    return tuple(
        np.array(values) for values in (cells.received[:], cells.volleys[:], synapses.empty[:])
    )


@pytest.mark.slow
def test_cython_releases_the_same() -> None:
    expected = everything()
    prefs.codegen.target = "cython"
    for found, wanted in zip(everything(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.standalone
def test_cpp_standalone_releases_the_same(tmp_path: Path) -> None:
    expected = everything()
    set_device("cpp_standalone", directory=str(tmp_path / "program"), build_on_run=True)
    found = everything()
    assert device.has_been_run
    for here, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(here, wanted, rtol=1e-12)

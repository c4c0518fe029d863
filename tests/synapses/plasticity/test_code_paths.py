"""Every rule gives the same on NumPy, in Cython and in C++ standalone, noise and failures, too.

What a noisy rule draws is named by synapse and number, so that it is the same number everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, device, ms, mV, prefs, set_device
from brian2.core.variables import ArrayVariable
from numpy.typing import NDArray

from htm_brian.synapses.plasticity.finding import list_rule_models, online_rule, rules
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.plasticity.voltage_based import VoltageBased
from htm_brian.synapses.release.stochastic import ReleaseSynapses
from tests.synapses.plasticity.one_to_one import group, random_trains

FAILING = ("triplet_stdp_hippocampus", "calcium_based_dp")
BY_SPIKES = ("pair_stdp", "burst_dependent", "structural_permanence", "tagging_capture")
QUICKLY_COMPILED = ["-w", "-O0"]
VOLTAGE = VoltageBased("voltage_based_cortex")
PLACE = "behavioural_time_scale_place"

Efficacies = list[NDArray[np.float64]]


def with_calcium_and_failures() -> Efficacies:
    """Return what calcium rules and failing synapses have learned from random trains in 200 ms."""
    pre, post = (group(random_trains(4, seed, 150, 0.05)) for seed in (5, 6))
    hard = online_rule("calcium_based_dp").with_values(hard_bounds=1)
    made: list[Synapses] = [
        PlasticSynapses(pre, post, "calcium_based_dp", name="plastic_soft"),
        PlasticSynapses(pre, post, hard, name="plastic_hard"),
    ]
    made += [
        ReleaseSynapses(
            *(pre, post, "layer5_pair"),
            on_release="seen += efficacy*arrival",
            equations="seen : 1",
            rule=rule,
            seed=3,
            name=f"failing_{rule}",
        )
        for rule in FAILING
    ]
    return learned(made, Network(pre, post))


def with_other_rules() -> Efficacies:
    """Return what synapses of the other rules have learned from them, plateaus and potentials."""
    pre, post = (group(random_trains(4, seed, 150, 0.05)) for seed in (5, 6))
    made: list[Synapses] = [PlasticSynapses(pre, post, name, name=name) for name in BY_SPIKES]
    places = NeuronGroup(4, "", events={"plateau": "t > 59.95*ms and t < 60.05*ms"}, name="places")
    made.append(PlasticSynapses(pre, places, PLACE, name="plastic_place"))
    cells = NeuronGroup(
        4,
        "v = -70.6*mV + 50*mV*int(sin(2*pi*(t/(25*ms) + i/4.0)) > 0.9) : volt (constant over dt)"
        + VOLTAGE.target_equations,
        threshold="False",
        reset="",
        events=dict(VOLTAGE.target_events),
        method="exact",
        name="cells",
    )
    cells.u_minus = cells.u_plus = cells.delayed_u_minus = cells.delayed_u_plus = -70.6 * mV
    made.append(PlasticSynapses(pre, cells, VOLTAGE, name="plastic_voltage"))
    return learned(made, Network(pre, post, places, cells))


def learned(made: list[Synapses], network: Network) -> Efficacies:
    for synapses in made:
        synapses.connect(j="i")
    network.add(made)
    network.run(200 * ms, namespace={})
    # In standalone nobody can look at an expression, but at what it is made of.
    return [
        np.array(synapses.variables[name].get_value()[: len(synapses)])
        for synapses in made
        for name in ("efficacy", "early", "calcium", "seen")
        if isinstance(synapses.variables.get(name), ArrayVariable)
    ]


def assert_same(found: Efficacies, wanted: Efficacies) -> None:
    assert all(np.ptp(each) > 1e-4 for each in wanted), "each rule learned"
    for here, there in zip(found, wanted, strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-9)


PARTS = pytest.mark.parametrize("part", [with_calcium_and_failures, with_other_rules])


def test_no_rule_is_left_out() -> None:
    models = ("calcium_based_dp", PLACE, "voltage_based_cortex", *FAILING, *BY_SPIKES)
    assert {online_rule(name).table_name() for name in models} == set(rules())
    assert set(models) <= set(list_rule_models())


@PARTS
def test_every_rule_learns_from_these_trains(part: Callable[[], Efficacies]) -> None:
    assert_same(part(), part())


@pytest.mark.slow
@pytest.mark.compiled
@PARTS
def test_cython_learns_the_same(part: Callable[[], Efficacies]) -> None:
    expected = part()
    prefs.codegen.target = "cython"
    prefs.codegen.cpp.extra_compile_args_gcc = QUICKLY_COMPILED
    assert_same(part(), expected)


@pytest.mark.slow
@pytest.mark.standalone
@PARTS
def test_cpp_standalone_learns_the_same(part: Callable[[], Efficacies], tmp_path: Path) -> None:
    expected = part()
    prefs.codegen.cpp.extra_compile_args_gcc = QUICKLY_COMPILED
    set_device("cpp_standalone", directory=str(tmp_path / "program"), build_on_run=True)
    found = part()
    assert device.has_been_run
    assert_same(found, expected)

"""Ensembles that bursts teach: events up, bursts down, a third factor lets synapses change."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, ms, nS, second, seed

from htm_brian.engine.compiling import uncompiled
from htm_brian.network.bursting_ensembles import Arm, Counted, Shown, run_arms
from htm_brian.parameters import load_model
from htm_brian.synapses.plasticity.burst_dependent import BurstDependent
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses

MODEL = load_model("bursting_ensembles").with_values(
    {
        "wiring.cells": 30,
        "wiring.inputs": 30,
        "excitation.unitary_conductance": 77 * nS,
        "inhibition.unitary_conductance": 10 * nS,
        "feedback.unitary_conductance": 20 * nS,
        "example.quiet": 0.6 * second,
    }
)
RULE = BurstDependent("burst_dependent_ensembles")
ARMS = (Arm("whole"), Arm("no feedback", feedback=False), Arm("no teacher", teacher=False))


@pytest.fixture(scope="module")
def counted() -> Counted:
    seed(1)
    shown = Shown(np.array([[1, 0], [1, 1.0]]), np.array([0, 0.0]), np.array([False, True]))
    # Nothing is learned, so that only what is shown differs.
    rule = RULE.with_values(learning_rate=0)
    with uncompiled():
        return run_arms(MODEL, rule, ARMS, shown, np.random.default_rng(1))


def test_event_rates_go_up_the_layers(counted: Counted) -> None:
    rate = counted.rate
    print(rate)
    assert (rate[:, :, 0] > 7).all() and (rate[:, 0, 1] < 1.5).all()
    # Before the teacher speaks the arms are repeats of each other, of thirty cells for 0.4 s.
    assert ((rate[:, 1] - rate[:, 0])[:, 2:].mean(axis=0) > 2).all()


def test_the_teacher_moves_bursts_of_outputs_and_not_their_events(counted: Counted) -> None:
    told = (counted.taught_share - counted.share)[..., 4]
    print(told, counted.taught_rate[..., 4], counted.rate[..., 4])
    # Outputs fire more than is wanted; where no teacher speaks, bursts stay within chance.
    assert (told[:2, 1] < -0.2).all()
    assert abs(told[2]).max() < 0.17 and abs(told[:, 0]).max() < 0.17
    np.testing.assert_allclose(counted.taught_rate[:, 1, 4], counted.rate[:, 1, 4], rtol=0.35)


def test_bursts_come_back_to_hidden_cells(counted: Counted) -> None:
    share, taught = (
        each[:, 1, 2:4].mean(axis=-1) for each in (counted.share, counted.taught_share)
    )
    print(share, taught)
    assert share[0] > share[1] + 0.15
    assert taught[0] < share[0] - 0.1 and abs(taught[1] - share[1]) < 0.15


def test_a_third_factor_multiplies_each_change() -> None:
    changes = []
    for factor in ("1", "0.5", "0"):
        cell = SpikeGeneratorGroup(1, [0, 0], [15, 22] * ms)
        axon = SpikeGeneratorGroup(1, [0], [10] * ms)
        synapses = PlasticSynapses(axon, cell, RULE.gated(factor))
        synapses.connect()
        with uncompiled():
            Network(axon, cell, synapses).run(30 * ms)
        changes.append(float(synapses.efficacy[0] - RULE.table["initial_efficacy"]))
    assert changes[0] > 0
    np.testing.assert_allclose(changes[1:], [changes[0] / 2, 0], atol=1e-12)
    assert RULE.gated("0.5").with_values(learning_rate=0.1).third_factor == "0.5"

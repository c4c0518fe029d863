"""Plateaus and eligibility: closed forms, decays of slices, changes that go both ways, Brian2."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, ms, second
from scipy.optimize import curve_fit

from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.behavioural_time_scale import BehaviouralTimeScale
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.plasticity.trains import Trains

SLICE = BehaviouralTimeScale("behavioural_time_scale_slice")
PLACE = BehaviouralTimeScale("behavioural_time_scale_place")


def changes(rule: BehaviouralTimeScale, lags: np.ndarray, pairings: int, spikes: int) -> np.ndarray:
    """Return the changes by spikes whose last, or first, is `lag` before, or after, a plateau."""
    train = 0.05 * np.arange(spikes)
    start = 15.0 * np.arange(1, pairings + 1)
    first = np.where(lags > 0, -train[-1] - lags, -lags)
    trains = Trains(rule, len(lags))
    pre = [(start[:, None] + one + train).ravel() for one in first]
    nothing = [[]] * len(lags)
    (after,) = trains.run(pre, nothing, plateau=[start] * len(lags), look_at=[start[-1] + 15])
    return after - rule.table["initial_efficacy"]


def integrated(rule: BehaviouralTimeScale, pre: np.ndarray, plateaus: np.ndarray) -> float:
    """Integrate the equations over 6 s in steps of 0.2 ms."""
    p, dt = {key: float(value) for key, value in rule.table.items()}, 2e-4
    w, e, i = p["initial_efficacy"], 0.0, 0.0
    spikes = np.bincount(np.round(pre / dt).astype(int), minlength=round(6 / dt))
    for step in range(round(6 / dt)):
        now = (step + 0.5) * dt
        e += spikes[step]
        on = np.any((now > plateaus) & (now < plateaus + p["plateau_duration"]))
        i = 1.0 if on else i * np.exp(-dt / p["instruction_time_constant"])
        middle = e * np.exp(-0.5 * dt / p["eligibility_time_constant"]) * i
        if rule.in_proportion:
            up, down = middle, 0.0
        else:
            up = float(middle > p["potentiation_threshold"])
            down = float(middle > p["depression_threshold"])
        slope = p["potentiation_rate"] * (p["maximum_efficacy"] - w) * up
        w += dt * (slope - p["depression_rate"] * w * down)
        e *= np.exp(-dt / p["eligibility_time_constant"])
    return w


@pytest.mark.parametrize("rule", [SLICE.with_values(potentiation_rate=0.3 / second), PLACE])
def test_the_closed_form_is_the_solution_of_the_equations(rule: BehaviouralTimeScale) -> None:
    pre, plateaus = np.array([0.2, 0.25, 1.1, 1.9, 2.05, 2.6, 4.0]), np.array([1.0, 2.0, 2.2])
    trains = Trains(rule, 1)
    ((after,),) = trains.run([pre], [[]], plateau=[plateaus], look_at=[6.0])
    exact = integrated(rule, pre, plateaus)
    assert abs(exact - 1) > 0.3
    assert after == pytest.approx(exact, rel=1e-3)


def decay(lags: np.ndarray, change: np.ndarray) -> float:
    fit, _ = curve_fit(lambda x, a, tau: a * np.exp(-x / tau), lags, change, (change[0], 1.0))
    return float(fit[1])


@pytest.mark.parametrize(("pairings", "spikes"), [(1, 1), (5, 10)])
def test_the_change_decays_with_the_time_constants_of_slices(pairings: int, spikes: int) -> None:
    """Bittner et al. 2017: 1.31 s before the plateau, 0.69 s after it; within 10 %."""
    lags = np.linspace(0.1, 4, 14)
    before = decay(lags, changes(SLICE, lags, pairings, spikes))
    after = decay(lags, changes(SLICE, -0.3 - lags, pairings, spikes))
    print(before, after)
    assert before == pytest.approx(1.31, rel=0.1)
    assert after == pytest.approx(0.69, rel=0.1)


def test_five_pairings_of_ten_potentials_triple_the_efficacy() -> None:
    """Bittner et al. 2017; the rate was calibrated on it."""
    (change,) = changes(SLICE, np.array([0.01]), 5, 10)
    assert 1 + change == pytest.approx(3.0, rel=0.1)


def test_a_weak_synapse_goes_up_near_the_plateau_and_a_strong_one_down_away_from_it() -> None:
    """Milstein et al. 2021."""
    lags = np.array([0.1, 2.5])
    weak, strong = (PLACE.with_values(initial_efficacy=w) for w in (1.0, 2.7))
    near, far = changes(weak, lags, 1, 1)
    assert near > 0.3 and -0.4 < far < 0
    near, far = changes(strong, lags, 1, 1)
    assert near < 0.1 and far < -0.2


@pytest.mark.parametrize("rule", [SLICE, PLACE], ids=["slice", "place"])
def test_brian2_and_the_trains_agree(rule: BehaviouralTimeScale) -> None:
    pre, plateaus = [0.0101, 0.5301, 0.9101], [0.3, 0.42]
    axon = SpikeGeneratorGroup(1, [0] * 3, pre * second)
    now = " or ".join(f"abs(t - {onset}*second) < dt/2" for onset in plateaus)
    cell = NeuronGroup(1, "", events={"plateau": now})
    synapses = PlasticSynapses(axon, cell, rule)
    synapses.connect()
    Network(axon, cell, synapses).run(1 * second)
    trains = Trains(rule, 1)
    trains.run([pre], [[]], plateau=[plateaus])
    assert synapses.efficacy[0] == pytest.approx(trains.state["efficacy"][0], abs=1e-9)
    assert synapses.efficacy[0] != 1.0


@pytest.mark.parametrize("rule", [SLICE, PLACE], ids=["slice", "place"])
def test_text_of_ones_own_sees_the_efficacy_of_the_present(rule: BehaviouralTimeScale) -> None:
    axon = SpikeGeneratorGroup(1, [0, 0], [0.1, 0.8] * second)
    cell = NeuronGroup(1, "seen : 1", events={"plateau": "abs(t - 0.3*second) < dt/2"})
    synapses = PlasticSynapses(axon, cell, rule, on_pre="seen_post += efficacy")
    synapses.connect()
    network = Network(axon, cell, synapses)
    network.run(0.7 * second)
    trains = Trains(rule, 1)
    soon, later = trains.run([[0.1]], [[]], plateau=[[0.3]], look_at=[0.7, 0.8])[:, 0]
    assert synapses.efficacy[0] == 1
    assert synapses.present("efficacy")[0] == pytest.approx(soon, abs=1e-9)
    assert synapses.efficacy[0] == 1
    network.run(0.2 * second)
    assert cell.seen[0] - 1 == pytest.approx(synapses.efficacy[0], abs=1e-9)
    assert synapses.efficacy[0] == pytest.approx(later, abs=1e-9)


def test_numbers_that_do_not_belong_together_are_named() -> None:
    with pytest.raises(InputError, match="must be 0 where potentiation_threshold is"):
        SLICE.with_values(depression_rate=0.1 / second)
    with pytest.raises(InputError, match="depression_threshold must be at most"):
        PLACE.with_values(depression_threshold=0.5)
    with pytest.raises(InputError, match="depression_threshold must be above 0, got 0"):
        PLACE.with_values(depression_threshold=0)
    cells = SpikeGeneratorGroup(1, [], [] * ms)
    with pytest.raises(InputError, match="target must have the event 'plateau'"):
        PlasticSynapses(cells, cells, SLICE)

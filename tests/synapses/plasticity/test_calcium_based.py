"""The calcium rule between events against its own equation, and against published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from brian2 import ms
from scipy.integrate import solve_ivp

from htm_brian.synapses.plasticity.calcium_based import CalciumBased, time_above
from htm_brian.synapses.plasticity.finding import list_rule_models
from htm_brian.synapses.plasticity.trains import Trains
from tests.synapses.plasticity.one_to_one import Trains as Times
from tests.synapses.plasticity.one_to_one import efficacy_after, random_trains

SETS = [name for name in list_rule_models() if name.startswith("calcium_based_")]
DP = CalciumBased("calcium_based_dp")


def numbers(rule: CalciumBased) -> dict[str, float]:
    """Return the rule's numbers, times in ms."""
    return {
        key: float(value) * (1e3 if rule.table.parameter(key).unit != "1" else 1.0)
        for key, value in rule.table.items()
    }


STEP = 0.005
"""ms, of the integration."""


def integrated(
    rule: CalciumBased, pre: Times, post: Times, until: float, cubic: bool
) -> np.ndarray:
    """Return the efficacies by Euler steps of the rule's equation, without noise, from 0."""
    p = numbers(rule)
    arriving = np.zeros((round(until / STEP), len(pre)))
    for synapse, (before, after) in enumerate(zip(pre, post, strict=True)):
        late = before + p["presynaptic_delay"]
        np.add.at(arriving, (np.rint(late / STEP).astype(int), synapse), p["presynaptic_calcium"])
        np.add.at(arriving, (np.rint(after / STEP).astype(int), synapse), p["postsynaptic_calcium"])
    rho, calcium = np.zeros(len(pre)), np.zeros(len(pre))
    for step in arriving:
        calcium = calcium + step
        down, up = calcium > p["depression_threshold"], calcium > p["potentiation_threshold"]
        change = p["potentiation_rate"] * (1 - rho) * up - p["depression_rate"] * rho * down
        if cubic:
            change -= rho * (1 - rho) * (0.5 - rho)
        else:
            change -= rho * (1 - rho) * (0.5 - rho) * ~(down | up)
        rho = rho + STEP * change / p["efficacy_time_constant"]
        calcium = calcium * math.exp(-STEP / p["calcium_time_constant"])
    return rho


def test_time_above_a_threshold_is_a_logarithm() -> None:
    assert time_above(3.0, 10.0) == pytest.approx(math.log(3.0), abs=1e-15)
    assert time_above(3.0, 0.25) == 0.25
    assert time_above(1.0, 10.0) == 0.0


@pytest.mark.parametrize("name", SETS)
def test_the_closed_form_is_the_solution_of_the_equation(name: str) -> None:
    rule = CalciumBased(name).with_values(noise=0)
    pre, post = (random_trains(3, seed, 150, 0.05) for seed in (5, 6))
    found = efficacy_after(rule, pre, post, 200)
    assert found.min() > 0.01
    # The step of the integration misses the thresholds by so much.
    exact = integrated(rule, pre, post, 200, cubic=False)
    np.testing.assert_allclose(found, exact, rtol=1e-3)
    # The whole equation differs by the cubic, at most 0.05 beside rates of 61 and more.
    np.testing.assert_allclose(found, integrated(rule, pre, post, 200, cubic=True), rtol=2e-3)


def test_a_synapse_at_rest_is_bistable_as_the_cubic_says() -> None:
    tau = float(DP.table["efficacy_time_constant"])
    first = np.array([-0.05, 0.1, 0.45, 0.5, 0.8, 1.05])
    trains = Trains(DP, len(first))
    trains.state["efficacy"][:] = first
    nothing: list[list[float]] = [[]] * len(first)
    (found,) = trains.run(nothing, nothing, look_at=[300.0])
    for start, after in zip(first, found, strict=True):
        solution = solve_ivp(
            lambda t, y: -y * (1 - y) * (0.5 - y) / tau, (0, 300), [start], rtol=1e-12, atol=1e-14
        )
        assert after == pytest.approx(solution.y[0, -1], abs=1e-9)


def shares_moved(rule: CalciumBased, interval: float) -> tuple[float, float, float]:
    """Return the published analysis: chances to go up and to go down, and the ratio of strengths.

    Graupner & Brunel 2012, SI: the efficacy as an Ornstein-Uhlenbeck process with the average
    rates of periodic pairs.
    """
    p = numbers(rule)
    n, period, tau = 60, 1000.0, p["calcium_time_constant"]
    steps = [(p["presynaptic_delay"], p["presynaptic_calcium"])]
    steps = sorted([*steps, (interval, p["postsynaptic_calcium"])])
    gap = steps[1][0] - steps[0][0]
    calcium, above = 0.0, np.zeros(2)
    thresholds = np.array([p["depression_threshold"], p["potentiation_threshold"]])
    for _ in range(2):  # the second round starts from what the first left
        above = np.zeros(2)
        for (_, step), wait in zip(steps, (gap, period - gap), strict=True):
            calcium += step
            above += tau * np.minimum(np.log(np.maximum(calcium / thresholds, 1)), wait / tau)
            calcium *= math.exp(-wait / tau)
    down, up = above / period * [p["depression_rate"], p["potentiation_rate"]]
    goal = up / (up + down)
    variance = p["noise"] ** 2 * above.sum() / period / (up + down)
    left = math.exp(-n * period * (up + down) / p["efficacy_time_constant"])

    def beyond(rho: float) -> float:
        x = (0.5 - goal + (goal - rho) * left) / math.sqrt(variance * (1 - left**2))
        return 0.5 * math.erfc(x)

    goes_up, goes_down = beyond(0.0), 1 - beyond(1.0)
    b, share = p["strength_ratio"], p["initial_down_share"]
    is_up = share * goes_up + (1 - share) * (1 - goes_down)
    ratio = (1 + (b - 1) * is_up) / (1 + (b - 1) * (1 - share))
    return goes_up, goes_down, ratio


@pytest.mark.parametrize(("interval", "published"), [(-25.0, 0.729), (5.0, 1.240)])
def test_sixty_pairs_at_1_hz_change_the_strength_as_published(
    interval: float, published: float
) -> None:
    n = 4000
    trains = Trains(DP, n, seed=7)
    down = np.arange(n) < n // 2
    trains.state["efficacy"][:] = ~down
    start = 1.0 + np.arange(60.0)
    (rho,) = trains.run([start] * n, [start + interval / 1e3] * n, look_at=[61.5])
    up = rho > 0.5
    goes_up, goes_down, ratio = shares_moved(DP, interval)
    assert ratio == pytest.approx(published, abs=0.001)
    for found, exact in ((up[down].mean(), goes_up), ((~up[~down]).mean(), goes_down)):
        error = math.sqrt(exact * (1 - exact) / (n // 2))
        assert abs(found - exact) < 2 * error, f"{found:.3f}, analysis {exact:.3f} +- {error:.3f}"
    found = (1 + 4 * up.mean()) / 3
    assert found == pytest.approx(published, abs=0.03)


def test_the_noise_is_that_of_an_ornstein_uhlenbeck_process() -> None:
    """Calcium held above both thresholds: the efficacy settles to its stationary spread."""
    n = 4000
    rule = DP.with_values(calcium_time_constant=500 * ms)
    trains = Trains(rule, n)
    times = np.arange(0.0, 5.0, 0.05)
    (rho,) = trains.run([[]] * n, [times] * n, look_at=[4.96])
    rates = 200 + 321.808
    assert rho.mean() == pytest.approx(321.808 / rates, abs=3 * 0.124 / math.sqrt(n))
    assert rho.std() == pytest.approx(2.8284 / math.sqrt(rates), rel=3 / math.sqrt(2 * n))


def test_the_noise_comes_again_with_its_seed() -> None:
    pre, post = (random_trains(4, seed, 150, 0.05) for seed in (5, 6))
    first, again = (efficacy_after(DP, pre, post, 200) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    quiet = efficacy_after(DP.with_values(noise=0), pre, post, 200)
    assert np.all(first != quiet) and len(set(first)) == 4


def test_thresholds_in_the_other_order_depress_alone_at_the_top() -> None:
    rule = DP.with_values(noise=0, depression_threshold=1.3)
    rule = rule.with_values(potentiation_threshold=1.0)
    pre, post = (random_trains(3, seed, 150, 0.05) for seed in (5, 6))
    found = efficacy_after(rule, pre, post, 200)
    np.testing.assert_allclose(found, integrated(rule, pre, post, 200, cubic=False), rtol=1e-3)

"""The map of one learning event, beside the rule itself run on one event."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Hz, ms, second

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.calcium_based import CalciumBased
from htm_brian.synapses.plasticity.permanence_of import (
    in_hertz_and_minutes,
    incidence_rate_at,
    incidence_rate_of,
    soft_steps,
    step,
    up_down_of,
)
from htm_brian.synapses.plasticity.trains import Trains

RULE = CalciumBased("calcium_based_cortex").with_values(noise=0)


@pytest.mark.parametrize("hard", [0, 1])
@pytest.mark.parametrize("active", [True, False])
def test_an_event_does_what_the_rule_does(hard: int, active: bool) -> None:
    rule = RULE.with_values(hard_bounds=hard)
    first = np.array([0.3, 0.5, 0.7])
    trains = Trains(rule, 3)
    trains.state["efficacy"][:] = first
    pre = [[0.0] if active else []] * 3
    (found,) = trains.run(pre, [[0.01]] * 3, look_at=[0.15])
    keep, add = step(rule, 10 * ms, active)
    np.testing.assert_allclose(found, keep * first + add, atol=5e-5)  # 0.15 s of the cubic
    assert abs(add) > 5e-4 or keep < 0.996


def test_the_weights_are_those_of_two_exponentials() -> None:
    steps = soft_steps(RULE, 10 * ms)
    above = 22.6936e-3 * np.log(1.23964)
    assert steps.alpha_off == pytest.approx(1 - np.exp(-above * 331.909 / 346.3615), rel=1e-9)
    average = incidence_rate_of(RULE, 10 * ms)
    expected = steps.alpha_off / (steps.alpha_on + steps.alpha_off)
    assert average.incidence_rate == pytest.approx(expected)
    assert steps.alpha_off < average.alpha < steps.alpha_on
    hertz, minutes = in_hertz_and_minutes(average, 0.5 * Hz)
    assert hertz == pytest.approx(0.5 * average.incidence_rate)
    assert minutes == pytest.approx(average.learning_period / 30)


def test_a_memory_takes_the_average_that_is_given_in_hertz_and_minutes() -> None:
    average = incidence_rate_at(0.5 * Hz, 0.1 * Hz, 1200 * second)
    assert in_hertz_and_minutes(average, 0.5 * Hz) == pytest.approx((0.1, 20))
    memory = TemporalMemory(64, 4, permanence_rule=average)
    assert memory.parameters.connected_permanence == pytest.approx(0.2)
    for wrong, message in (
        ((0.5 * Hz, 0.6 * Hz, 1200 * second), "incidence_rate must be at most event_rate"),
        ((0.5 * Hz, 0.1, 1200 * second), "incidence_rate must have a unit like"),
        ((0 * Hz, 0.1 * Hz, 1200 * second), "event_rate must be positive"),
        ((0.5 * Hz, 0.1 * Hz, 20 * ms**2), "learning_period must have a unit like"),
    ):
        with pytest.raises(InputError, match=message):
            incidence_rate_at(*wrong)


def test_hard_bounds_are_the_counter() -> None:
    counter = up_down_of(RULE.with_values(hard_bounds=1), 10 * ms)
    above = 22.6936 * np.log(1.23964)
    assert counter.decrement == pytest.approx(above * 331.909 / 346361.5, rel=1e-9)
    assert counter.increment > 0


def test_an_interval_shorter_than_the_delay_of_calcium_is_refused() -> None:
    with pytest.raises(InputError, match="interval must be longer than the delay"):
        step(RULE, 2 * ms, True)

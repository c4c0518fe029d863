"""When a burst's further spikes come: an interval after the one before, at any time of a run."""

from __future__ import annotations

import pytest

from htm_brian.mechanisms import burst
from htm_brian.parameters import load_model

CONDITION = compile(burst.threshold(load_model("l5_reduced")["burst"]), "condition", "eval")
INTERVAL = 0.01


def spikes(step: int, dt: float, interval: float = INTERVAL) -> list[int]:
    """Return how many steps after one at `step` a further spike of a burst may come."""
    due = step * dt + interval
    names = {"dt": dt, "burst_spike_due": due, "burst_spikes_left": 1}
    near = round(interval / dt)
    later = range(near - 4, near + 5)
    return [k for k in later if eval(CONDITION, {}, {"t": (step + k) * dt, **names})]


@pytest.mark.parametrize("dt", [0.0000125, 0.0001, 0.00025, 0.0005])
def test_the_second_spike_is_not_lost_to_rounding_late_in_a_run(dt: float) -> None:
    """From the start to a day of model time: one spike, exactly an interval after the first."""
    for second in (0, 1, 16, 64, 100, 1000, 86400):
        first = round(second / dt)
        for step in range(first, first + 200):
            assert spikes(step, dt) == [round(INTERVAL / dt)], f"{second} s, {step}"


def test_an_interval_between_two_steps_ends_at_the_nearer_one() -> None:
    for step in range(640_000, 640_200):
        assert spikes(step, 0.0001, 0.010037) == [100]
        assert spikes(step, 0.0001, 0.010063) == [101]


def test_an_interval_that_ends_halfway_between_two_steps_is_not_lost() -> None:
    for step in range(640_000, 640_200):
        assert spikes(step, 0.0001, 0.01005)[0] == 100

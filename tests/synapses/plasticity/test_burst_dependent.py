"""Bursts against events: an independent count, a stationary share, a share that changes, Brian2."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms

from htm_brian.synapses.plasticity.burst_dependent import BurstDependent
from htm_brian.synapses.plasticity.trains import Trains
from tests.synapses.plasticity.one_to_one import efficacy_after, random_trains

RULE = BurstDependent("burst_dependent")
SLOW = RULE.with_values(learning_rate=0.001)


def counted(rule: BurstDependent, pre: np.ndarray, post: np.ndarray) -> float:
    """Return the efficacy by going through bursts and events one by one."""
    p = {key: float(value) for key, value in rule.table.items()}
    starts = [t for k, t in enumerate(pre) if k == 0 or t - pre[k - 1] > p["burst_interval"]]
    events, bursts = [], []
    for k, t in enumerate(post):
        if k == 0 or t - post[k - 1] > p["burst_interval"]:
            events.append(t)
        elif not bursts or bursts[-1] < events[-1]:
            bursts.append(t)
    first = p["initial_event_rate"] * p["average_time_constant"]

    def average(times: list[float], now: float, initial: float) -> float:
        ages = now - np.array([0.0, *(t for t in times if t < now)])
        return float(np.exp(-ages / p["average_time_constant"]) @ [initial, *[1] * (len(ages) - 1)])

    w = p["initial_efficacy"]
    for now in sorted([*events, *bursts]):
        used = sum(np.exp(-(now - t) / p["trace_time_constant"]) for t in starts if t <= now)
        if now in bursts:
            w += p["learning_rate"] * used
        else:
            share = average(bursts, now, first * p["initial_burst_share"]) / average(
                events, now, first
            )
            w -= p["learning_rate"] * used * share
    return w


def test_every_event_and_burst_counts_once() -> None:
    rng = np.random.default_rng(3)
    pre = np.sort(rng.uniform(0, 3, 60))
    post = np.sort(
        np.concatenate([s + 0.008 * np.arange(rng.integers(1, 5)) for s in rng.uniform(0, 3, 25)])
    )
    rule = RULE.with_values(learning_rate=0.002)
    trains = Trains(rule, 1)
    trains.run([pre], [post])
    assert trains.state["efficacy"][0] == pytest.approx(counted(rule, pre, post), abs=1e-12)
    assert trains.state["efficacy"][0] != 0.5


def events_with_bursts(n: int, share: float, start: float, seed: int) -> list[np.ndarray]:
    """Return trains of 5 events a second for 60 s, a share of them bursts."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        first = start + np.cumsum(0.1 + rng.exponential(0.1, 300))
        found.append(np.sort(np.concatenate([first, first[rng.random(300) < share] + 0.01])))
    return found


@pytest.mark.parametrize(("share", "sign"), [(0.2, 0), (0.5, 1), (0.05, -1)])
def test_only_a_share_of_bursts_that_changes_changes_the_efficacy(share: float, sign: int) -> None:
    """Payeur et al. 2021: the share so far is the point of return."""
    n = 60
    rng = np.random.default_rng(9)
    pre = [np.sort(rng.uniform(0, 60, 300)) for _ in range(n)]
    trains = Trains(SLOW, n)
    trains.run(pre, events_with_bursts(n, share, 0.0, seed=4))
    change = trains.state["efficacy"] - 0.5
    error = change.std(ddof=1) / np.sqrt(n)
    if sign == 0:
        assert abs(change.mean()) < 3 * error
    else:
        assert sign * change.mean() > 5 * error


def test_brian2_and_the_trains_agree() -> None:
    pre, post = random_trains(3, seed=1, rate=0.05), random_trains(3, seed=2, rate=0.06)
    # No interval on the grid of whole milliseconds is as long as the limit.
    rule = RULE.with_values(burst_interval=16.5 * ms)
    found = efficacy_after(rule, pre, post, 400)
    trains = Trains(rule, 3)
    trains.run([train / 1e3 for train in pre], [train / 1e3 for train in post])
    assert found == pytest.approx(trains.state["efficacy"], abs=1e-9)
    assert np.ptp(found) > 1e-3


def test_failed_spikes_leave_no_trace() -> None:
    trains = Trains(RULE, 2)
    pre, post = [[0.1], [0.1]], [[0.11, 0.12], [0.11, 0.12]]
    trains.run(pre, post, released=[[1], [0]])
    assert trains.state["efficacy"][0] > 0.5 and trains.state["efficacy"][1] == 0.5

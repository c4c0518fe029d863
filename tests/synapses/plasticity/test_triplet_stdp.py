"""Triplets of spikes against the sum over all of them."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.trains import Trains
from htm_brian.synapses.plasticity.triplet_stdp import TripletStdp
from tests.synapses.plasticity.one_to_one import efficacy_after, random_trains

FULL = TripletStdp("triplet_stdp_hippocampus")
MINIMAL = TripletStdp("triplet_stdp_cortex")


def by_sums(rule: TripletStdp, pre: np.ndarray, post: np.ndarray) -> float:
    """Return the change by the sums over all pairs and triplets; times in ms."""
    table = rule.table
    tau = {key: float(table[key]) * 1e3 for key in table if key.endswith("_time")}
    change = 0.0
    for now in pre:
        o1 = np.exp(-(now - post[post < now]) / tau["depression_time"]).sum()
        r2 = np.exp(-(now - pre[pre < now]) / tau["presynaptic_time"]).sum()
        change -= o1 * (table["pair_depression"] + table["triplet_depression"] * r2)
    for now in post:
        r1 = np.exp(-(now - pre[pre <= now]) / tau["potentiation_time"]).sum()
        o2 = np.exp(-(now - post[post < now]) / tau["postsynaptic_time"]).sum()
        change += r1 * (table["pair_potentiation"] + table["triplet_potentiation"] * o2)
    return float(change)


@pytest.mark.parametrize("rule", [FULL, MINIMAL])
def test_a_train_changes_the_synapse_by_the_sum_over_all_triplets(rule: TripletStdp) -> None:
    pre, post = (random_trains(6, seed, 250, 0.05) for seed in (1, 2))
    expected = [1 + by_sums(rule, *each) for each in zip(pre, post, strict=True)]
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(efficacy_after(rule, pre, post, 300), expected, atol=1e-12)


def test_the_nearest_spike_alone_counts_where_it_is_told_to() -> None:
    nearest = FULL.with_values(nearest=1)
    trains = Trains(nearest, 1)
    trains.run([[0.000, 0.010]], [[0.020, 0.030]])
    table = FULL.table
    first = np.exp(-10 / 16.8) * table["pair_potentiation"]
    second = np.exp(-20 / 16.8) * (
        table["pair_potentiation"] + table["triplet_potentiation"] * np.exp(-10 / 27)
    )
    assert trains.state["efficacy"][0] == pytest.approx(1 + first + second, abs=1e-12)


def test_pairs_at_a_low_rate_depress_and_at_a_high_rate_potentiate() -> None:
    """Sjostrom et al. 2001: the rise with the rate at +10 ms, which pairs alone do not have."""
    change = []
    for rate in (0.1, 10.0, 40.0):
        start = np.arange(60) / rate
        trains = Trains(MINIMAL, 1)
        trains.run([start], [start + 0.010])
        change.append(trains.state["efficacy"][0] - 1)
    assert change[0] == pytest.approx(0, abs=1e-6)
    assert change[0] < change[1] < change[2]


def test_a_switch_is_on_or_off() -> None:
    with pytest.raises(InputError, match="nearest must be 0 or 1, got 0.5"):
        FULL.with_values(nearest=0.5)

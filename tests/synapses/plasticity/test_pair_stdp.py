"""Pairs of spikes against the closed form, and the bounds."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.pair_stdp import PairStdp
from tests.synapses.plasticity.one_to_one import efficacy_after, random_trains

RULE = PairStdp("pair_stdp")


def all_pairs(pre: np.ndarray, post: np.ndarray) -> float:
    """Return the change by the sum over all pairs, times in ms."""
    interval = post[:, None] - pre[None, :]
    up = np.exp(-interval[interval >= 0] / 20.0).sum()
    down = np.exp(interval[interval < 0] / 20.0).sum()
    return float(0.005 * up - 0.00525 * down)


def test_a_train_changes_the_synapse_by_the_sum_over_all_pairs() -> None:
    pre, post = (random_trains(6, seed, 250, 0.05) for seed in (1, 2))
    expected = [0.5 + all_pairs(*each) for each in zip(pre, post, strict=True)]
    assert np.ptp(expected) > 0.01
    found = efficacy_after(RULE, pre, post, 300)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_efficacy_stays_within_its_bounds() -> None:
    pre, post = [np.arange(0.0, 100, 5)] * 2, [np.arange(1.0, 100, 5), np.arange(4.0, 95, 5)]
    strong = RULE.with_values(potentiation=0.9, depression=0.9)
    assert efficacy_after(strong, pre, post, 100).tolist() == [1.0, 0.0]


def test_a_first_efficacy_above_the_maximum_is_refused() -> None:
    with pytest.raises(InputError, match="initial_efficacy must be at most maximum_efficacy = 1"):
        RULE.with_values(initial_efficacy=2)

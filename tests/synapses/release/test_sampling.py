"""Sampled transmission: against the binomial law, and the same however the trials are split."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from htm_brian.synapses.release.sampling import transmission_counts


def test_any_split_and_order_of_trials_gives_the_same_counts() -> None:
    def part(first: int, trials: int) -> np.ndarray:
        return transmission_counts(trials, [5, 20], [0.3, 0.7], 2, seed=9, first_trial=first)

    whole = part(0, 3000)
    np.testing.assert_array_equal(part(1000, 2000) + part(0, 400) + part(400, 600), whole)
    assert np.any(part(0, 1000) != part(1000, 1000))
    other = transmission_counts(3000, [5, 20], [0.3, 0.7], 2, seed=10)
    assert np.any(other != whole)


def test_counts_follow_the_binomial_law() -> None:
    trials, sizes, probabilities = 200_000, [20, 71], [0.3, 0.84]
    counts = transmission_counts(trials, sizes, probabilities, 3, seed=1)
    assert counts.shape == (3, 2, 2, 72)
    assert np.all(counts.sum(axis=-1) == trials)
    for spikes in (1, 2, 3):
        for s, size in enumerate(sizes):
            for p, probability in enumerate(probabilities):
                chance = 1 - (1 - probability) ** spikes
                expected = stats.binom.pmf(np.arange(72), size, chance) * trials
                enough = expected > 20
                found = counts[spikes - 1, s, p][enough]
                chi2 = np.sum((found - expected[enough]) ** 2 / expected[enough])
                assert stats.chi2.sf(chi2, enough.sum()) > 1e-4, (spikes, size, probability)


@pytest.mark.parametrize("sizes", [[], [5, 5], [7, 3]])
def test_sizes_increase(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="^sizes must increase"):
        transmission_counts(10, sizes, [0.5], seed=1)

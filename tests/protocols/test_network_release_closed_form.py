"""The closed form of a sequence memory's misses against sampled networks."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.protocols.network_release.closed_form import missed_transitions, predicted_share
from htm_brian.sdr.theory import miss_under_release_failure


def test_without_bursts_a_cell_is_missed_as_the_theory_of_one_segment_says() -> None:
    share = predicted_share(0.4, 20, 8, bursts=False)
    assert share == pytest.approx(1 - miss_under_release_failure(20, 8, 0.4))


@pytest.mark.parametrize("transmission", [0.4, 0.35, 0.3])
def test_misses_are_those_of_sampled_networks(transmission: float) -> None:
    rng, n = np.random.default_rng(1), 4000
    predicted = np.zeros((n, 20), dtype=bool)
    chance = np.array([transmission, 1 - (1 - transmission) ** 2])
    found = []
    for _ in range(4):
        # Each of 20 columns sees the 20 columns before it through synapses of its own.
        of_each = chance[predicted.astype(int)][:, None, :]
        predicted = (rng.random((n, 20, 20)) < of_each).sum(axis=2) >= 8
        found.append((predicted.sum(axis=1) < 10).mean())
    expected = missed_transitions(transmission, 20, 8, True, 4, 0.5)
    error = np.sqrt(expected * (1 - expected) / n) + 1 / n
    assert np.all(np.abs(found - expected) < 4 * error), (found, expected)


def test_certain_cases_and_bad_arguments() -> None:
    assert missed_transitions(1.0, 40, 13, True, 3, 0.5).tolist() == [0, 0, 0]
    assert missed_transitions(0.0, 20, 8, True, 2, 0.5).tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"threshold must lie in \[1, 20\], got 21"):
        predicted_share(0.5, 20, 21, True)

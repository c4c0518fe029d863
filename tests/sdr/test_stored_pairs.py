"""The best reader of stored pairs: exact where it can be counted, best where it is sampled."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.sdr.stored_pairs import (
    BestReader,
    channel_information,
    level_entropy,
    level_probabilities,
    moved_bits,
    recall_at,
)


def test_log_odds_are_those_counted_over_all_worlds() -> None:
    """Cues of independent bits on four inputs, three pairs of which one cell is in two."""
    size, share, noise, n_pairs, targets = 4, 0.25, 0.25, 3, np.array([1, 1, 0])
    came = noise * share / (1 - share)
    totals: dict[tuple[tuple[int, ...], tuple[int, ...], bool], float] = {}
    for bits in product((0, 1), repeat=size * n_pairs):
        cues = np.reshape(bits, (n_pairs, size))
        chance = np.prod(np.where(cues, share, 1 - share))
        levels = tuple(np.minimum(targets @ cues, 2))
        for shown in range(n_pairs):
            for seen in product((0, 1), repeat=size):
                on = np.where(cues[shown], 1 - noise, came)
                odds = np.prod(np.where(seen, on, 1 - on))
                key = (levels, seen, bool(targets[shown]))
                totals[key] = totals.get(key, 0) + chance * odds / n_pairs
    for levels, seen in {(levels, seen) for levels, seen, _ in totals}:
        wanted = np.log(totals[levels, seen, True]) - np.log(totals[levels, seen, False])
        reader = BestReader(np.array(levels)[:, None], np.array([2]), 3, 1, noise, 3)
        found = reader.log_odds(np.array([seen], dtype=bool))[0, 0]
        assert found == pytest.approx(wanted, abs=1e-4)


def test_no_threshold_on_a_sum_of_levels_recalls_more_at_equal_false_positives() -> None:
    rng = np.random.default_rng(5)
    size, cells, active, n_pairs = 256, 200, 16, 110
    cues = np.array([rng.choice(size, active, replace=False) for _ in range(n_pairs)])
    masks = np.zeros((n_pairs, size), bool)
    np.put_along_axis(masks, cues, True, axis=1)
    targets = rng.random((n_pairs, cells)) < 0.1
    levels = np.minimum(masks.T.astype(int) @ targets, 3)
    shown = np.zeros_like(masks)
    for row, cue in zip(shown, cues, strict=True):
        row[moved_bits(cue, size, 0.25, rng)] = True
    reader = BestReader(levels, targets.sum(axis=0), n_pairs, active, 0.25, 4)
    scores = {"best": reader.log_odds(shown)}
    for name, weight in (("sum", levels), ("clipped", levels > 0)):
        scores[name] = shown.astype(float) @ weight
    found = {name: recall_at(s[targets], s[~targets], 0.01) for name, s in scores.items()}
    print(found)
    assert found["best"] > found["clipped"] + 0.02 and found["best"] > found["sum"] + 0.02


def test_levels_are_binomial_and_the_last_holds_the_rest() -> None:
    found = level_probabilities(np.array([0, 3]), 0.5, 3)
    np.testing.assert_allclose(found, [[1, 0, 0], [1 / 8, 3 / 8, 4 / 8]])


def test_moved_bits_keep_their_number_and_move_to_places_that_were_off() -> None:
    rng = np.random.default_rng(0)
    for share in (0.0, 0.2, 1.0):
        moved = moved_bits(np.arange(10), 40, share, rng)
        assert len(set(moved)) == 10 and (moved < 10).sum() == 10 - round(share * 10)
    with pytest.raises(InputError, match="size must be at least 20"):
        moved_bits(np.arange(10), 15, 1.0, rng)


def test_information_of_known_channels() -> None:
    assert channel_information(0.1, 1.0, 0.0) == pytest.approx(0.4689956)
    assert channel_information(0.3, 0.7, 0.7) == pytest.approx(0)
    assert level_entropy(np.array([[0], [1], [2], [3]])) == 2


def test_recall_counts_only_scores_above_all_but_the_allowed() -> None:
    right, wrong = np.array([0.5, 1.5, 2.5]), np.array([0.0, 1.0, 2.0, 1.0])
    assert recall_at(right, wrong, 0.0) == pytest.approx(1 / 3)
    assert recall_at(right, wrong, 0.25) == pytest.approx(2 / 3)
    pairs = list(combinations(range(5), 2))
    assert recall_at(np.zeros(len(pairs)), np.zeros(3), 0.5) == 0


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match=r"^levels must lie in 0 to 1$"):
        BestReader(np.array([[2], [0]]), np.array([1]), 2, 1, 0.1, 2)
    with pytest.raises(InputError, match=r"^n_targets must have shape \(1,\), got \(2,\)"):
        BestReader(np.array([[1], [0]]), np.array([1, 1]), 2, 1, 0.1, 2)

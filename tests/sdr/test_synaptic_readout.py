"""Read-outs of SDRs against exact enumeration, closed forms and a library's own figures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, mannwhitneyu

from htm_brian.sdr.synaptic_readout import (
    area_under_curve,
    best_segment,
    binary_weights,
    evidence,
    expected_input,
    least_squares,
    move_bits,
    random_patterns,
    scores,
    sigmoid_weights,
    two_values,
)


def test_patterns_have_their_size_and_noise_moves_their_bits() -> None:
    rng = np.random.default_rng(0)
    patterns = random_patterns(200, 64, 10, rng)
    assert (patterns.sum(axis=1) == 10).all()
    assert patterns.mean(axis=0).std() < 0.05
    noisy = move_bits(patterns, 0.3, rng)
    assert (noisy.sum(axis=1) == 10).all()
    assert ((noisy & patterns).sum(axis=1) == 7).all()
    assert (move_bits(patterns, 0.04, rng) == patterns).all()


def test_expected_input_is_the_mean_of_many_presentations() -> None:
    rng = np.random.default_rng(1)
    patterns = np.repeat(random_patterns(1, 20, 6, rng), 40_000, axis=0)
    shown = move_bits(patterns, 1 / 3, rng) & (rng.random(patterns.shape) < 0.7)
    expected = expected_input(patterns[:1], 1 / 3, 0.7)[0]
    assert np.abs(shown.mean(axis=0) - expected).max() < 4 * 0.5 / np.sqrt(len(patterns))


def test_evidence_is_the_log_ratio_of_the_posteriors() -> None:
    inputs = np.array([[0.9], [0.5], [0.2], [0.4]], dtype=np.float32)
    targets = np.array([[True], [True], [False], [False]])
    r1, r0 = 0.7, 0.3
    wanted = np.log(r1 * (1 - r0) / (r0 * (1 - r1)))
    assert evidence(inputs, targets)[0, 0] == pytest.approx(wanted, rel=1e-5)


def test_least_squares_equals_regression_on_many_noisy_presentations() -> None:
    rng = np.random.default_rng(2)
    patterns = random_patterns(12, 16, 4, rng)
    targets = rng.random((12, 1)) < 0.4
    weights = least_squares(expected_input(patterns, 0.0, 0.6), targets)
    repeats = 4000
    shown = np.tile(patterns, (repeats, 1)) & (rng.random((12 * repeats, 16)) < 0.6)
    wanted = np.tile(targets, (repeats, 1)).astype(float)
    regressed = np.linalg.lstsq(shown - shown.mean(axis=0), wanted - wanted.mean(), rcond=None)[0]
    assert np.abs(weights - regressed).max() < 0.02


def test_a_steep_sigmoid_is_binary() -> None:
    knowledge = np.random.default_rng(3).normal(size=(50, 4)).astype(np.float32)
    binary = binary_weights(knowledge, 0.3)
    assert binary.mean() == pytest.approx(0.3, abs=0.01)
    graded = sigmoid_weights(knowledge, 0.3, 1e6)
    at_threshold = knowledge == knowledge[binary > 0].min()
    assert np.abs(graded - binary)[~at_threshold].max() < 1e-3
    assert 0.2 < sigmoid_weights(knowledge, 0.3, 0.5).mean() < 0.8


def test_two_values_are_a_binary_weight_less_a_constant() -> None:
    knowledge = np.random.default_rng(6).normal(size=(50, 4)).astype(np.float32)
    binary = binary_weights(knowledge, 0.3)
    values = two_values(knowledge, binary)
    assert len(np.unique(values)) == 2
    assert np.corrcoef(values.ravel(), binary.ravel())[0, 1] == pytest.approx(1)


def test_best_segment_is_the_largest_overlap_with_a_pattern_of_the_cell() -> None:
    rng = np.random.default_rng(7)
    patterns = random_patterns(30, 60, 9, rng)
    targets = rng.random((30, 5)) < 0.3
    targets[:, 4] = False
    shown = move_bits(patterns, 0.4, rng).astype(np.float32)
    best = best_segment(shown, patterns, targets, 20, rng)
    overlap = shown @ patterns.T.astype(np.float32)
    for cell in range(4):
        assert (best[:, cell] == overlap[:, targets[:, cell]].max(axis=1)).all()
    assert (best[:, 4] == 0).all()
    few = best_segment(shown, patterns, targets, 3, rng)
    assert few.max() <= 3 and (few <= best).all()


def test_each_synapse_fails_on_its_own() -> None:
    rng = np.random.default_rng(4)
    active = np.zeros((5000, 30), dtype=np.bool_)
    active[:, :12] = True
    summed = scores(active, np.ones((30, 2), dtype=np.float32), 0.4, rng)
    counts = np.bincount(summed[:, 0].astype(int), minlength=13) / len(active)
    assert np.abs(counts - binom(12, 0.4).pmf(np.arange(13))).max() < 0.025
    assert abs(np.corrcoef(summed.T)[0, 1]) < 0.05
    reliable = scores(active[:1], np.ones((30, 2), dtype=np.float32), 1.0, rng)
    assert (reliable == 12).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_area_is_that_of_the_rank_sum_test(axis: int) -> None:
    rng = np.random.default_rng(5)
    scored = rng.integers(0, 6, (40, 1))
    positive = rng.random((40, 1)) < 0.3
    wanted = mannwhitneyu(scored[positive], scored[~positive]).statistic
    wanted /= positive.sum() * (~positive).sum()
    if axis == 1:
        scored, positive = scored.T, positive.T
    assert area_under_curve(scored, positive, axis)[0] == pytest.approx(wanted)
    assert np.isnan(area_under_curve(scored, np.ones_like(positive), axis)[0])

import numpy as np
import pytest

from htm_brian.comparison.intervals import (
    block_interval,
    block_length,
    correlation_of,
    difference_interval,
    draw_steps,
    draw_weights,
    mean_of,
)


def autoregressive(n, seed=0, memory=0.8):
    rng = np.random.default_rng(seed)
    values = np.zeros(n)
    for step in range(1, n):
        values[step] = memory * values[step - 1] + rng.normal()
    return values


def test_every_drawn_block_is_a_run_of_steps_round_the_circle():
    steps = draw_steps(10, 4, 50, seed=0)
    assert steps.shape == (50, 10)
    inside = [column for column in range(9) if column % 4 != 3]
    assert (np.diff(steps, axis=1)[:, inside] % 10 == 1).all()
    assert set(steps[:, 0]) == set(range(10))


@pytest.mark.parametrize("values", [autoregressive(400), np.arange(400.0) % 7], ids=["AR", "cycle"])
def test_variance_of_the_mean_is_that_of_the_means_of_blocks(values):
    """Closed form for n = k · L: the variance of the n block means, over k."""
    n, block = 400, 20
    means = mean_of(values)(draw_weights(n, block, 20_000, seed=1))
    circle = np.concatenate([values, values[: block - 1]])
    of_blocks = np.convolve(circle, np.full(block, 1 / block), mode="valid")
    assert len(of_blocks) == n
    assert means.var() == pytest.approx(of_blocks.var() / (n // block), rel=0.04)
    assert means.mean() == pytest.approx(values.mean(), abs=4 * means.std() / np.sqrt(20_000))


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution():
    values = autoregressive(2500, memory=0.5)
    block = block_length(2500)
    circle = np.concatenate([values, values[: block - 1]])
    of_blocks = np.convolve(circle, np.full(block, 1 / block), mode="valid")
    half = 1.96 * np.sqrt(of_blocks.var() / (2500 / block))
    low, high = block_interval(mean_of(values), 2500, resamples=4000)
    assert (high - low) / 2 == pytest.approx(half, rel=0.06)
    assert (high + low) / 2 == pytest.approx(values.mean(), abs=0.1 * half)


def test_blocks_widen_the_interval_of_dependent_steps():
    """For this process the variance of a mean is (1 + .8) / (1 - .8) = 9 times the plain one."""
    values = autoregressive(10_000)
    low, high = block_interval(mean_of(values), len(values))
    plain = 2 * 1.96 * values.std() / np.sqrt(len(values))
    assert (high - low) / plain == pytest.approx(3, rel=0.15)


def test_unknown_steps_are_left_out():
    values = np.where(np.arange(100) % 3 == 0, np.nan, 5.0)
    assert block_interval(mean_of(values), 100) == (5, 5)
    assert np.isnan(block_interval(mean_of(np.full(10, np.nan)), 10)).all()
    assert np.isnan(block_interval(mean_of(np.empty(0)), 0)).all()


def test_correlation():
    rng = np.random.default_rng(0)
    x = rng.normal(size=2000)
    y = 0.6 * x + 0.8 * rng.normal(size=2000)
    assert correlation_of(x, y)(np.ones((1, 2000)))[0] == pytest.approx(np.corrcoef(x, y)[0, 1])
    low, high = block_interval(correlation_of(x, y), 2000)
    # Fisher: the standard error of artanh r is 1 / √(n - 3).
    assert np.arctanh(high) - np.arctanh(low) == pytest.approx(2 * 1.96 / np.sqrt(1997), rel=0.15)
    assert np.isnan(block_interval(correlation_of(x, np.ones(2000)), 2000)).all()


def test_weights_count_the_drawn_steps():
    steps, weights = draw_steps(10, 4, 50, seed=3), draw_weights(10, 4, 50, seed=3)
    assert (weights == [np.bincount(row, minlength=10) for row in steps]).all()


def test_of_several_rows_each_is_resampled_at_the_same_steps():
    """One row at a time, and step by step, gives the same."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 3, 60))
    x[1, ::7] = np.nan
    steps, weights = draw_steps(60, 8, 20, seed=5), draw_weights(60, 8, 20, seed=5)
    by_hand = np.nanmean(x[:, steps], axis=2).mean(axis=0)
    assert mean_of(x)(weights) == pytest.approx(by_hand)
    assert np.isnan(mean_of(np.stack([x[0], np.full(60, np.nan)]))(weights)).all()
    z = x[[0, 2]]
    by_hand = [
        np.mean([np.corrcoef(a[row], b[row])[0, 1] for a, b in zip(z, y[:2], strict=True)])
        for row in steps
    ]
    assert correlation_of(z, y[:2])(weights) == pytest.approx(np.array(by_hand))


def test_interval_of_the_difference_of_two_series():
    first, second = autoregressive(900, 1), autoregressive(900, 2) + 3
    low, high = difference_interval(first, second)
    assert low < second.mean() - first.mean() < high
    widths = [np.diff(block_interval(mean_of(one), 900))[0] for one in (first, second)]
    assert high - low == pytest.approx(np.hypot(*widths), rel=0.15)
    assert np.isnan(difference_interval(first[:0], second)).all()

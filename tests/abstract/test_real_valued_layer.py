"""The real-valued layer: its formulas, and where its weights settle."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import expectile

from htm_brian.abstract.real_valued_layer import RealValuedLayer

RATES = st.floats(0, 1)


@given(st.integers(0, 2**32), RATES, RATES, st.floats(0.1, 10), st.integers(1, 6))
def test_one_step_equals_the_formula_of_the_discussion(
    seed: int, growth: float, decay: float, sensitivity: float, n_learners: int
) -> None:
    layer = RealValuedLayer(5, 6, n_learners, growth, decay, sensitivity, seed)
    x = np.random.default_rng(seed + 1).random(5)
    w = layer.weights.copy()
    scores = layer.compute(x)
    nearness = np.maximum(1 - sensitivity * np.abs(x - w), 0)
    np.testing.assert_allclose(scores, nearness.mean(axis=1), atol=1e-12)
    best = sorted(range(6), key=lambda neuron: (-scores[neuron], neuron))[:n_learners]
    learner = np.isin(np.arange(6), best)[:, np.newaxis]
    d = x - w
    w += learner * (np.maximum(d, 0) * growth + np.minimum(d, 0) * decay)
    np.testing.assert_allclose(layer.weights, w, atol=1e-12)
    assert layer.n_learned.tolist() == learner[:, 0].astype(int).tolist()


def test_equal_rates_make_the_exponential_running_mean() -> None:
    """Claim 9: with growth = decay and all neurons learning, w is the running mean."""
    stream = np.random.default_rng(3).random((3000, 4))
    layer = RealValuedLayer(4, 3, n_learners=3, growth_rate=0.02, decay_rate=0.02, seed=1)
    start = layer.weights.copy()
    layer.compute(stream)
    mean = lfilter([0.02], [1, -0.98], stream, axis=0)[-1]
    np.testing.assert_allclose(layer.weights, mean + 0.98**3000 * start, atol=1e-12)
    assert np.abs(layer.weights - stream.mean()).max() < 0.15


@pytest.mark.parametrize(("growth", "decay"), [(0.003, 0.001), (0.001, 0.003), (0.0036, 0.0004)])
def test_other_rates_make_the_expectile(growth: float, decay: float) -> None:
    """Claim 9: w settles at the g/(g+d) expectile, error below 0.01."""
    stream = np.random.default_rng(4).beta(2, 5, size=(16_000, 12))
    layer = RealValuedLayer(12, 1, n_learners=1, growth_rate=growth, decay_rate=decay, seed=2)
    half = len(stream) // 2
    layer.compute(stream[:half])
    path = []
    for ten in stream[half:].reshape(-1, 10, 12):
        layer.compute(ten)
        path.append(layer.weights[0].copy())
    mean = np.mean(path, axis=0)
    tau = growth / (growth + decay)
    wanted = [expectile(column, alpha=tau) for column in stream[half:].T]
    error = np.abs(mean - wanted).max()
    print(f"largest error at tau {tau}: {error:.4f}")
    assert error < 0.01


def test_only_the_best_matches_learn() -> None:
    layer = RealValuedLayer(3, 4, n_learners=1, seed=0)
    layer.weights[:] = np.arange(4)[:, np.newaxis]
    before = layer.weights.copy()
    layer.compute([2.1, 2.0, 1.9])
    assert np.flatnonzero((layer.weights != before).any(axis=1)).tolist() == [2]
    layer.compute([0.0, 0.0, 0.0], learn=False)
    assert layer.n_learned.tolist() == [0, 0, 1, 0]


def test_many_inputs_are_taken_one_after_the_other() -> None:
    layer = RealValuedLayer(8, 5, n_learners=2, sensitivity=0.5, seed=6)
    twin = RealValuedLayer(8, 5, n_learners=2, sensitivity=0.5, seed=6)
    samples = np.random.default_rng(0).random((7, 8))
    for learn in (False, True):
        each = [layer.compute(sample, learn) for sample in samples]
        np.testing.assert_array_equal(twin.compute(samples, learn), each)
        np.testing.assert_array_equal(twin.weights, layer.weights)
    assert layer.n_learned.sum() == 2 * 7
    assert layer.compute(layer.weights[3], learn=False)[3] == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_learners": 6}, r"n_learners must lie in \[1, 5\], got 6"),
        ({"growth_rate": -0.1}, r"growth_rate must lie in \[0, 1\], got -0.1"),
        ({"decay_rate": 1.5}, r"decay_rate must lie in \[0, 1\], got 1.5"),
        ({"sensitivity": 0.0}, r"sensitivity must be positive, got 0\.0"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RealValuedLayer(**({"n_inputs": 3, "n_neurons": 5, "n_learners": 1} | options))


def test_bad_samples_are_named_and_change_nothing() -> None:
    layer = RealValuedLayer(3, 5, 1)
    before = layer.weights.copy()
    with pytest.raises(ValueError, match="samples must be finite"):
        layer.compute([0.0, np.nan, 0.0])
    with pytest.raises(ValueError, match=r"samples must have shape \(3,\) or \(n, 3\), got \(2,\)"):
        layer.compute([0.0, 1.0])
    np.testing.assert_array_equal(layer.weights, before)

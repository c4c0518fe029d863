"""SDR classifier: softmax regression by its definition, and the cases of NuPIC's own tests."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.abstract.classifier import SDRClassifier, SDRPredictor
from htm_brian.sdr.sdr import SDR


def log_likelihood(classifier: SDRClassifier, sdr: SDR, target: np.ndarray) -> float:
    return float(target @ np.log(classifier.infer(sdr)))


@given(st.integers(0, 2**32), st.integers(2, 5), st.lists(st.integers(0, 1), min_size=1))
def test_learning_is_the_gradient_of_the_log_likelihood(
    seed: int, n_classes: int, labels: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    classifier = SDRClassifier(6, n_classes, learning_rate=0.1)
    classifier.weights[:] = rng.normal(size=(6, n_classes))
    sdr = SDR.random(6, 3, seed)
    target = np.isin(np.arange(n_classes), labels) / len(set(labels))
    start = classifier.weights.copy()
    gradient = np.zeros_like(start)
    for place in np.ndindex(*start.shape):
        sides = []
        for step in (1e-5, -1e-5):
            classifier.weights[:] = start
            classifier.weights[place] += step
            sides.append(log_likelihood(classifier, sdr, target))
        gradient[place] = (sides[0] - sides[1]) / 2e-5
    classifier.weights[:] = start
    classifier.learn(sdr, labels)
    np.testing.assert_allclose(classifier.weights - start, 0.1 * gradient, atol=1e-8)


@given(st.integers(0, 2**32), st.floats(0, 1e4))
def test_probabilities_are_such_whatever_the_weights(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    classifier = SDRClassifier(20, 4)
    classifier.weights[:] = rng.normal(scale=scale, size=(20, 4))
    probabilities = classifier.infer(SDR.random(20, 5, seed))
    assert probabilities.min() >= 0
    assert probabilities.sum() == pytest.approx(1.0)


def test_knows_nothing_at_the_start() -> None:
    np.testing.assert_allclose(SDRClassifier(10, 5).infer(SDR(10, [1, 2])), 0.2)


def test_single_pattern_is_learned_in_ten_steps() -> None:
    classifier = SDRClassifier(10, 5, learning_rate=1.0)
    for _ in range(10):
        classifier.learn(SDR(10, [1, 5, 9]), 4)
    assert classifier.infer(SDR(10, [1, 5, 9]))[4] > 0.9


def test_overlapping_patterns_share_what_was_learned() -> None:
    classifier = SDRClassifier(12, 2, learning_rate=1.0)
    for _ in range(20):
        classifier.learn(SDR(12, [1, 5, 9]), 0)
        classifier.learn(SDR(12, [0, 4, 8]), 1)
    assert classifier.infer(SDR(12, [1, 5, 11])).argmax() == 0
    assert classifier.infer(SDR(12, [0, 4, 11])).argmax() == 1


def test_probabilities_become_the_frequencies_of_the_classes() -> None:
    """A noisy label is predicted as often as it occurs."""
    classifier = SDRClassifier(11, 4, learning_rate=0.002)
    rng = np.random.default_rng(42)
    cases = [(SDR(11, [1, 3, 5]), [0.3, 0.3, 0.4, 0.0]), (SDR(11, [2, 4, 6]), [0, 0.5, 0, 0.5])]
    for _ in range(6000):
        for sdr, frequencies in cases:
            classifier.learn(sdr, int(rng.choice(4, p=frequencies)))
    for sdr, frequencies in cases:
        np.testing.assert_allclose(classifier.infer(sdr), frequencies, atol=0.05)


def test_several_labels_share_the_target() -> None:
    classifier = SDRClassifier(10, 3, learning_rate=0.5)
    for _ in range(200):
        classifier.learn(SDR(10, [1, 2]), [0, 2])
    np.testing.assert_allclose(classifier.infer(SDR(10, [1, 2])), [0.5, 0, 0.5], atol=0.02)


def test_predictor_tells_each_step_of_a_cycle() -> None:
    predictor = SDRPredictor(40, 4, steps=[0, 1, 3], learning_rate=0.5)
    codes = [SDR(40, range(10 * place, 10 * place + 10)) for place in range(4)]
    for step in range(200):
        predicted = predictor.compute(codes[step % 4], step % 4)
    assert {ahead: int(p.argmax()) for ahead, p in predicted.items()} == {0: 3, 1: 0, 3: 2}
    assert min(p.max() for p in predicted.values()) > 0.9


def test_predictor_predicts_before_it_learns_and_forgets_on_reset() -> None:
    predictor = SDRPredictor(10, 2, steps=[1], learning_rate=1.0)
    first, second = SDR(10, [1, 2]), SDR(10, [5, 6])
    predictor.compute(first, 0)
    np.testing.assert_allclose(predictor.compute(second, 1)[1], 0.5)
    assert predictor.compute(first)[1][1] > 0.7
    predictor.reset()
    unchanged = predictor.compute(second)[1]
    predictor.reset()
    predictor.compute(first, 0)
    np.testing.assert_allclose(predictor.compute(second)[1], unchanged)


def test_bad_arguments_are_named_and_change_nothing() -> None:
    with pytest.raises(ValueError, match="learning_rate must be positive, got 0"):
        SDRClassifier(10, 2, learning_rate=0)
    with pytest.raises(ValueError, match="n_classes must be at least 1, got 0"):
        SDRClassifier(10, 0)
    classifier = SDRClassifier(10, 2)
    with pytest.raises(ValueError, match=r"label must lie in \[0, 1\], got 2"):
        classifier.learn(SDR(10, [1]), 2)
    with pytest.raises(ValueError, match="at least one class"):
        classifier.learn(SDR(10, [1]), [])
    with pytest.raises(ValueError, match="sdr must have input_size 10 bits, got 9"):
        classifier.learn(SDR(9, [1]), 0)
    assert not classifier.weights.any()
    with pytest.raises(ValueError, match="steps must name at least one"):
        SDRPredictor(10, 2, steps=[])
    with pytest.raises(ValueError, match="steps must be at least 0, got -1"):
        SDRPredictor(10, 2, steps=[-1])

"""Anomaly likelihood: NuPIC's own values, and what it is for."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.abstract.anomaly import AnomalyLikelihood, _moving_average, log_likelihood

DATA = Path(__file__).parents[1] / "data"


def test_equals_nupic_on_every_element() -> None:
    """Golden values: NuPIC 1.0.5, defaults, 2,000 elements with values and raw scores."""
    golden = np.load(DATA / "anomaly_likelihood.npz", allow_pickle=False)
    likelihood = AnomalyLikelihood()
    found = [
        likelihood.compute(anomaly, value)
        for anomaly, value in zip(golden["raw_anomaly"], golden["value"], strict=True)
    ]
    np.testing.assert_allclose(found, golden["likelihood"], rtol=0, atol=1e-12)
    logs = [log_likelihood(value) for value in found]
    np.testing.assert_allclose(logs, golden["log_likelihood"], rtol=0, atol=1e-9)
    assert np.any(golden["likelihood"] > 0.9999), "the golden stream must hold an alarm"


def noisy_then_bad(n_calm: int = 1000, n_bad: int = 30) -> list[float]:
    rng = np.random.default_rng(1)
    return [*rng.uniform(0.0, 0.3, n_calm), *rng.uniform(0.8, 1.0, n_bad)]


def test_noise_is_no_alarm_and_worse_than_noise_is_one() -> None:
    likelihood = AnomalyLikelihood()
    found = np.array([likelihood.compute(anomaly) for anomaly in noisy_then_bad()])
    assert np.all(found[:388] == 0.5)
    assert np.mean(found[388:1000] > 0.999) < 0.01
    assert found[1000:1010].max() > 0.99999


def test_only_the_first_element_of_an_alarm_stays_red() -> None:
    likelihood = AnomalyLikelihood()
    found = np.array([likelihood.compute(anomaly) for anomaly in noisy_then_bad()])[1000:]
    red = np.flatnonzero(found > 0.99999)
    assert red.size == 1
    np.testing.assert_allclose(found[red[0] + 1 : red[0] + 12], 0.999)


def test_nothing_in_a_constant_input_is_an_anomaly() -> None:
    likelihood = AnomalyLikelihood()
    found = [likelihood.compute(anomaly, value=3.0) for anomaly in noisy_then_bad()]
    np.testing.assert_allclose(found, 0.5, atol=0.001)


def test_old_elements_are_forgotten() -> None:
    options = {"learning_period": 20, "estimation_samples": 30, "historic_window": 50}
    likelihood = AnomalyLikelihood(**options, reestimation_period=10)
    calm = [0.1, 0.2] * 200
    found = [likelihood.compute(anomaly) for anomaly in [0.9, 1.0] * 100 + calm]
    # Of 0.9 and 1.0 nothing is left: an average of 0.15 lies at the mean, and 0.5 is the centre.
    assert found[-1] == pytest.approx(0.5, abs=0.05)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(1, 12))
def test_moving_average_equals_a_plain_loop(values: list[float], window: int) -> None:
    expected = [np.mean(values[max(0, i - window + 1) : i + 1]) for i in range(len(values))]
    np.testing.assert_allclose(_moving_average(np.array(values), window), expected, atol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=60, max_size=150))
def test_likelihood_lies_between_a_half_and_one(scores: list[float]) -> None:
    likelihood = AnomalyLikelihood(20, 20, 60, 15)
    found = [likelihood.compute(score) for score in scores]
    assert min(found) >= 0.5 and max(found) <= 1.0


def test_log_likelihood_spreads_the_nines() -> None:
    assert log_likelihood(0.0) == pytest.approx(0.0, abs=1e-9)
    assert log_likelihood(0.99999) == pytest.approx(0.5, abs=1e-4)
    assert log_likelihood(1.0) == pytest.approx(1.0, abs=1e-4)


def test_bad_arguments_are_named_and_change_nothing() -> None:
    with pytest.raises(ValueError, match="historic_window must be at least 100, got 50"):
        AnomalyLikelihood(historic_window=50)
    likelihood, twin = AnomalyLikelihood(5, 5, 20, 5), AnomalyLikelihood(5, 5, 20, 5)
    for step in range(30):
        with pytest.raises(ValueError, match="anomaly must be a finite number, got nan"):
            likelihood.compute(math.nan)
        with pytest.raises(ValueError, match=r"anomaly must lie in \[0, 1\], got 1.5"):
            likelihood.compute(1.5)
        if step > 0:
            with pytest.raises(ValueError, match="value must be given for every element"):
                likelihood.compute(0.5, value=1.0)
        score = (step % 7) / 7
        assert likelihood.compute(score) == twin.compute(score)


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e3, 1e300])
def test_the_unit_of_the_values_does_not_matter(unit: float) -> None:
    def alarm(scale: float, offset: float) -> float:
        rng = np.random.default_rng(1)
        likelihood = AnomalyLikelihood(100, 100)
        scores = np.clip(rng.normal(0.1, 0.05, 600), 0, 1)
        for score, value in zip(scores, rng.normal(1, 1, 600), strict=True):
            likelihood.compute(float(score), float(value * scale + offset))
        return max(likelihood.compute(1.0, scale + offset) for _ in range(10))

    assert alarm(unit, 0.0) == alarm(1.0, 0.0) == alarm(unit, 100 * unit) > 0.9999


@pytest.mark.parametrize("value", [0.0, 1e-6, -5e307])
def test_a_constant_input_is_flat_in_any_unit(value: float) -> None:
    likelihood = AnomalyLikelihood()
    found = [likelihood.compute(anomaly, value=value) for anomaly in noisy_then_bad()]
    np.testing.assert_allclose(found, 0.5, atol=0.001)

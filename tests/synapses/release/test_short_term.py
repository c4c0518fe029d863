"""Depression and facilitation in closed form, against published values and one another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.errors import InputError
from htm_brian.synapses.release.short_term import (
    coefficient_of_variation,
    mean,
    stationary,
    train,
)

DEPRESSING = {1: 0.833, 5: 0.362, 10: 0.210, 20: 0.114, 40: 0.060, 100: 0.025}
"""Last over first amplitude at U 0.5 and 800 ms, by rate in Hz (Tsodyks, Uziel & Markram 2000)."""


@pytest.mark.parametrize(("rate", "share"), DEPRESSING.items())
def test_stationary_depression(rate: float, share: float) -> None:
    found = float(stationary(0.5, 0.8, 0.0, rate)) / 0.5
    assert found == pytest.approx(share, rel=0.02), f"measured {found:.4f}"


def test_facilitating_synapses_pass_most_between_15_and_30_hz() -> None:
    rates = np.linspace(1, 100, 1000)
    best = rates[np.argmax(stationary(0.03, 0.13, 0.53, rates))]
    assert 15 <= best <= 30, f"measured {best:.1f} Hz"


@given(st.floats(0.01, 1), st.floats(0.01, 2), st.floats(0, 2), st.floats(0.5, 100))
def test_a_long_train_becomes_stationary(
    start: float, recovery: float, facilitation: float, rate: float
) -> None:
    times = np.arange(400) / rate
    last = train(start, recovery, facilitation, times).released[-1]
    n_constants = times[-1] / max(recovery, facilitation)
    if n_constants > 30 or start > 0.1:
        assert last == pytest.approx(
            float(stationary(start, recovery, facilitation, rate)), rel=1e-6
        )


def test_moments_of_five_sites_and_of_one() -> None:
    """N 5, p 0.37: CV 0.58; N 1, p 0.7: 0.65."""
    assert float(coefficient_of_variation(5, 0.37)) == pytest.approx(0.58, abs=0.005)
    assert float(coefficient_of_variation(1, 0.7)) == pytest.approx(0.65, abs=0.005)
    assert float(mean(5, 0.37)) == pytest.approx(1.85)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^release_probability must lie in \[0, 1\], got 1.3$"):
        train(1.3, 0.8, 0.0, [0.0])
    with pytest.raises(ValueError, match="^spike_times must be one sequence"):
        train(0.5, 0.8, 0.0, [0.1, 0.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stationary(0.5, 0.8, 0.0, [10, -5]), "rate must be above 0 and finite, got -5.0"),
        (lambda: stationary(0.5, 0.8, 0.0, 0), "rate must be above 0 and finite, got 0.0"),
        (lambda: stationary(0.5, 0.8, 0.0, np.nan), "rate must be above 0 and finite, got nan"),
        (lambda: mean(5, [0.1, 2.0]), "probability must lie in [0, 1], got 2.0"),
        (lambda: coefficient_of_variation(5, 1.5), "probability must lie in [0, 1], got 1.5"),
        (lambda: coefficient_of_variation(5, 0.0), "probability must be above 0, got 0.0"),
        (lambda: train(0.5, 0.8, 0.0, [0.0, float("nan")]), "spike_times must be finite, got nan"),
    ],
)  # fmt: skip
def test_wrong_numbers_are_one_clear_line(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


def test_text_is_no_number() -> None:
    for call in (lambda: stationary(0.5, 0.8, 0.0, "x"), lambda: train(0.5, 0.8, 0.0, ["a"])):
        with pytest.raises(InputError, match="must be a number or an array|must hold numbers"):
            call()

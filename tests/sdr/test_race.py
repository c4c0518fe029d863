"""The race of first spikes: closed form against drawn columns, and what must be so."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.sdr.race import Race, straight_rise


def race(noise: float, cells: int = 8, neurons: int = 1, lead: float = 7.0) -> Race:
    made = straight_rise(
        cells=cells, lead=lead, rise=1.0, noise=noise, latency=1.0, neurons_per_cell=neurons
    )
    return made.with_best_window()


@pytest.mark.parametrize(("noise", "cells"), [(1.0, 8), (2.0, 8), (2.0, 32), (3.0, 4)])
def test_single_neurons_win_as_often_as_the_closed_form_says(noise: float, cells: int) -> None:
    made, rng = race(noise, cells), np.random.default_rng(1)
    predicted, unpredicted = made.right()
    n = 4000
    for number, expected in ((1, predicted), (0, unpredicted)):
        found = made.run(n, rng, number)[0]
        error = np.sqrt(max(expected * (1 - expected), 1 / n) / n)
        # An unpredicted column may recruit inhibition too late to matter.
        assert expected - 4 * error < found < expected + 4 * error + 0.02 * (number == 0)


@pytest.mark.parametrize(("noise", "neurons"), [(2.0, 16), (3.0, 16)])
def test_ensembles_win_nearly_as_often(noise: float, neurons: int) -> None:
    made, rng = race(noise, neurons=neurons), np.random.default_rng(2)
    for number, expected in zip((1, 0), made.right(), strict=True):
        assert made.run(1000, rng, number)[0] == pytest.approx(expected, abs=0.06)


def test_without_noise_every_column_is_right_and_without_lead_none() -> None:
    assert race(0.05).right() == pytest.approx((1, 1), abs=1e-3)
    rng = np.random.default_rng(3)
    drawn = race(0.05).run(200, rng, 3)
    assert (drawn.right, drawn.jaccard, drawn.hits) == (1.0, 1.0, 600)
    assert min(race(1.0, lead=0.0).right()) < 0.2


def test_most_of_several_neurons_are_right_where_single_ones_are_not() -> None:
    """Lead of 7 mV, 8 cells: 16 neurons a cell in nearly all columns at 2 mV, single ones not."""
    assert min(race(2.0).right()) < 0.93
    assert min(race(2.0, neurons=16).right()) > 0.99


def test_inhibition_that_any_first_spike_recruits_loses_at_2_mV() -> None:
    windowed = race(2.0)
    always = Race(windowed.times, windowed.predicted, windowed.unpredicted, 8, windowed.latency)
    assert always.right()[1] < 0.01
    assert always.run(500, np.random.default_rng(4), 0)[0] < 0.05


def test_wrong_races_are_refused() -> None:
    times = np.arange(3.0)
    with pytest.raises(InputError, match="cells"):
        Race(times, times / 2, times / 2, 0, 1.0)
    with pytest.raises(InputError, match="predicted must rise"):
        Race(times, times[::-1], times / 2, 4, 1.0)

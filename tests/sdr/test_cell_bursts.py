"""Spikes grouped into events and bursts."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.sdr.cell_bursts import find_events, summarise


def test_events_are_those_of_a_loop_over_the_spikes() -> None:
    rng = np.random.default_rng(1)
    cells, times = rng.integers(0, 20, 3000), rng.uniform(0, 5, 3000)
    expected = []
    for cell in range(20):
        train = np.sort(times[cells == cell])
        groups: list[list[float]] = []
        for time in train:
            if groups and time - groups[-1][-1] < 0.016:
                groups[-1].append(time)
            else:
                groups.append([time])
        expected += [(cell, g[0], len(g), g[-1] - g[0]) for g in groups]
    events = find_events(cells, times)
    np.testing.assert_allclose(np.array(list(zip(*events, strict=True))), expected)
    assert events.sizes.sum() == 3000
    late = events.after(2.0)
    assert (late.starts >= 2).all() and len(late.cells) == (events.starts >= 2).sum()


def test_ensembles_are_summed_up() -> None:
    # Ensemble 0: a burst of three and a spike; ensemble 1: one spike; ensemble 2: nothing.
    events = find_events([0, 0, 0, 1, 2], [0.1, 0.11, 0.122, 0.5, 0.6])
    found = summarise(events, 3, 2, 2.0)
    np.testing.assert_allclose(found.event_rate, [0.5, 0.25, 0])
    np.testing.assert_allclose(found.burst_fraction, [0.5, 0, np.nan])
    np.testing.assert_allclose(found.spikes_per_burst, [3, np.nan, np.nan])
    np.testing.assert_allclose(found.interval, [0.011, np.nan, np.nan])
    assert found.n_bursts.tolist() == [1, 0, 0]


def test_no_spikes_and_bad_input() -> None:
    assert len(find_events([], []).cells) == 0
    assert np.isnan(summarise(find_events([], []), 2, 3, 1.0).burst_fraction).all()
    with pytest.raises(ValueError, match="cells and times must be two sequences of one length"):
        find_events([1, 2], [0.1])


def test_an_interval_of_sixteen_milliseconds_ends_an_event_whatever_the_rounding() -> None:
    for step in range(1000):
        times = [step * 1e-4, (step + 160) * 1e-4]
        assert find_events([0, 0], times).sizes.tolist() == [1, 1], step
        assert find_events([0, 0], [times[0], times[1] - 1e-4]).sizes.tolist() == [2], step

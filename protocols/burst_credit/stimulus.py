"""Trains with more or fewer bursts than before, exclusive-or, and digits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from htm_brian.streams.digits import bundled_digits

Floats = NDArray[np.float64]

BASELINES = (0.1, 0.2, 0.4)
"""Shares of bursts that the running average settles on."""
STEPS = (-0.09, -0.06, -0.04, -0.02, 0.0, 0.02, 0.04, 0.06, 0.09)
"""By what the share of bursts changes then."""
EVENT_RATE, DEAD_TIME, BURST_INTERVAL = 5.0, 0.04, 0.008
WARM_UP, TEST = 15.0, 4.0
"""Seconds at the old share and at the new one."""

XOR_INPUTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
LARGEST_RATE, HIGH, LOW = 10.0, 0.9, 0.1
"""Hz of a rate of 1; targets."""
XOR_TARGETS = np.array([[LOW], [HIGH], [HIGH], [LOW]])


class Task(NamedTuple):
    """Examples, targets as rates, and a half that is kept apart."""

    inputs: Floats
    targets: Floats
    test_inputs: Floats
    test_labels: NDArray[np.int64]


def digits(seed: int) -> Task:
    """Return scikit-learn's digits, half of them for training."""
    found = bundled_digits(seed)
    targets = np.eye(10)[found.train_labels]
    return Task(found.train_images, targets, found.test_images, found.test_labels)


def event_times(n_cells: int, duration: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw events of independent cells with a dead time; return cells and times (seconds)."""
    most = round(2 * EVENT_RATE * duration) + 20
    intervals = DEAD_TIME + rng.exponential(1 / EVENT_RATE - DEAD_TIME, (n_cells, most))
    times = np.cumsum(intervals, axis=1)
    cells = np.repeat(np.arange(n_cells), most).reshape(times.shape)
    inside = times < duration - DEAD_TIME
    return cells[inside].astype(float), times[inside]


def with_bursts(
    cells: Floats, times: Floats, before: Floats, after: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Make a share of the events bursts of two spikes, another share after the warm-up.

    Parameters
    ----------
    cells, times : ndarray of shape (n_events,)
    before, after : ndarray of shape (n_cells,)
        Shares of bursts.
    """
    index = cells.astype(int)
    share = np.where(times < WARM_UP, before[index], after[index])
    burst = rng.random(len(times)) < share
    return (
        np.concatenate([cells, cells[burst]]),
        np.concatenate([times, times[burst] + BURST_INTERVAL]),
    )

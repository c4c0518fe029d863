"""Trains of theta bursts some time apart: spike times in seconds from the first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

MINUTE = 60.0
TRAIN: Times = (0.2 * np.arange(10)[:, None] + 0.01 * np.arange(4)).ravel()
"""Ten bursts, 200 ms apart, of four spikes at 100 Hz."""
RESPONSE = 0.002
"""Seconds from a presynaptic spike to the postsynaptic one that it evokes."""


def trains(number: int, interval: float) -> Times:
    """Return `number` trains that begin `interval` seconds after each other."""
    return np.concatenate([TRAIN + interval * k for k in range(number)])

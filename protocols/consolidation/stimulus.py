"""Tetani and low-frequency bursts: spike times in seconds from the beginning of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Train = NDArray[np.floating]

MINUTE, HOUR = 60.0, 3600.0

SECOND_AT_100_HZ: Train = 0.01 * np.arange(100)
STRONG: Train = np.concatenate([SECOND_AT_100_HZ + 10 * MINUTE * k for k in range(3)])
"""Three trains of a second at 100 Hz, ten minutes apart."""
WEAK: Train = 0.01 * np.arange(20)
"""A fifth of a second at 100 Hz."""
LOW_FREQUENCY: Train = (1.0 * np.arange(300)[:, None] + 0.05 * np.arange(3)).ravel()
"""Five minutes of a burst a second, of three spikes at 20 Hz."""

CAPTURE_GAPS = (-4, -2, -1, -0.5, 0.5, 1, 2, 4)
"""Hours from the strong tetanus to the weak one on another synapse."""
DEPOTENTIATION_DELAYS = (5, 10, 60, 120)
"""Minutes from the strong tetanus' first train to the low-frequency bursts."""

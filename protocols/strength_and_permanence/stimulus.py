"""How trains of theta bursts are repeated: not at all, at once, or after an hour each."""

from __future__ import annotations

import numpy as np

from htm_brian.protocols.spaced_theta_bursts.stimulus import MINUTE, Times, trains

HOUR = 60 * MINUTE

ONE, MASSED, SPACED, BLOCKED = (
    "one train",
    "three, ten minutes apart",
    "three, an hour apart",
    "three, an hour apart, no proteins",
)
REPETITIONS: dict[str, Times] = {
    ONE: trains(1, 0.0),
    MASSED: trains(3, 10 * MINUTE),
    SPACED: trains(3, HOUR),
    BLOCKED: trains(3, HOUR),
}


def look_at(hours: float) -> Times:
    """Return the times to look at: soon ones close together, then every ten minutes."""
    soon = np.array([-1.0, 0.0, 3.0, 30.0, 60.0, 180.0, 300.0, 600.0])
    return np.concatenate([soon, 10 * MINUTE * np.arange(2, round(6 * hours) + 1)])

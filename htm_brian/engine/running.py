"""Tells whether a network is being run at the moment, by looking at who called whom."""

from __future__ import annotations

import sys
from types import FrameType

RUNS = {("brian2.core.network", "run"), ("htm_brian.engine.stepping", "advance")}
"""Module and name of the functions that run a network."""


def in_a_run() -> bool:
    """Return whether this was called, however far up, by a network that is running."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if (frame.f_globals.get("__name__"), frame.f_code.co_name) in RUNS:
            return True
        frame = frame.f_back
    return False

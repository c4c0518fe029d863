"""Checks of what every Brian2 group takes: its name, its clock, its method of integration.

Brian2 finds such faults late, or in words about its own insides, or takes a time step of NaN.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from brian2.core.clocks import Clock
from brian2.stateupdaters.base import StateUpdateMethod
from brian2.units import second

from htm_brian.arguments import check_text, shown
from htm_brian.errors import InputError, did_you_mean


def check_name(name: object) -> str:
    """Return a name for a Brian2 object: as of a variable, with a star at its end or without."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*\*?", check_text("name", name)) is None:
        raise InputError(f"name must be a name such as layer_5, got {shown(name)}")
    return str(name)


def check_clock(dt: Any, clock: object) -> None:
    """Refuse a time step that is none, and a clock that is none or stands beside a time step."""
    if clock is not None and not isinstance(clock, Clock):
        raise InputError(f"clock must be a Clock of Brian2, got {shown(clock)}")
    if dt is None:
        return
    if clock is not None:
        raise InputError("give dt or clock, got both")
    if getattr(dt, "dim", None) != second.dim or np.ndim(dt) > 0:
        raise InputError(f"dt must be one time such as 0.1*ms, got {shown(dt)}")
    if not 0 < float(dt) < math.inf:
        raise InputError(f"dt must be positive and finite, got {shown(dt)}")


def check_method(method: object) -> None:
    """Refuse a method of integration that Brian2 does not know."""
    known = StateUpdateMethod.stateupdaters
    if method is None or callable(method):
        return
    if not isinstance(method, str):
        raise InputError(f"method must be the name of one, such as 'euler', got {shown(method)}")
    if method not in known:
        raise InputError(f"method must be known, got {method!r}{did_you_mean(method, known)}")

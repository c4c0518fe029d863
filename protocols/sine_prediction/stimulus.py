"""The memories that see the wave: what they have instead of the defaults."""

from __future__ import annotations

from typing import Any

from htm_brian.abstract.permanence import IncidenceRate, UpDown

COUNTER = UpDown(increment=0.1, decrement=0.02)
OLD, NEW, ALL = "counter", "rate 0.2", "all connected"
BOTH_WRONG, THRESHOLD_WRONG = "threshold 0.5, new at 0.21", "threshold 0.5, new at it"
VARIANTS: dict[str, dict[str, Any]] = {
    OLD: {"permanence_rule": COUNTER},
    NEW: {"permanence_rule": IncidenceRate(10.0, 0.2)},
    "rate 0.1": {"permanence_rule": IncidenceRate(10.0, 0.1)},
    "rate 0.05": {"permanence_rule": IncidenceRate(10.0, 0.05)},
    BOTH_WRONG: {"permanence_rule": IncidenceRate(10.0, 0.5), "initial_permanence": 0.21},
    THRESHOLD_WRONG: {"permanence_rule": IncidenceRate(10.0, 0.5)},
    ALL: {"permanence_rule": COUNTER, "connected_permanence": 0.0},
}

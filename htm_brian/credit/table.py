"""What a model of kind "credit" holds: the numbers of the rules, and how fast each learns."""

from __future__ import annotations

from htm_brian.credit.rules import BurstTeaching, SegregatedDendrites, TargetPropagation
from htm_brian.parameters import Key

_RATE = Key("1", "learning rate")
KEYS = {
    "gradient": {"learning_rate": _RATE},
    "bursts": {**BurstTeaching.keys, "learning_rate": _RATE},
    "dendrites": {**SegregatedDendrites.keys, "learning_rate": _RATE},
    "targets": {**TargetPropagation.keys, "learning_rate": _RATE},
    "winners": {
        "increment": Key("1", "rise of a winner's permanence to an input that is on"),
        "decrement": Key("1", "fall of a winner's permanence to an input that is off"),
        "winners_share": Key("1", "share of hidden cells that win"),
        "boost_strength": Key("1", "of cells that win less often than others, where boosted"),
        "duty_cycle_period": Key("1", "examples over which it is averaged how often a cell wins"),
        "learning_rate": Key("1", "of the outputs"),
    },
}
"""Tables of a model of credit; "gradient" is for back-propagation, and for frozen hidden layers."""

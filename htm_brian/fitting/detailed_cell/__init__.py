"""What a detailed cell answers to many stimuli, fitted or held out; see the README beside it."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from htm_brian.errors import InputError

FITTED, HELD_OUT = "fitted", "held out"
ROLES = (FITTED, HELD_OUT)


@dataclass(frozen=True)
class Measure:
    """What is taken of an answer, and how near a model must come to it.

    Attributes
    ----------
    unit : str
    share : float
        Of the detailed cell's value, by which a model may differ.
    least : float
        By which it may differ at any rate, in `unit`.
    """

    unit: str
    share: float
    least: float


MEASURES = {
    "spikes": Measure("1", 0, 0.5),
    "rate": Measure("Hz", 0.3, 0.5),
    "latency": Measure("ms", 0.3, 1),
    "first_interval": Measure("ms", 0.3, 0),
    "last_interval": Measure("ms", 0.3, 0),
    "soma_rest": Measure("mV", 0, 3),
    "nexus_rest": Measure("mV", 0, 3),
    "soma_steady": Measure("mV", 0.3, 0.3),
    "nexus_steady": Measure("mV", 0.3, 0.3),
    "soma_largest": Measure("mV", 0.3, 0.3),
    "soma_rise": Measure("mV", 0.3, 0.3),
    "nexus_rise": Measure("mV", 0.3, 0.3),
    "nexus_peak": Measure("mV", 0, 8),
    "nexus_width": Measure("ms", 0.25, 2),
    "after_hyperpolarisation": Measure("mV", 0.3, 0),
}


@dataclass(frozen=True)
class Condition:
    """One stimulus: pulses into the soma, and an EPSP-like current into the nexus.

    Attributes
    ----------
    name, family, role : str
    soma_current : float
        Of each pulse, nA.
    soma_duration : float
        Of each pulse, ms.
    pulses : int
    frequency : float
        Of the pulses, Hz.
    nexus_current : float
        Its peak, nA.
    nexus_time : float
        When it begins, ms from the beginning of the first pulse.
    watched : float
        Until when, ms.
    """

    name: str
    family: str
    role: str
    soma_current: float
    soma_duration: float
    pulses: int
    frequency: float
    nexus_current: float
    nexus_time: float
    watched: float

    @property
    def begin(self) -> float:
        """When the first current begins, ms."""
        return min(0.0, self.nexus_time) if self.nexus_current else 0.0


@dataclass(frozen=True)
class Target:
    """One measure of one answer, with the band that a model's must lie in.

    Attributes
    ----------
    condition : Condition
    measure : str
        One of `MEASURES`.
    value : float
        Of the detailed cell.
    """

    condition: Condition
    measure: str
    value: float

    @property
    def name(self) -> str:
        """The condition's name and the measure."""
        return f"{self.condition.name}: {self.measure}"

    @property
    def role(self) -> str:
        """``"fitted"`` or ``"held out"``."""
        return self.condition.role

    @property
    def tolerance(self) -> float:
        """By how much a model may differ, in the measure's unit."""
        measure = MEASURES[self.measure]
        return max(measure.least, measure.share * abs(self.value))


@cache
def conditions() -> dict[str, Condition]:
    """Return all stimuli by name, in the order of the file."""
    return {
        row["id"]: Condition(
            row["id"],
            row["family"],
            row["role"],
            float(row["soma_nA"]),
            float(row["soma_ms"]),
            int(row["pulses"]),
            float(row["frequency_hz"]),
            float(row["nexus_nA"]),
            float(row["nexus_ms"]),
            float(row["watched_ms"]),
        )
        for row in _rows("stimuli.csv")
    }


@cache
def targets() -> tuple[Target, ...]:
    """Return the detailed cell's answers as targets, in the order of the file.

    Examples
    --------
    >>> both = [each for each in targets() if each.condition.name == "pulse_1.9nA_5ms_epsp"]
    >>> both[0].measure, both[0].value, both[0].role
    ('spikes', 3.0, 'held out')
    """
    known = conditions()
    return tuple(
        Target(known[row["id"]], row["measure"], float(row["value"]))
        for row in _rows("answers.csv")
    )


def with_role(role: str, among: Collection[Target] | None = None) -> tuple[Target, ...]:
    """Return the targets of a role.

    Raises
    ------
    InputError
        If there is no such role.
    """
    if role not in ROLES:
        raise InputError(f"role must be fitted or held out, got {role!r}")
    return tuple(each for each in (targets() if among is None else among) if each.role == role)


def _rows(name: str) -> Iterator[dict[str, str]]:
    file = resources.files(__package__) / name
    yield from csv.DictReader(file.read_text(encoding="utf-8").splitlines())

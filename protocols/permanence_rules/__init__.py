"""What the moving-average rule for permanences does better than the up/down counter, and worse.

Stimulus: patterns in turn and at random, inputs that are active at fixed rates, on segments of the
store that the memories learn with. Measurement: how many patterns a segment keeps apart, where
permanences settle, how many of them lie between the ends, what is lost in few bits, and what a
step of learning costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.protocols.permanence_rules.checks import THREAD, checks, metrics
from htm_brian.protocols.permanence_rules.measurement import (
    capacity,
    cost,
    interior,
    stationary,
    storage,
)


@dataclass(frozen=True)
class PermanenceRulesParameters:
    """What a run of `PermanenceRules` depends on; events are those of learning.

    Parameters
    ----------
    patterns, events : int
        Most patterns of a segment, and events from which it learns.
    learning_periods : tuple of float
        Of the moving-average rule, in events.
    synapses : int
        With inputs at fixed rates.
    timed_events, timed_steps, repeats : int
        Of the comparison of cost: events of a segment, steps of a memory, and how often.
    seed : int
        Of all that is left to chance.
    """

    patterns: int = 24
    events: int = 2500
    learning_periods: tuple[float, ...] = (5.0, 10.0, 50.0)
    synapses: int = 500
    timed_events: int = 300
    timed_steps: int = 6000
    repeats: int = 15
    seed: int = 42

    def __post_init__(self) -> None:
        for name, low in (("patterns", 12), ("synapses", 10), ("timed_events", 1)):
            check_integer(name, getattr(self, name), low=low)
        check_integer("events", self.events, low=20 * self.patterns)
        check_integer("timed_steps", self.timed_steps, low=1)
        check_integer("repeats", self.repeats, low=1)
        check_integer("seed", self.seed, low=0)
        for period in self.learning_periods:
            check_number("learning_periods", period, low=0.1, high=self.events / 20)
        if 10.0 not in self.learning_periods or max(self.learning_periods) < 30.0:
            raise InputError(
                "learning_periods must hold 10 and one of 30 or more, where 4 bits freeze, "
                f"got {self.learning_periods}"
            )


class PermanenceRules(Protocol):
    """Capacity, stationary state, saturation, storage and cost of both rules."""

    name = "permanence_rules"
    claim = (
        "a moving average of presynaptic activity replaces the up/down counter of a permanence: "
        "it measures the incidence rate, does not saturate, and costs no more"
    )
    source = THREAD
    parameters = PermanenceRulesParameters()

    def run(self, progress: Progress) -> Outcome:
        """Measure one property after the other."""
        parameters = self.parameters
        parts = (capacity, stationary, interior, storage, cost)
        progress.begin("properties of the rules", len(parts))
        dataset = xr.Dataset()
        for part in parts:
            progress.describe(part.__name__)
            dataset = dataset.merge(part(parameters), compat="no_conflicts", join="outer")
            progress.advance()
            if progress.interrupted:
                return Outcome(dataset, [], partial=True)
        return Outcome(dataset, checks(dataset), metrics=metrics(dataset))

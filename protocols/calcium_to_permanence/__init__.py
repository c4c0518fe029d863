"""From calcium to a permanence: the abstract rules of a permanence, derived from the calcium rule.

Stimulus: learning events at a steady rate, at each of which the postsynaptic cell fires, and the
presynaptic cell a little before it in a share of them. Measurement: the efficacy after each event.
Checks: with soft bounds the change of the permanence is alpha (active - permanence), with the two
weights of the closed form; with hard bounds it is the up/down counter, with its steps and the
number of patterns that it keeps apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Hz, Quantity, ms

from htm_brian.arguments import check_integer
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity
from htm_brian.parameters import load_model
from htm_brian.protocols.calcium_to_permanence.checks import checks, metrics
from htm_brian.protocols.calcium_to_permanence.measurement import hard_bounds, soft_bounds
from htm_brian.quantities import check_quantity


@dataclass(frozen=True)
class CalciumToPermanenceParameters:
    """What a run of `CalciumToPermanence` depends on.

    Parameters
    ----------
    rule : str
        Model of the calcium rule.
    interval : Quantity
        From a presynaptic to a postsynaptic spike of an event.
    event_rate, events : Quantity, int
        How often events of learning come, and how many.
    synapses : int
        Of each condition.
    seed : int
        Of all that is left to chance.
    """

    rule: str = "calcium_based_cortex"
    interval: Quantity = quantity(10 * ms)
    event_rate: Quantity = quantity(1 * Hz)
    events: int = 600
    synapses: int = 40
    seed: int = 42

    def __post_init__(self) -> None:
        check_quantity("interval", self.interval, ms, positive=True)
        check_quantity("event_rate", self.event_rate, Hz, positive=True, high=2 * Hz)
        check_integer("events", self.events, low=50)
        check_integer("synapses", self.synapses, low=2)
        check_integer("seed", self.seed, low=0)


class CalciumToPermanence(Protocol):
    """How much of the calcium rule a permanence keeps."""

    name = "calcium_to_permanence"
    claim = (
        "the calcium rule with soft bounds is the moving average of a permanence, and with hard "
        "bounds the up/down counter"
    )
    source = (
        "Graupner & Brunel 2012, PNAS 109:3991; HTM forum, thread on a new learning rule: "
        "permanence += alpha (active - permanence), capacity increment/decrement + 1"
    )
    parameters = CalciumToPermanenceParameters()
    seeds_by_default = 10
    quick = QuickForm(CalciumToPermanenceParameters(events=300, synapses=20))

    def run(self, progress: Progress) -> Outcome:
        """Let synapses of all shares learn, then synapses of counters."""
        progress.begin("bounds", 2)
        dataset = soft_bounds(self.parameters)
        progress.advance()
        dataset = dataset.merge(hard_bounds(self.parameters))
        progress.advance()
        return Outcome(
            dataset,
            checks(dataset),
            metrics(dataset, self.parameters),
            parameter_rows=load_model(self.parameters.rule).rows(),
        )

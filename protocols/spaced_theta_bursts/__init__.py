"""Trains of theta bursts add up if they come an hour apart, and do not if they come sooner.

Stimulus: one, two and three trains of theta bursts, five minutes to three hours apart, that make
the cell fire. Measurement: the potentiation some time after the last train. The rule is that of
`consolidation`, with the same numbers; each part of its mechanism is taken away in turn, and the
calcium rule without late phase stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from brian2.units import second
from brian2.units.fundamentalunits import Quantity

from htm_brian.arguments import check_integer, check_number, check_time
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity
from htm_brian.parameters import load_model
from htm_brian.protocols.spaced_theta_bursts.checks import LONG, SHORT, checks, metrics
from htm_brian.protocols.spaced_theta_bursts.measurement import (
    Potentiation,
    as_dataset,
    plain,
    potentiation,
    variants,
)
from htm_brian.synapses.plasticity.calcium_based import CalciumBased
from htm_brian.synapses.plasticity.tagging_capture import TaggingCapture


@dataclass(frozen=True)
class SpacedThetaBurstsParameters:
    """What a run of `SpacedThetaBursts` depends on.

    Parameters
    ----------
    model : str
        The rule with tagging and capture.
    plain_model : str
        The calcium rule beside it.
    intervals : tuple of float
        Minutes from one train to the next; among them 30 and 60.
    trains : int
        The largest number of trains.
    observed_after : Quantity
        From the beginning of the last train to the measurement.
    cells : int
        How often each experiment is done.
    synapses : int
        Of a cell; enough that a train makes it synthesise proteins.
    plain_synapses : int
        Of the calcium rule beside it, whose synapses are up or down.
    seed : int
        Of the noise.
    """

    model: str = "tagging_capture_spaced"
    plain_model: str = "calcium_based_cortex"
    intervals: tuple[float, ...] = (5.0, 10.0, 30.0, 60.0, 90.0, 180.0)
    trains: int = 3
    observed_after: Quantity = quantity(1800 * second)
    cells: int = 12
    synapses: int = 6
    plain_synapses: int = 400
    seed: int = 42

    def __post_init__(self) -> None:
        for interval in self.intervals:
            check_number("intervals", interval, low=1.0, high=1440.0)
        if SHORT not in self.intervals or LONG not in self.intervals:
            raise InputError(
                f"intervals must hold {SHORT:g} and {LONG:g} minutes, got {self.intervals}"
            )
        check_integer("trains", self.trains, low=3, high=10)
        check_time("observed_after", self.observed_after, low=60, high=36000)
        check_integer("cells", self.cells, low=2)
        check_integer("synapses", self.synapses, low=1)
        check_integer("plain_synapses", self.plain_synapses, low=10)
        check_integer("seed", self.seed, low=0)


class SpacedThetaBursts(Protocol):
    """Spaced and massed trains of theta bursts."""

    name = "spaced_theta_bursts"
    claim = (
        "a further train of theta bursts adds to the potentiation after an hour and not before, "
        "because tags have to mature before they capture proteins"
    )
    source = "Kramar et al. 2012, PNAS 109:5121; Lynch et al. 2013 as quoted in the discussion"
    parameters = SpacedThetaBurstsParameters()
    quick = QuickForm(
        SpacedThetaBurstsParameters(
            intervals=(10.0, 30.0, 60.0, 180.0), cells=4, synapses=4, plain_synapses=150
        )
    )

    def __init__(self, parameters: SpacedThetaBurstsParameters | None = None) -> None:
        super().__init__(parameters)
        self._rule = TaggingCapture(self.parameters.model)
        self._plain = CalciumBased(self.parameters.plain_model)

    def run(self, progress: Progress) -> Outcome:
        """Give trains to the whole rule, to the rule without each part, and to the plain one."""
        every = variants(self._rule)
        rows = [row for rule in (self._rule, self._plain) for row in load_model(rule.model).rows()]
        progress.begin("rules", len(every) + 1)
        found: dict[str, Potentiation] = {}
        for stream, (variant, rule) in enumerate(every.items()):
            progress.describe(variant)
            found[variant] = potentiation(self.parameters, rule, stream)
            progress.advance()
        without = plain(self.parameters, self._plain)
        progress.advance()
        dataset = as_dataset(self.parameters, found, without)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)

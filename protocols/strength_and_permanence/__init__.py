"""Strength and permanence are two things: one changes in minutes, the other in hours.

Stimulus: trains of theta bursts on silent synapses, once, three times in a row, and three times an
hour apart. Measurement: efficacy, permanence and which synapses are connected, for a day and more.
"""

from __future__ import annotations

from dataclasses import dataclass

from htm_brian.arguments import check_integer, check_number
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.parameters import load_model
from htm_brian.protocols.strength_and_permanence.checks import THREAD, checks, metrics
from htm_brian.protocols.strength_and_permanence.measurement import courses
from htm_brian.synapses.plasticity.structural_permanence import StructuralPermanence


@dataclass(frozen=True)
class StrengthAndPermanenceParameters:
    """What a run of `StrengthAndPermanence` depends on.

    Parameters
    ----------
    model : str
        The rule with early and late phase and permanence.
    cells : int
        How often each experiment is done.
    synapses : int
        Of a cell; three of four get the stimulus.
    hours : float
        For how long they are followed.
    seed : int
        Of the noise of the early phase.
    """

    model: str = "structural_permanence"
    cells: int = 6
    synapses: int = 8
    hours: float = 48.0
    seed: int = 42

    def __post_init__(self) -> None:
        check_integer("cells", self.cells, low=1)
        check_integer("synapses", self.synapses, low=4)
        check_number("hours", self.hours, low=12.0, high=1000.0)
        check_integer("seed", self.seed, low=0)


class StrengthAndPermanence(Protocol):
    """Efficacy and connectedness after massed and spaced repetition."""

    name = "strength_and_permanence"
    claim = (
        "the efficacy of a synapse changes by half within minutes while the connected set stays; "
        "only spaced repetition changes that, hours later"
    )
    source = THREAD
    parameters = StrengthAndPermanenceParameters()
    seeds_by_default = 10
    quick = QuickForm(StrengthAndPermanenceParameters(cells=1, hours=24.0))

    def __init__(self, parameters: StrengthAndPermanenceParameters | None = None) -> None:
        super().__init__(parameters)
        self._rule = StructuralPermanence(self.parameters.model)

    def run(self, progress: Progress) -> Outcome:
        """Follow the synapses."""
        progress.begin("repetitions", 1)
        dataset = courses(self.parameters, self._rule)
        progress.advance()
        rows = load_model(self._rule.model).rows()
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)

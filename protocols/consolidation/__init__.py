"""Which changes of a synapse last: tags, and the proteins that they capture.

Stimulus: a strong tetanus on some synapses of a cell, a weak one on another, at once or hours
apart, with and without protein synthesis; low-frequency bursts some time after a tetanus.
Measurement: efficacies for eight hours. Two parameter sets of one rule: the published one, and the
one whose tags mature and are used up, which `spaced_theta_bursts` needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from htm_brian.arguments import check_integer
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.parameters import load_model
from htm_brian.protocols.consolidation.checks import MODELS, checks, metrics
from htm_brian.protocols.consolidation.measurement import capture, courses, depotentiation
from htm_brian.synapses.plasticity.tagging_capture import TaggingCapture


@dataclass(frozen=True)
class ConsolidationParameters:
    """What a run of `Consolidation` depends on.

    Parameters
    ----------
    published, spaced : str
        Models of the rule: as published, and with tags that mature.
    cells : int
        How often each experiment is done.
    synapses : int
        Of the pathway that gets the strong tetanus; a weak one is given to a single synapse.
    looks : int
        Times within eight hours at which the efficacies are recorded.
    seed : int
        Of the noise of the early phase.
    """

    published: str = "tagging_capture"
    spaced: str = "tagging_capture_spaced"
    cells: int = 8
    synapses: int = 6
    looks: int = 48
    seed: int = 42

    def __post_init__(self) -> None:
        for name in ("cells", "synapses"):
            check_integer(name, getattr(self, name), low=1)
        check_integer("looks", self.looks, low=8)
        check_integer("seed", self.seed, low=0)


class Consolidation(Protocol):
    """Tagging, capture and depotentiation."""

    name = "consolidation"
    claim = (
        "a weak tetanus lasts if a strong one on other synapses of the cell comes within an hour, "
        "and what has been captured is not taken back"
    )
    source = "Frey & Morris 1997; Luboeinski & Tetzlaff 2021, Commun Biol 4:275"
    parameters = ConsolidationParameters()
    seeds_by_default = 10
    quick = QuickForm(ConsolidationParameters(cells=2, synapses=4, looks=12))

    def __init__(self, parameters: ConsolidationParameters | None = None) -> None:
        super().__init__(parameters)
        names = self.parameters.published, self.parameters.spaced
        self._rules = dict(zip(MODELS, map(TaggingCapture, names), strict=True))

    def run(self, progress: Progress) -> Outcome:
        """Do each experiment with both parameter sets."""
        experiments = (courses, capture, depotentiation)
        progress.begin("experiments of hours", len(experiments) * len(MODELS))
        rows = [row for rule in self._rules.values() for row in load_model(rule.model).rows()]
        parts: list[xr.Dataset] = []
        for experiment in experiments:
            both = []
            for number, rule in enumerate(self._rules.values()):
                progress.describe(experiment.__name__)
                both.append(experiment(self.parameters, rule, number))
                progress.advance()
            parts.append(xr.concat(both, xr.IndexVariable("model", list(MODELS))))
            if progress.interrupted:
                return Outcome(xr.merge(parts), [], partial=True, parameter_rows=rows)
        dataset = xr.merge(parts)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)

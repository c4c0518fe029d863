"""Cells that were rightly predicted, pooled to a code of the whole sequence.

Stimulus: sequences that share symbols, and in pairs a stretch of several, so that only the cells
of a memory, not its columns, tell them apart; new sequences of the same symbols, no step of which
was learned (`stimulus`). Measurement: a memory of level 0 and one of reduced cells, whose synapses
fail, learn the sequences; what they tell drives poolers (`htm_brian.abstract.temporal_pooler`): the
cells that were rightly predicted, at level 1 those that fire a burst. Their codes are compared
within a sequence, between its showings, and across sequences; and element by element, each read
alone, so that nothing but learning can have made the codes alike (`measurement`). Controls: a
pooler that does not learn, one that learns the same elements in shuffled order, sequences that were
not predicted, one spike in the place of each burst, and every spike, predicted or not.

At level 1 the burst of a predicted cell is a mechanism of the model. Whether cells of level 2 make
one by themselves is the question of `two_bursts`.
"""

from __future__ import annotations

from dataclasses import dataclass

from htm_brian.arguments import check_integer
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.network.event_layer import check_models
from htm_brian.parameters import load_model
from htm_brian.protocols.temporal_pooling.checks import SOURCE, checks, metrics
from htm_brian.protocols.temporal_pooling.measurement import READINGS, Reading, measure
from htm_brian.protocols.temporal_pooling.stimulus import SHARED


@dataclass(frozen=True)
class TemporalPoolingParameters:
    """What a run of `TemporalPooling` depends on.

    Parameters
    ----------
    columns, cells, active : int
        Columns of the memories, cells of each, and columns of a symbol.
    symbols, sequences, length : int
        Symbols, sequences, and symbols of each.
    episodes : int
        In which the memories learn; in each all sequences come once.
    showings, tests : int
        Episodes afterwards, from which poolers learn, and in which they are read.
    pooler_cells, pooled : int
        Cells of a pooler, and of a code.
    readings : tuple of Reading
        Poolers and what drives them.
    seeds, seed : int
        Runs, and the seed of all of them.
    codegen : str
        Brian2's code: auto, cython or numpy.
    model, cell_model : str
        Network and cell of level 1.
    """

    columns: int = 256
    cells: int = 8
    active: int = 20
    symbols: int = 14
    sequences: int = 6
    length: int = 8
    episodes: int = 30
    showings: int = 8
    tests: int = 3
    pooler_cells: int = 1024
    pooled: int = 20
    readings: tuple[Reading, ...] = READINGS
    seeds: int = 10
    seed: int = 42
    codegen: str = "auto"
    model: str = "minicolumns"
    cell_model: str = "l5_reduced"

    def __post_init__(self) -> None:
        check_integer("active", self.active, low=4)
        check_integer("columns", self.columns, low=2 * self.active)
        check_integer("cells", self.cells, low=2)
        check_integer("length", self.length, low=SHARED + 2)
        check_integer("sequences", self.sequences, low=2)
        check_integer("symbols", self.symbols, low=max(self.sequences, self.length) + 1)
        for name, low in (("episodes", 1), ("showings", 1), ("tests", 2), ("seeds", 2)):
            check_integer(name, getattr(self, name), low=low)
        check_integer("pooled", self.pooled, low=1)
        check_integer("pooler_cells", self.pooler_cells, low=4 * self.pooled)
        names = [reading.name for reading in self.readings]
        if len(set(names)) != len(names) or not names:
            raise InputError("readings must differ, and there must be one")


class TemporalPooling(Protocol):
    """A stable code of what was predicted, and of nothing else."""

    name = "temporal_pooling"
    claim = (
        "a layer that is driven by cells that were rightly predicted, as their bursts tell, has "
        "one code for all of a sequence, and different codes for different sequences"
    )
    source = SOURCE
    parameters = TemporalPoolingParameters()
    quick = QuickForm(
        TemporalPoolingParameters(
            sequences=4,
            episodes=7,
            showings=5,
            tests=2,
            readings=tuple(READINGS[number] for number in (0, 2, 5, 7, 8)),
            seeds=2,
            codegen="numpy",
        )
    )

    def __init__(self, parameters: TemporalPoolingParameters | None = None) -> None:
        super().__init__(parameters)
        p: TemporalPoolingParameters = self.parameters
        self._models = load_model(p.model), load_model(p.cell_model)
        check_models(*self._models, "model")

    def run(self, progress: Progress) -> Outcome:
        """Let memories learn and poolers read them, with every seed."""
        dataset, complete = measure(self.parameters, progress)
        rows = [row for model in self._models for row in model.rows()]
        if not complete:
            return Outcome(dataset, [], partial=True, parameter_rows=rows)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)

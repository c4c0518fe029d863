"""The race of first spikes in a column, in the noise of a living brain.

Stimulus: random sets of columns one after the other; segments by which each set predicts one cell
in half of the columns of the next (`stimulus`). Measurement: a spiking memory with these segments,
its cells against those of the abstract memory with the same segments, under membrane noise, spread
of cells, jitter and variation of volleys, each alone and together, with one neuron or several to a
cell (`measurement`). Beside each figure stands what the race of first spikes predicts
(`htm_brian.sdr.race`): the share of columns that are right in closed form, and the agreement of
cells in columns that were drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

from htm_brian.arguments import check_integer
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.parameters import load_model
from htm_brian.protocols.in_vivo.checks import (
    UNPROMPTED_CELLS,
    below_race,
    checks,
    lower_end,
    metrics,
)
from htm_brian.protocols.in_vivo.measurement import measure_all
from htm_brian.protocols.in_vivo.stimulus import (
    CONDITIONS,
    MANY_2,
    QUICK_CONDITIONS,
    SINGLE_1,
    SINGLE_1_SPREAD,
    SINGLE_2,
    Condition,
)


@dataclass(frozen=True)
class InVivoParameters:
    """What a run of `InVivo` depends on.

    Parameters
    ----------
    columns, active : int
        Columns of the network, and how many of them are driven in an element.
    elements, seeds : int
        Elements of a network, and networks of each condition.
    conditions : tuple of Condition
        What fluctuates, and how many neurons stand for a cell.
    seed : int
        Of the first network.
    codegen : str
        Brian2's code: auto, cython or numpy.
    model, cell_model : str
        The network and its cells.
    """

    columns: int = 256
    active: int = 20
    elements: int = 40
    seeds: int = 10
    conditions: tuple[Condition, ...] = CONDITIONS
    seed: int = 42
    codegen: str = "auto"
    model: str = "minicolumns_in_vivo"
    cell_model: str = "l5_in_vivo"

    def __post_init__(self) -> None:
        check_integer("active", self.active, low=4)
        check_integer("columns", self.columns, low=2 * self.active)
        check_integer("elements", self.elements, low=2)
        check_integer("seeds", self.seeds, low=1)
        check_integer("seed", self.seed, low=0)
        names = [condition.name for condition in self.conditions]
        if len(set(names)) != len(names) or not names:
            raise InputError("conditions must have different names, and there must be one")


class InVivo(Protocol):
    """The race of first spikes in noise, spread and jitter."""

    name = "in_vivo"
    claim = "a column answers with its predicted cells, or as a whole, in the noise of cortex"
    source = (
        "Destexhe, Rudolph & Pare 2003, Nat Rev Neurosci 4:739 (noise of 2 to 6 mV); Hawkins & "
        "Ahmad 2016, Front Neural Circuits 10:23 (predicted cells fire first)"
    )
    parameters = InVivoParameters()
    quick = QuickForm(
        InVivoParameters(
            columns=64, active=12, elements=9, seeds=2, conditions=QUICK_CONDITIONS, codegen="numpy"
        ),
        {
            name: "an interval over networks takes ten of them, these are two"
            for name in (
                *(lower_end(each) for each in (SINGLE_1, SINGLE_2, MANY_2)),
                *(below_race(each) for each in (SINGLE_1_SPREAD, SINGLE_1, MANY_2)),
                UNPROMPTED_CELLS,
            )
        },
    )

    def __init__(self, parameters: InVivoParameters | None = None) -> None:
        super().__init__(parameters)
        p: InVivoParameters = self.parameters
        self._models = load_model(p.model), load_model(p.cell_model)

    def run(self, progress: Progress) -> Outcome:
        """Run every network of every condition."""
        network, cell = self._models
        dataset, complete = measure_all(self.parameters, network, cell, progress)
        rows = [*network.rows(), *cell.rows()]
        if not complete:
            return Outcome(dataset, [], partial=True, parameter_rows=rows)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)

"""Levels 0, 1 and 2 on the same elements: what is counted, what is an event, what is a membrane.

Stimulus: that of `in_vivo`, random sets of columns one after the other, and segments by which each
set predicts one cell in half of the columns of the next (`stimulus`). Measurement: the abstract
memory, a network of reduced cells, and a network of trees of compartments hold these segments; cell
by cell the networks are held against the abstract memory, without noise and with noise of the soma
and releases that fail; of some elements spikes, potentials and sets of cells are kept to be looked
at (`measurement`). All levels have the threshold that the branches of level 2 are measured to have,
and nothing of a cell is changed for the network.
"""

from __future__ import annotations

from dataclasses import dataclass

from htm_brian.arguments import check_integer
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.network.event_layer import check_models
from htm_brian.network.tree_layer import check_models as check_trees
from htm_brian.parameters import load_model
from htm_brian.protocols.three_levels.checks import checks, metrics
from htm_brian.protocols.three_levels.measurement import measure
from htm_brian.protocols.three_levels.stimulus import CONDITIONS, QUICK_CONDITIONS, Condition


@dataclass(frozen=True)
class ThreeLevelsParameters:
    """What a run of `ThreeLevels` depends on.

    Parameters
    ----------
    columns, cells, active : int
        Columns of the networks, cells of each, and columns that are driven in an element.
    elements, networks : int
        Elements of a network, and networks of each condition.
    conditions : tuple of Condition
        What fluctuates.
    seed : int
        Of all that is left to chance.
    codegen : str
        Brian2's code: auto, cython or numpy.
    model, cell_model : str
        Network and cell of level 1.
    tree_model, tree_cell_model : str
        Network and cell of level 2.
    """

    columns: int = 256
    cells: int = 8
    active: int = 20
    elements: int = 16
    networks: int = 10
    conditions: tuple[Condition, ...] = CONDITIONS
    seed: int = 42
    codegen: str = "auto"
    model: str = "minicolumns_in_vivo"
    cell_model: str = "l5_in_vivo"
    tree_model: str = "minicolumns_trees"
    tree_cell_model: str = "l23_pyramidal"

    def __post_init__(self) -> None:
        check_integer("active", self.active, low=4)
        check_integer("columns", self.columns, low=2 * self.active)
        check_integer("cells", self.cells, low=2)
        check_integer("elements", self.elements, low=4)
        check_integer("networks", self.networks, low=1)
        names = [condition.name for condition in self.conditions]
        if len(set(names)) != len(names) or not names:
            raise InputError("conditions must have different names, and there must be one")


class ThreeLevels(Protocol):
    """One task, three levels of detail."""

    name = "three_levels"
    claim = (
        "a network of neurons with real dendrites, synapses and membranes has the same cells "
        "active and predicted as the abstract temporal memory with the same segments"
    )
    source = "Hawkins & Ahmad 2016, Front Neural Circuits 10:23; levels 0, 1 and 2 of htm_brian"
    parameters = ThreeLevelsParameters()
    quick = QuickForm(
        ThreeLevelsParameters(
            columns=192,
            cells=4,
            elements=4,
            networks=1,
            conditions=QUICK_CONDITIONS,
            codegen="numpy",
        )
    )

    def __init__(self, parameters: ThreeLevelsParameters | None = None) -> None:
        super().__init__(parameters)
        p: ThreeLevelsParameters = self.parameters
        self._reduced = load_model(p.model), load_model(p.cell_model)
        self._trees = load_model(p.tree_model), load_model(p.tree_cell_model)
        check_models(*self._reduced, "model")
        check_trees(*self._trees, "model")

    def run(self, progress: Progress) -> Outcome:
        """Run every network of every condition at both levels."""
        dataset, complete = measure(self.parameters, self._reduced, self._trees, progress)
        rows = [row for model in (*self._reduced, *self._trees) for row in model.rows()]
        if not complete:
            return Outcome(dataset, [], partial=True, parameter_rows=rows)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)

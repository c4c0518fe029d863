"""Two things are called bursts: of a minicolumn that was surprised, and of a cell.

Stimulus: elements one after the other. By segments, each predicts a cell in a share of the columns
of the next; feedback comes to the tufts of a share of its columns, drawn apart, with the volley,
and to columns that are not driven (`stimulus`). Measurement: networks of trees of compartments;
which columns burst, and which events of single cells are bursts, by prediction and feedback
(`measurement`); of one element spikes and potentials are kept (`example`). Controls: no feedback,
feedback alone, prediction alone, other strengths of feedback, noise with releases that fail.

At level 1 a predicted cell fires a burst since its model says so. Only cells of compartments can
show whether it does so by itself, so they are what is measured. Of the network one thing is turned
off, the inhibition of branches after each element: it comes before resting cells fire, and keeps
`l5_thick_tufted` from firing at all without feedback. Feedback is as strong as half of what makes a
calcium spike alone, which is measured on the cell: it may set one off together with a spike, and
does nothing without.
"""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import nS

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.network.tree_layer import check_models
from htm_brian.parameters import load_model
from htm_brian.protocols.two_bursts.checks import THREAD, checks, metrics
from htm_brian.protocols.two_bursts.measurement import measure
from htm_brian.protocols.two_bursts.stimulus import SETTINGS, Setting


@dataclass(frozen=True)
class TwoBurstsParameters:
    """What a run of `TwoBursts` depends on.

    Parameters
    ----------
    columns, cells, active : int
        Columns of the networks, cells of each, and columns that are driven in an element.
    shares : tuple of float
        Of an element's columns that are predicted, and that get feedback; each with each.
    networks : int
        With elements and segments of their own.
    settings : tuple of Setting
        Strength of feedback, and what fluctuates; the first decides.
    seed : int
        Of all that is left to chance.
    codegen : str
        Brian2's code: auto, cython or numpy.
    model, cell_model : str
        Network and cell, both of level 2; the cell has a nexus and a tuft.
    """

    columns: int = 128
    cells: int = 4
    active: int = 20
    shares: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    networks: int = 10
    settings: tuple[Setting, ...] = SETTINGS
    seed: int = 42
    codegen: str = "auto"
    model: str = "minicolumns_trees"
    cell_model: str = "l5_thick_tufted"

    def __post_init__(self) -> None:
        check_integer("active", self.active, low=4)
        check_integer("columns", self.columns, low=4 * self.active)
        check_integer("cells", self.cells, low=2)
        check_integer("networks", self.networks, low=2)
        for each in self.shares:
            check_number("each of shares", each, low=0, high=1)
        if len(set(self.shares)) < 2:
            raise InputError(f"shares must be two numbers or more, got {self.shares}")
        names = [setting.name for setting in self.settings]
        if len(set(names)) != len(names) or not names:
            raise InputError("settings must have different names, and there must be one")


class TwoBursts(Protocol):
    """Surprise and feedback, read from the spikes of one network."""

    name = "two_bursts"
    claim = (
        "minicolumns burst when they were not predicted, cells when they were or get feedback: "
        "one network tells surprise and agreement with what comes from above at once"
    )
    source = f"{THREAD}; Larkum, Zhu & Sakmann 1999, Nature 398:338; Naud & Sprekeler 2018"
    parameters = TwoBurstsParameters()
    quick = QuickForm(
        TwoBurstsParameters(
            columns=80,
            shares=(0.0, 1.0),
            networks=2,
            settings=SETTINGS[:1],
            codegen="numpy",
        )
    )

    def __init__(self, parameters: TwoBurstsParameters | None = None) -> None:
        super().__init__(parameters)
        p: TwoBurstsParameters = self.parameters
        without = {"branch_inhibition.conductance": 0 * nS}
        self._models = load_model(p.model).with_values(without), load_model(p.cell_model)
        check_models(*self._models, "model")
        for table in ("nexus", "tuft"):
            if table not in self._models[1]:
                raise InputError(
                    f"feedback needs a cell with a table [{table}] ({self._models[1].file})"
                )

    def run(self, progress: Progress) -> Outcome:
        """Run every network of every setting."""
        dataset, complete = measure(self.parameters, self._models, progress)
        rows = [row for model in self._models for row in model.rows()]
        if not complete:
            return Outcome(dataset, [], partial=True, parameter_rows=rows)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)

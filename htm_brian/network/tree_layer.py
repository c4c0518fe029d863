"""A layer of level 2: cells that are trees of compartments, in minicolumns.

A segment of the memory is a basal branch of its cell (`htm_brian.network.tree_dendrites`). Volleys
open AMPA receptors of the soma, interneurons GABA-A receptors there. How large volleys and pulses
of inhibition are, until when it can be recruited, how many synapses predict and above which
potential a branch is in a plateau is no parameter: it is measured on the cell
(`htm_brian.network.tree_response`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.arguments import check_choice
from htm_brian.cells import biophysical
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.errors import InputError
from htm_brian.mechanisms import gaba, membrane_noise
from htm_brian.network import branch_inhibition
from htm_brian.network.branch_inhibition import BranchInhibition, inhibition_of
from htm_brian.network.column_race import recruitment_of
from htm_brian.network.minicolumn_layer import (
    DISTAL_KEYS,
    ELEMENT_KEYS,
    NOISES,
    RELEASES,
    MinicolumnLayer,
    check_clocks,
    without_noise,
)
from htm_brian.network.minicolumns import INHIBITION_KEYS, RELAY_KEYS, Minicolumns
from htm_brian.network.tree_dendrites import TreeDendrites, require_branches
from htm_brian.network.tree_response import TreeResponse, tree_response
from htm_brian.parameters import Model
from htm_brian.sdr.readout import BranchState
from htm_brian.synapses.plasticity.rule import PlasticityRule
from htm_brian.synapses.release.transmission import RELEASE_KEYS, check_site_growth

KEYS = {
    "element": ELEMENT_KEYS,
    "relay": RELAY_KEYS,
    "inhibition": INHIBITION_KEYS,
    branch_inhibition.TABLE: branch_inhibition.KEYS,
    "distal": DISTAL_KEYS,
    "release": RELEASE_KEYS,
    "membrane_noise": membrane_noise.KEYS,
    "gaba": gaba.KEYS,
}
"""Tables of a network model; ``[gaba]`` is for cells that have no such receptors of their own."""

NEEDED = ("spike", "ampa", "nmda", "basal")
"""Tables of a cell."""

SYNAPSES = 4096
"""Room to begin with."""


class TreeLayer(MinicolumnLayer):
    """Cells of level 2 in minicolumns, as a Brian2 network that runs in stretches.

    Parameters
    ----------
    columns, cells_per_column : int
    model : Model
        Wiring and timing, such as ``minicolumns_trees``.
    cell_model : Model
        The pyramidal cell, of level 2; it has as many segments at most as basal branches.
    rule : PlasticityRule
        What synapses learn between elements; one that learns online is refused.
    activation_threshold : int
        Synapses from which a branch predicts; must be what the cell's are measured to be.
    min_threshold, most_synapses, connected_permanence, release, noise, seed
        As for `htm_brian.network.event_layer.EventLayer`.
    neurons_per_cell : int
        Must be 1.
    unchecked : bool
        Take any `activation_threshold`.

    Attributes
    ----------
    network : SteppedNetwork
    cells : PyramidalCells
    response : TreeResponse
        What was measured on the cell.
    minicolumns : Minicolumns
    dendrites : TreeDendrites
    period : Quantity
    match_level : float
    early_until : ndarray of shape (columns,)
        See `htm_brian.network.layer.Layer`.

    Raises
    ------
    InputError
        Where a model is not of the right kind or lacks something, or the cell cannot do it.
    """

    cells: PyramidalCells
    dendrites: TreeDendrites

    def __init__(
        self,
        columns: int,
        cells_per_column: int,
        model: Model,
        cell_model: Model,
        rule: PlasticityRule,
        *,
        activation_threshold: int,
        min_threshold: int,
        most_synapses: int,
        connected_permanence: float,
        release: str = "model",
        noise: str = "model",
        neurons_per_cell: int = 1,
        seed: int = 0,
        unchecked: bool = False,
    ) -> None:
        check_models(model, cell_model, release)
        check_choice("noise", noise, NOISES)
        if neurons_per_cell != 1:
            raise InputError(f"a cell of level 2 is one neuron, got {neurons_per_cell} for each")
        if rule.on_pre or rule.on_post or rule.on_plateau:
            raise InputError(
                f"branches of level 2 learn between elements only, {type(rule).__name__} learns "
                "online"
            )
        if noise == "none":
            model = without_noise(model)
        cell_model = with_inhibition(cell_model, model)
        self.response = tree_response(cell_model, model, most_synapses)
        if activation_threshold != self.response.threshold and not unchecked:
            raise InputError(
                f"activation_threshold must be {self.response.threshold}, which the branches of "
                f"{cell_model.name} are measured to have, got {activation_threshold}"
            )
        super().__init__(columns, cells_per_column, model, cell_model, seed)
        self.match_level = min_threshold - 0.5
        self._recruit_within(self.response)
        noisy = cell_model.with_table(model[membrane_noise.TABLE])
        self.cells = PyramidalCells(self.n_cells, noisy, clock=self.clock, name="pyramidal_cells")
        self.minicolumns = Minicolumns(
            self.cells,
            columns,
            model["relay"],
            model["inhibition"],
            self.clock,
            window=self.response.window + recruitment_of(model),
            on_volley=f"ampa_soma_post += {self.response.volley!r}*strength"
            "*ampa_unitary_conductance_post",
            on_inhibition=inhibition_of(["soma"], self.response.pulse),
        )
        self.dendrites = TreeDendrites(
            self.cells,
            self._distal_parameters(release, connected_permanence),
            self.response.plateau_level,
            self.branch_clock,
            SYNAPSES,
        )
        self.inhibition = BranchInhibition(
            self.cells, self.dendrites.places, model[branch_inhibition.TABLE]
        )
        self._build(
            [
                self.cells,
                *self.minicolumns.objects,
                *self.dendrites.objects,
                *self.inhibition.objects,
            ]
        )

    def drive(self, columns: NDArray[np.integer]) -> None:
        """Make the relay cells of these columns fire at the next time step, or with jitter.

        Inhibition of all branches of the layer follows, and ends what predicted this element.
        """
        self._drive_relays(columns)
        if len(columns):
            answered = float(self.early_until[columns].max())
            self.inhibition.follow(float(self.network.t_) + answered)

    def branches(self) -> BranchState:
        """Return plateaus of the branches, and how many synapses released in the last stretch."""
        return self.dendrites.state(self._start)

    def hold(self, store: SegmentStore) -> None:
        """Make the segments of `store` branches; a cell must have one for each of its segments."""
        require_branches(store.owner, self.cell_model)
        super().hold(store)


def check_models(model: Model, cell_model: Model, release: str) -> None:
    """Refuse what no layer of trees can be made of.

    Raises
    ------
    InputError
    """
    check_choice("release", release, RELEASES)
    if (model.kind, model.level) != ("network", 2):
        raise InputError(
            f"cells of level 2 need a network of level 2, such as minicolumns_trees; got a "
            f"{model.kind} of level {model.level} ({model.file}, [model])"
        )
    for table, keys in KEYS.items():
        model[table].require(keys)
    check_clocks(model)
    check_site_growth(model["distal"])
    biophysical.require(cell_model)
    for table in NEEDED:
        if table not in cell_model:
            raise InputError(f"a layer of trees needs a table [{table}] ({cell_model.file})")


def with_inhibition(cell_model: Model, model: Model) -> Model:
    """Return the cell with receptors for inhibition: its own, or those that the network gives."""
    return cell_model if gaba.TABLE in cell_model else cell_model.with_table(model[gaba.TABLE])


def measured_threshold(model: Model, cell_model: Model, most_synapses: int) -> int:
    """Return the number of synapses from which a branch predicts, as it is measured."""
    check_models(model, cell_model, "model")
    response: TreeResponse = tree_response(with_inhibition(cell_model, model), model, most_synapses)
    return response.threshold

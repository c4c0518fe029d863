"""Levels 1 and 2: a temporal memory whose spikes and plateaus are Brian2's.

Offers what `htm_brian.abstract.temporal_memory.TemporalMemory` offers. One call of `compute` is one
element of a sequence, 50 ms of model time: a volley of the active columns' relay cells; spikes of
the pyramidal cells, those first that a plateau had depolarised; inhibition of their minicolumn;
release, or failure, at distal synapses; plateaus, which are the prediction for the next element;
and, between two elements, learning from the spikes and plateaus.

The memory is a layer, a store of segments, a plasticity rule, and the read-out that says what the
layer's events mean. The level of the cell model says which layer: reduced cells with branches that
are events (`htm_brian.network.event_layer`), or trees of compartments
(`htm_brian.network.tree_layer`).
"""

from __future__ import annotations

from typing import Any

import brian2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.abstract.depolarisation import best_of_columns, reached
from htm_brian.abstract.indices import as_indices, mask_of
from htm_brian.abstract.permanence import PermanenceRule
from htm_brian.abstract.segments.store import SegmentStore, SegmentTable
from htm_brian.abstract.segments.table import refuse_dead
from htm_brian.abstract.temporal_parameters import TemporalMemoryParameters, chosen_rule
from htm_brian.arguments import check_truth
from htm_brian.engine.kept_state import KeptState
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.engine.versions import require
from htm_brian.errors import InputError
from htm_brian.network.checkpoint import Checkpoints
from htm_brian.network.event_layer import EventLayer, check_models
from htm_brian.network.tree_dendrites import basal_branches
from htm_brian.network.tree_layer import TreeLayer
from htm_brian.network.tree_layer import check_models as check_trees
from htm_brian.parameters import Model, load_model
from htm_brian.sdr import readout
from htm_brian.sdr.column_feedback import Axons
from htm_brian.sdr.readout import Events
from htm_brian.synapses.plasticity.between_elements import BetweenElements
from htm_brian.synapses.plasticity.rule import (
    Element,
    Growth,
    PlasticityRule,
    check_plasticity_rule,
)

Cells = NDArray[np.int64]
_NO_CELLS = np.empty(0, dtype=np.int64)
_STATE = (
    *("_iteration", "events", "_axons", "_branches", "predictive_cells", "active_columns"),
    *("active_cells", "winner_cells", "predicted_columns", "column_bursts", "anomaly"),
    *("_dead", "driven_columns", "plateau_columns", "plateau_anomaly", "best_matching_cells"),
)


class SpikingTemporalMemory(Checkpoints):
    """Sequence memory of pyramidal cells in minicolumns, simulated by Brian2 in runtime mode.

    Parameters
    ----------
    columns, cells_per_column, activation_threshold, min_threshold, initial_permanence, \
connected_permanence, permanence_increment, permanence_decrement, predicted_decrement, \
max_new_synapses, max_segments_per_cell, max_synapses_per_segment
        As for `TemporalMemory`.
    seed : int
        Of learning, and of Brian2's random stream, which is one for the whole process.
    model : str, path or Model
        Wiring and timing of the layer; ``minicolumns_trees`` for cells of level 2.
    cell_model : str, path or Model
        The pyramidal cell and its branches, of level 1 or 2.
    release : {"model", "reliable"}
        Whether distal synapses fail as the model says, or never.
    permanence_rule : PermanenceRule, optional
        Takes the place of increment and decrement.
    rule : PlasticityRule, optional
        What synapses learn online and between elements. Left out, they learn between elements only,
        by the permanence rule.
    noise, neurons_per_cell, unchecked
        As for `EventLayer`.
    sleeping : bool, optional
        As for `EventLayer`; cells of level 2 never sleep.

    Attributes
    ----------
    parameters : TemporalMemoryParameters
    layer : EventLayer or TreeLayer
        The cells and all that is around them.
    store : SegmentStore
        The segments; their permanences are the variable of that name of the layer's synapses.
    rule : PlasticityRule
    events : Events
        Spikes and plateaus of the last element; spike times are interpolated below the time step.
    active_columns, active_cells, winner_cells, column_bursts : ndarray of int
        As of `TemporalMemory`, read from spikes and their times (`htm_brian.sdr.readout`).
    predicted_columns : ndarray of int
        Columns that answered as foreseen: with few early cells.
    anomaly : float
        Share of `active_columns` that did not.
    predictive_cells : ndarray of int
        Cells with a plateau, which predicts the next element.
    driven_columns : ndarray of int
        Columns that got a volley.
    plateau_columns : ndarray of int
        Columns in which a plateau predicted a cell when the volley came, driven or not.
    plateau_anomaly : float
        Share of `driven_columns` that are not among these, whatever the cells did.
    best_matching_cells : ndarray of int
        Cells with the best matching segment of their column after the last element, counted: what
        the first spike should find in a column that bursts next.

    Raises
    ------
    InputError
        Where an argument is none, a model has a fault or another level, both `rule` and
        `permanence_rule` are given, a column could not be right, or Brian2 is a version that was
        not tried.

    Notes
    -----
    Learning rewires synapses between time steps, which needs Brian2's runtime device: numpy and
    Cython work, C++ standalone does not.
    """

    def __init__(
        self,
        columns: int,
        cells_per_column: int,
        activation_threshold: int = 13,
        min_threshold: int = 10,
        initial_permanence: float | None = None,
        connected_permanence: float | None = None,
        permanence_increment: float = 0.1,
        permanence_decrement: float = 0.1,
        predicted_decrement: float = 0.0,
        max_new_synapses: int = 20,
        max_segments_per_cell: int = 255,
        max_synapses_per_segment: int = 255,
        seed: int = 42,
        *,
        model: str | Model = "minicolumns",
        cell_model: str | Model = "l5_reduced",
        release: str = "model",
        permanence_rule: PermanenceRule | None = None,
        rule: PlasticityRule | None = None,
        noise: str = "model",
        neurons_per_cell: int = 1,
        unchecked: bool = False,
        sleeping: bool | None = None,
    ) -> None:
        require("spiking memories")
        if rule is not None and permanence_rule is not None:
            raise InputError("give rule or permanence_rule, got both")
        if rule is None:
            rule = BetweenElements(
                chosen_rule(permanence_rule, permanence_increment, permanence_decrement)
            )
        check_plasticity_rule(rule)
        if initial_permanence is None:
            initial_permanence = rule.initial_permanence
        if connected_permanence is None:
            connected_permanence = rule.connected_permanence
        self.rule = rule
        self.parameters = TemporalMemoryParameters(
            columns=columns,
            cells_per_column=cells_per_column,
            activation_threshold=activation_threshold,
            min_threshold=min_threshold,
            initial_permanence=initial_permanence,
            connected_permanence=connected_permanence,
            permanence_increment=permanence_increment,
            permanence_decrement=permanence_decrement,
            predicted_decrement=predicted_decrement,
            max_new_synapses=max_new_synapses,
            max_segments_per_cell=max_segments_per_cell,
            max_synapses_per_segment=max_synapses_per_segment,
            seed=seed,
        )
        known = self.parameters
        self.columns, self.cells_per_column = known.columns, known.cells_per_column
        self.n_cells = known.n_cells
        self.connected_permanence = known.connected_permanence
        self.model, self.cell_model = load_model(model), load_model(cell_model)
        layer = TreeLayer if self.cell_model.level == 2 else EventLayer
        (check_trees if layer is TreeLayer else check_models)(self.model, self.cell_model, release)
        if layer is TreeLayer and known.max_segments_per_cell > basal_branches(self.cell_model):
            raise InputError(
                "a cell of level 2 has a basal branch for each segment: max_segments_per_cell must "
                f"be at most {basal_branches(self.cell_model)}, got {known.max_segments_per_cell} "
                f"({self.cell_model.file}, [basal])"
            )
        self.store = known.make_store()
        brian2.seed(seed)
        may_sleep: dict[str, Any] = {"sleeping": sleeping} if layer is EventLayer else {}
        self.layer: EventLayer | TreeLayer = layer(
            known.columns,
            known.cells_per_column,
            self.model,
            self.cell_model,
            rule,
            activation_threshold=known.activation_threshold,
            min_threshold=known.min_threshold,
            most_synapses=known.max_new_synapses,
            connected_permanence=known.connected_permanence,
            release=release,
            noise=noise,
            neurons_per_cell=neurons_per_cell,
            seed=known.seed,
            unchecked=unchecked,
            **may_sleep,
        )
        self._growth = Growth(
            known.cells_per_column,
            known.max_new_synapses,
            known.initial_permanence,
            known.predicted_decrement,
            self.layer.match_level,
        )
        self._iteration = 0
        self._axons = Axons.silent(self.n_cells)
        self.active_cells = self.winner_cells = self._dead = _NO_CELLS
        self._hold(self.store)
        self._forget()
        self.events = Events(0.0, 0.0)
        clock = self.layer.cells.clock
        self.network.add(KeptState(self._state, vars(self).update, "memory_state", clock))
        self._note_own_parts(
            release=release, noise=noise, neurons_per_cell=neurons_per_cell, unchecked=unchecked
        )

    # The interface of every temporal memory.

    def compute(self, active_columns: ArrayLike, learn: bool = True) -> None:
        """Run one element: `active_columns` receive a volley, and, if `learn`, branches learn.

        Parameters
        ----------
        active_columns : array_like of int, shape (n_active,)
            Sorted, each once, in [0, columns).
        learn : bool
            Whether branches and synapses grow, and whatever else the rule does between elements.

        Raises
        ------
        InputError
            If indices are out of range, not sorted or not each once, or `learn` is neither True
            nor False.
        """
        columns = as_indices("active_columns", active_columns, self.columns)
        check_truth("learn", learn)
        before = self._branches
        self.plateau_columns = readout.columns_of(self.predictive_cells, self.cells_per_column)
        self.layer.drive(columns)
        events = self.events = self.layer.advance()
        self.driven_columns = self.layer.driven
        self.plateau_anomaly = readout.plateau_anomaly(self.driven_columns, self.plateau_columns)
        read = readout.answers(events, self.n_cells, self.cells_per_column, self.layer.early_until)
        self._iteration += 1
        self.best_matching_cells = self._best_matching(read.active_cells)
        seen = self._axons.seen(events, self.cells_per_column)
        if learn:
            previous = mask_of(self.n_cells, self.active_cells), self.winner_cells
            element = Element(
                *(read.active_cells, read.newcomers, before, *previous, self._iteration), seen
            )
            self.layer.follow(self.rule.between_elements(self.store, self._growth, element))
        self._axons = self._axons.after(seen, before)
        self.active_columns, self.active_cells = read.columns, read.active_cells
        self.predicted_columns, self.column_bursts = read.foreseen_columns, read.column_bursts
        self.winner_cells, self.anomaly = read.winner_cells, read.anomaly
        self._read_prediction()

    def reset(self) -> None:
        """Let the network rest until no plateau is left, and forget the last element."""
        self.events = self.layer.rest()
        self._forget()

    def kill_cells(self, cells: ArrayLike) -> None:
        """Take cells out for good: they lose their segments, and no volley makes them spike again.

        The present is forgotten as by `reset`.

        Parameters
        ----------
        cells : array_like of int, shape (n_dead,)
            In [0, n_cells), in any order.

        Raises
        ------
        InputError
            If one of them is no cell.
        """
        dead = as_indices("cells", cells, self.n_cells, increasing=False)
        self.reset()
        self.layer.silence(dead)
        self._dead = np.union1d(self._dead, dead)
        self.store.remove(np.flatnonzero(np.isin(self.store.owner, self._dead)))
        self.layer.follow(_NO_CELLS)
        self._read_prediction()

    def export_segments(self) -> SegmentTable:
        """Return all segments and synapses in the format that every level shares.

        Returns
        -------
        SegmentTable
            As a temporal memory of any level takes it.
        """
        return self.store.to_table()

    def import_segments(self, table: SegmentTable) -> None:
        """Replace all segments, and reset.

        Parameters
        ----------
        table : SegmentTable
            From a temporal memory of any level with as many cells.

        Raises
        ------
        InputError
            As for `TemporalMemory`.
        """
        store = self.store.with_segments(table, self._iteration)
        refuse_dead(table, self._dead)
        self._hold(store)
        self.reset()

    # What is there, and what the last element did beside.

    @property
    def network(self) -> SteppedNetwork:
        """Brian2's network; add monitors and groups of your own to it."""
        return self.layer.network

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return self.store.n_segments

    @property
    def spike_cells(self) -> Cells:
        """Cell of each spike of the last element, in order, shape (n_spikes,)."""
        return self.events.spike_cells

    @property
    def spike_times(self) -> NDArray[np.float64]:
        """Seconds from the start of the last element to each spike, shape (n_spikes,)."""
        return self.events.spike_times - self.events.start

    @property
    def element_start(self) -> float:
        """When the last element began, in seconds of the simulation."""
        return float(self.events.start)

    @property
    def cell_bursts(self) -> Cells:
        """Cells that fired a burst in the last element, as a rule predicted ones, shape (n,)."""
        return readout.cell_bursts(self.events, self.n_cells)

    def _best_matching(self, active: Cells) -> Cells:
        known = self.parameters
        thresholds = known.activation_threshold, known.min_threshold
        found = reached(self.store, active, known.connected_permanence, *thresholds)
        owner = self.store.owner[found.matching].astype(np.int64)
        return best_of_columns(owner, found.potential, self.cells_per_column)

    # State.

    def _state(self) -> dict[str, object]:
        """Return what Brian2's `store` and `restore` of the network take along."""
        return {name: vars(self)[name] for name in _STATE}

    def _hold(self, store: SegmentStore) -> None:
        self.layer.hold(store)
        self.store = store

    def _read_prediction(self) -> None:
        self._branches = self.layer.branches()
        self.predictive_cells = self._branches.predicted_cells()

    def _forget(self) -> None:
        self._axons = Axons.silent(self.n_cells)
        self.active_columns = self.active_cells = self.winner_cells = _NO_CELLS
        self.predicted_columns = self.column_bursts = _NO_CELLS
        self.driven_columns = self.plateau_columns = self.best_matching_cells = _NO_CELLS
        self.anomaly = self.plateau_anomaly = 0.0
        self._read_prediction()

"""Level 1: a temporal memory whose spikes and plateaus are Brian2's.

Offers what `htm_brian.abstract.temporal_memory.TemporalMemory` offers. One call of `compute` is one
element of a sequence, 50 ms of model time: a volley of the active columns' relay cells; spikes of
the pyramidal cells, those first that a plateau had depolarised; inhibition of their minicolumn;
release, or failure, at distal synapses; plateaus, which are the prediction for the next element;
and, between two elements, learning from the spikes and plateaus.
"""

from __future__ import annotations

import gc
import math

import brian2
import numpy as np
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.clocks import Clock
from brian2.monitors.spikemonitor import SpikeMonitor
from numpy.typing import ArrayLike, NDArray

from htm_brian.abstract.permanence import PermanenceRule, UpDown
from htm_brian.abstract.segments.store import SegmentStore, SegmentTable
from htm_brian.arguments import check_integer, check_number
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.processor import drop_faded, keep_apart
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, TWO_CLOCKS
from htm_brian.errors import InputError
from htm_brian.network.dendrites import DistalDendrites
from htm_brian.network.learning import Element, GrowthParameters, learn
from htm_brian.network.minicolumns import Minicolumns
from htm_brian.network.mirror import SegmentMirror
from htm_brian.network.timing import branch_threshold, predicts_after
from htm_brian.parameters import Key, Model, load_model
from htm_brian.sdr import readout
from htm_brian.sdr.readout import Events
from htm_brian.synapses.release.transmission import transmission_of

Cells = NDArray[np.int64]

ELEMENT_KEYS = {
    "period": Key("second", "from one element to the next"),
    "pause": Key("second", "silence at a reset"),
    "time_step": Key("second", "time step of the cells"),
    "branch_time_step": Key("second", "time step of the branches"),
    "arrival": Key(
        "second", "from the start of an element to the arrival of its spikes at branches"
    ),
}
DISTAL_KEYS = {
    "delay": Key("second", "from a spike to its arrival at distal synapses"),
    "coincidence_window": Key("second", "for how long a synapse that released counts"),
}

FADING_OF_CELLS = ("adaptation", "g_inhibition", "feedforward_conductance")
TIDY_PERIOD = 32
"""After so many elements what has faded is set to zero; from there to subnormal it takes more."""

INITIAL_BRANCHES = 256
SYNAPSES_PER_BRANCH = 24


class SpikingTemporalMemory:
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
        Wiring and timing of the layer.
    cell_model : str, path or Model
        The pyramidal cell and its branches.
    release : {"model", "reliable"}
        Whether distal synapses fail as the model says, or never.
    permanence_rule : PermanenceRule, optional
        Takes the place of increment and decrement.

    Attributes
    ----------
    network : SteppedNetwork
        Brian2's network; add monitors and groups of your own to it.
    cells : PyramidalCells
        The pyramidal cells; cell index = column * cells_per_column + cell.
    minicolumns : Minicolumns
        Relay cells, interneurons and their synapses.
    dendrites : DistalDendrites
        Branches and distal synapses; its Brian2 objects are replaced when branches outgrow them.
    events : Events
        Spikes of the last element, in order; times are interpolated below the time step.
    active_cells, winner_cells, predictive_cells, column_bursts, predicted_columns : ndarray of int
        As of `TemporalMemory`, read from spikes and plateaus (`htm_brian.sdr.readout`).
    anomaly : float
        Share of `active_columns`, which were driven, that no plateau had predicted.
    spike_anomaly : float
        Share of the columns that fired which fired as a whole.

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
        initial_permanence: float = 0.21,
        connected_permanence: float = 0.5,
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
    ) -> None:
        self.columns = check_integer("columns", columns, low=1)
        self.cells_per_column = check_integer("cells_per_column", cells_per_column, low=1)
        self.n_cells = self.columns * self.cells_per_column
        self.activation_threshold = check_integer(
            "activation_threshold", activation_threshold, low=1
        )
        self.min_threshold = check_integer("min_threshold", min_threshold, low=1)
        self.connected_permanence = check_number(
            "connected_permanence", connected_permanence, low=0, high=1
        )
        self._growth = GrowthParameters(
            check_integer("max_new_synapses", max_new_synapses, low=0),
            check_number("initial_permanence", initial_permanence, low=0, high=1),
            check_number("predicted_decrement", predicted_decrement, low=0, high=1),
        )
        self.permanence_rule = (
            UpDown(permanence_increment, permanence_decrement)
            if permanence_rule is None
            else permanence_rule
        )
        if release not in ("model", "reliable"):
            raise InputError(f"release must be 'model' or 'reliable', got {release!r}")
        self.model = load_model(model)
        self.cell_model = load_model(cell_model)
        self.store = SegmentStore(
            self.n_cells, max_segments_per_cell, max_synapses_per_segment, seed=seed
        )
        brian2.seed(seed)
        self._build(transmission_of(self.model["release"]) if release == "model" else 1.0)
        self._mirror = SegmentMirror(self.store, self.dendrites, self.connected_permanence)
        self._iteration = 0
        self.events = Events(0.0, 0.0)
        self._forget()
        self._read_prediction()

    def _build(self, transmission: float) -> None:
        element = self.model["element"].require(ELEMENT_KEYS)
        distal = self.model["distal"].require(DISTAL_KEYS)
        self._period, self._pause = element["period"], element["pause"]
        # Their own names keep the generated code the same from memory to memory.
        fine = Clock(element["time_step"], name="cell_clock")
        coarse = Clock(element["branch_time_step"], name="branch_clock")
        self.cells = PyramidalCells(
            self.n_cells, self.cell_model, clock=fine, name="pyramidal_cells"
        )
        keep_apart(self.cells)
        self.minicolumns = Minicolumns(
            self.cells, self.columns, self.model["relay"], self.model["inhibition"], fine
        )
        self._match_level = self._least_match()
        interval = float(element["period"] - element["arrival"])
        self.dendrites = DistalDendrites(
            self.cells,
            self.cell_model,
            transmission_probability=transmission,
            delay=distal["delay"],
            coincidence_window=distal["coincidence_window"],
            activation_threshold=branch_threshold(
                self.cell_model, self.activation_threshold, interval
            ),
            fading=predicts_after(self.cell_model),
            match_threshold=self.min_threshold,
            clock=coarse,
            branches=INITIAL_BRANCHES,
            synapses=INITIAL_BRANCHES * SYNAPSES_PER_BRANCH,
        )
        self._spikes = SpikeMonitor(
            self.cells, "last_spike_time", name="pyramidal_spikes", codeobj_class=NumpyCodeObject
        )
        self.network = SteppedNetwork(
            self.cells, *self.minicolumns.objects, *self.dendrites.objects, self._spikes
        )
        self.network.expected_warnings = [
            ORDER_OF_EXECUTION,
            *(TWO_CLOCKS.format(name=f"distal_synapses_{end}") for end in ("release", "withdraw")),
        ]

    def _replace_dendrites(self) -> None:
        """Put the rebuilt dendrites into the network in the place of the old ones."""
        new = self.dendrites.objects
        names = [item.name for item in new]
        self.network.remove([item for item in self.network.objects if item.name in names])
        gc.collect()
        self.network.add(new)

    def _least_match(self) -> float:
        """Return the depolarisation, in synapses, that tells a match when the next volley comes.

        It rises for the coincidence window and then decays. Half of what is left of the smallest
        match tells a match from none; where the largest of the element before leaves more than
        that, the middle between the two tells them apart.
        """
        element, tau = self.model["element"], self.cell_model["branch"]["match_time_constant"]
        window = self.model["distal"]["coincidence_window"]
        rest = element["period"] - element["arrival"] - window
        left = math.exp(-rest / tau) * (1 - math.exp(-window / tau))
        before = self._growth.max_new_synapses * math.exp(-element["period"] / tau)
        if before <= 0.5 * self.min_threshold:
            before = 0.0
        return left * 0.5 * (self.min_threshold + before)

    # The interface of every temporal memory.

    def compute(self, active_columns: ArrayLike, learn: bool = True) -> None:
        """Run one element: `active_columns` receive a volley, and, if `learn`, branches learn.

        Parameters
        ----------
        active_columns : array_like of int
            Sorted, each once, in [0, columns).
        learn : bool
            Whether permanences change and branches and synapses grow.
        """
        columns = self._checked_columns(active_columns)
        before, predicted = self._branches, self.predictive_cells
        self.minicolumns.drive(columns)
        events = self._advance(self._period)
        if self._iteration % TIDY_PERIOD == 0:
            drop_faded(self.cells, FADING_OF_CELLS)
            drop_faded(self.dendrites.branches, self.dendrites.branches.fading)
        active = readout.active_cells(events, self.n_cells)
        winners, newcomers = readout.winner_cells(
            active, readout.first_spikes(events, active), predicted, self.cells_per_column
        )
        self._iteration += 1
        if learn:
            self._learn(Element(active, newcomers, before))
        self.active_columns = columns
        self.active_cells, self.winner_cells = active, winners
        self.predicted_columns = readout.columns_of(predicted, self.cells_per_column)
        self.column_bursts = readout.column_bursts(active, predicted, self.cells_per_column)
        self.anomaly = readout.plateau_anomaly(columns, self.predicted_columns)
        self.spike_anomaly = readout.spike_anomaly(events, self.n_cells, self.cells_per_column)
        self._read_prediction()

    def reset(self) -> None:
        """Let the network rest until no plateau is left, and forget the last element."""
        self._advance(self._pause)
        self._forget()
        self._read_prediction()

    def export_segments(self) -> SegmentTable:
        """Return all segments and synapses in the format that every level shares."""
        return self.store.to_table()

    def import_segments(self, table: SegmentTable) -> None:
        """Replace all segments, and reset.

        Parameters
        ----------
        table : SegmentTable
            From a temporal memory of any level with as many cells.
        """
        self.store = SegmentStore.from_table(
            table, self.store.max_segments_per_cell, self.store.max_synapses_per_segment
        )
        self._mirror = SegmentMirror(self.store, self.dendrites, self.connected_permanence)
        self._copy_segments()
        self.reset()

    @property
    def spike_cells(self) -> Cells:
        """Cell of each spike of the last element, in order."""
        return self.events.spike_cells

    @property
    def spike_times(self) -> NDArray[np.float64]:
        """Time of each spike in seconds since the start of the last element."""
        return self.events.spike_times - self.events.start

    @property
    def cell_bursts(self) -> Cells:
        """Cells that fired a burst in the last element: those that were predicted, as a rule."""
        return readout.cell_bursts(self.events, self.n_cells)

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return self.store.n_segments

    # Parts of an element.

    def _advance(self, duration: brian2.Quantity) -> Events:
        """Run the network and keep the spikes of this stretch only."""
        start = float(self.network.t_)
        recorded = self._spikes.variables
        self._spikes.resize(0)
        recorded["N"].get_value()[0] = 0
        self.network.advance(duration)
        self.events = Events(
            start,
            start + float(duration),
            recorded["i"].get_value().astype(np.int64),
            recorded["last_spike_time"].get_value().copy(),
        )
        return self.events

    def _learn(self, element: Element) -> None:
        new = learn(
            self.store,
            self.permanence_rule,
            self._growth,
            element,
            self._mask(self.active_cells),
            self.winner_cells,
            self._match_level,
            self.cells_per_column,
            self._iteration,
        )
        self.dendrites.clear(new[new < self.dendrites.n_branches])
        self._copy_segments()

    def _copy_segments(self) -> None:
        """Copy what changed in the store into Brian2's synapses."""
        rebuilt, grown = self._mirror.copy()
        if rebuilt:
            self._replace_dendrites()
        if grown or rebuilt:
            self.network.invalidate()

    def _read_prediction(self) -> None:
        self._branches = self.dendrites.state()
        self.predictive_cells = self._branches.predicted_cells()

    def _forget(self) -> None:
        nothing = np.empty(0, dtype=np.int64)
        self.active_columns = self.active_cells = self.winner_cells = nothing
        self.predicted_columns = self.column_bursts = self.predictive_cells = nothing
        self.anomaly = self.spike_anomaly = 0.0

    def _mask(self, cells: Cells) -> NDArray[np.bool_]:
        mask = np.zeros(self.n_cells, dtype=bool)
        mask[cells] = True
        return mask

    def _checked_columns(self, active_columns: ArrayLike) -> Cells:
        array = np.asarray(active_columns)
        if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
            raise InputError(
                "active_columns must be a one-dimensional array of integers, "
                f"got {array.dtype} of shape {array.shape}"
            )
        if array.size and (array.min() < 0 or array.max() >= self.columns):
            wrong = array.min() if array.min() < 0 else array.max()
            raise InputError(f"active_columns must lie in [0, {self.columns}), got {wrong}")
        if (np.diff(array) <= 0).any():
            raise InputError("active_columns must be sorted and without repeats")
        return array.astype(np.int64)

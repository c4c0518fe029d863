"""What layers of every level share: relay cells that are driven, stretches of time, stored states.

A layer of one level (`htm_brian.network.event_layer`, `htm_brian.network.tree_layer`) makes cells,
minicolumns and dendrites of its own kind, and hands the Brian2 objects to `MinicolumnLayer`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.base import BrianObject
from brian2.core.clocks import Clock
from brian2.groups.neurongroup import NeuronGroup
from brian2.monitors.spikemonitor import SpikeMonitor
from brian2.units import ms, mV
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.abstract.permanence import EPSILON
from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.cells import spread
from htm_brian.engine.arrays import empty, raw
from htm_brian.engine.finite import require_finite
from htm_brian.engine.kept_state import KeptState
from htm_brian.engine.warnings import ORDER_OF_EXECUTION
from htm_brian.errors import InputError
from htm_brian.network.column_race import Windowed, early_until
from htm_brian.network.distal_synapses import DistalParameters
from htm_brian.network.layer_network import LayerNetwork
from htm_brian.network.minicolumns import Minicolumns
from htm_brian.network.wiring import Dendrites, SegmentWiring
from htm_brian.parameters import Key, Model
from htm_brian.randomness import stream
from htm_brian.sdr.readout import BranchState, Events
from htm_brian.synapses.release.transmission import transmission_of

Array = NDArray[np.float64]

ELEMENT_KEYS = {
    "period": Key("second", "from one element to the next"),
    "pause": Key("second", "silence at a reset"),
    "time_step": Key("second", "time step of the cells"),
    "branch_time_step": Key("second", "time step of the branches"),
}
DISTAL_KEYS = {
    "delay": Key("second", "from a spike to its arrival at distal synapses"),
    "coincidence_window": Key("second", "for how long a synapse that released counts"),
    "site_growth": Key(
        "1", "release sites at permanence 1, over those of a just connected synapse"
    ),
}

RELEASES = ("model", "reliable")
NOISES = ("model", "none")
ALIKE = 0.003
"""Variation of a volley where there is no noise: chance decides between cells that are alike."""


class VolleySource(Protocol):
    """Decides by spikes which of the columns that it is told to drive get a volley, and when."""

    def drive(self, columns: NDArray[np.integer]) -> Array:
        """Begin an element; return by when volleys should have come, seconds from now."""
        ...

    def volleys(self, start: float) -> tuple[NDArray[np.int64], Array]:
        """Return the columns that got a volley since `start`, and the seconds from then to each."""
        ...


class MinicolumnLayer:
    """Base of the layers: their size, their clocks, and how they are driven and run.

    Parameters
    ----------
    columns, cells_per_column : int
    model : Model
        Wiring and timing.
    cell_model : Model
        The pyramidal cell and its branches.
    seed : int
        Of jitter that a column shares.

    Attributes
    ----------
    network : LayerNetwork
    cells : NeuronGroup
        The HTM cells.
    minicolumns : Minicolumns
    dendrites : Dendrites
    clock, branch_clock : Clock
    period : Quantity
    early_until : ndarray of shape (columns,)
        See `htm_brian.network.layer.Layer`.
    driven : ndarray of int
        Columns that got a volley in the last element.
    """

    network: LayerNetwork
    cells: NeuronGroup
    minicolumns: Minicolumns
    dendrites: Dendrites

    def __init__(
        self, columns: int, cells_per_column: int, model: Model, cell_model: Model, seed: int
    ) -> None:
        self._seed = seed
        self.columns = columns
        self.cells_per_column = cells_per_column
        self.n_cells = columns * cells_per_column
        self.model, self.cell_model = model, cell_model
        element = model["element"]
        self.period, self._pause = element["period"], element["pause"]
        # Their own names keep the generated code the same from layer to layer.
        self.clock = Clock(element["time_step"], name="cell_clock")
        self.branch_clock = Clock(element["branch_time_step"], name="branch_clock")
        self._elements, self._start = 0, 0.0
        self.driven = np.empty(0, dtype=np.int64)
        self._source: VolleySource | None = None
        self._wiring: SegmentWiring | None = None
        self._stored: dict[str, Any] = {}

    def take_volleys_from(self, source: VolleySource) -> None:
        """Leave it to something that spikes in the layer's network which columns get a volley.

        Parameters
        ----------
        source : VolleySource
            Such as `htm_brian.network.thalamus.Thalamus`.
        """
        self._source = source

    def drive(self, columns: NDArray[np.integer]) -> None:
        """Make the relay cells of these columns fire at the next time step, or with jitter."""
        self._drive_relays(columns)

    def advance(self, duration: Quantity | None = None) -> Events:
        """Run for `duration`, one element when left out, and return what happened."""
        if duration is not None:
            return self._run(duration)
        events = self._run(self.period)
        self._tidy()
        self._elements += 1
        return events

    def rest(self) -> Events:
        """Run without input until no plateau is left."""
        return self._run(self._pause)

    def branches(self) -> BranchState:
        """Return the branches as they are now."""
        raise NotImplementedError

    def silence(self, cells: NDArray[np.integer]) -> None:
        """Let no volley reach these HTM cells any more: they will not spike."""
        self.minicolumns.silence(cells)

    def hold(self, store: SegmentStore) -> None:
        """Make the segments of `store` the branches, in the place of all others."""
        self._wiring = SegmentWiring(store, self.dendrites)
        self.follow(np.empty(0, dtype=np.int64))

    def follow(self, given_away: NDArray[np.integer]) -> None:
        """Take over what changed in the store."""
        self._follow_store()

    def _follow_store(self) -> bool:
        """Take over what changed in the store; return whether dendrites were made anew."""
        if self._wiring is None:
            raise InputError("the layer holds no store of segments yet: call hold first")
        return self._wiring.follow()

    def _distal_parameters(
        self, release: str, connected_permanence: float, **more: Any
    ) -> DistalParameters:
        """Return the parameters of distal synapses; `more` are those of one level."""
        distal = self.model["distal"]
        return DistalParameters(
            transmission_of(self.model["release"]) if release == "model" else 1.0,
            distal["delay"],
            distal["coincidence_window"],
            # As the store compares its permanences of 32 bits.
            float(np.float32(connected_permanence - EPSILON)),
            distal["site_growth"],
            **more,
        )

    def _recruit_within(self, race: Windowed) -> None:
        """Say until when first spikes recruit inhibition."""
        self._recruited_until = early_until(self.model, race)
        self.early_until = np.full(self.columns, self._recruited_until)

    def _build(self, objects: Sequence[BrianObject], expected_warnings: Sequence[str] = ()) -> None:
        """Make the network of a layer's objects, and of what records and stores it."""
        self._spikes = SpikeMonitor(
            self.cells, "last_spike_time", name="pyramidal_spikes", codeobj_class=NumpyCodeObject
        )
        self.network = LayerNetwork(*objects, self._spikes)
        self.network.after_restore.append(self._go_back)
        self.network.add(KeptState(self._state, self._take_state, "layer_state", self.clock))
        self.network.expected_warnings = [ORDER_OF_EXECUTION, *expected_warnings]

    def _drive_relays(self, columns: NDArray[np.integer]) -> Array:
        """Make relay cells fire; return the seconds until each does."""
        self.driven = np.asarray(columns, dtype=np.int64)
        if self._source is not None:
            wait = self._source.drive(columns)
        else:
            rng = stream(self._seed, "jitter", self._elements)
            wait = self.minicolumns.drive(columns, rng.standard_normal(len(columns)))
        self.early_until[:] = self._recruited_until
        self.early_until[columns] += wait
        return wait

    def _guarded(self) -> list[NeuronGroup]:
        """Return the groups whose state must stay finite."""
        return [self.cells]

    def _tidy(self) -> None:
        """Do what is due after an element."""

    def _state(self) -> dict[str, Any]:
        wiring = None if self._wiring is None else self._wiring.state()
        return {"elements": self._elements, "start": self._start, "wiring": wiring}

    def _take_state(self, state: dict[str, Any]) -> None:
        self._stored = state

    def _go_back(self) -> None:
        """Bring the store of segments back; Brian2 restores its objects in no certain order."""
        self._elements, self._start = self._stored["elements"], self._stored["start"]
        if self._wiring is not None and self._stored["wiring"] is not None:
            self._wiring.restore(self._stored["wiring"])

    def _run(self, duration: Quantity) -> Events:
        """Run the network and keep the spikes of this stretch only."""
        start = self._start = float(self.network.t_)
        empty(self._spikes)
        self.network.advance(duration)
        for group in self._guarded():
            require_finite(group)
        if self._source is not None:
            self.driven, wait = self._source.volleys(start)
            self.early_until[self.driven] = self._recruited_until + wait
        stop = start + float(duration)
        state = self.branches()
        on = (state.owner >= 0) & (state.plateau_end > start) & (state.plateau_onset < stop)
        return Events(
            start,
            stop,
            raw(self._spikes, "i").astype(np.int64),
            raw(self._spikes, "last_spike_time").copy(),
            state.owner[on].astype(np.int64),
            state.plateau_onset[on],
            state.plateau_end[on],
            *self.dendrites.releases_since(start),
        )


def check_clocks(model: Model) -> None:
    """Refuse times of an element that are no whole numbers of time steps: no two would be alike.

    Raises
    ------
    InputError
    """
    element = model["element"]
    for key, step_key in (
        ("branch_time_step", "time_step"),
        ("period", "branch_time_step"),
        ("pause", "branch_time_step"),
    ):
        time, step = float(element[key] / ms), float(element[step_key] / ms)
        steps = time / step
        if steps < 1 or abs(steps - round(steps)) > 1e-6:
            below = max(1, math.floor(steps)) * step
            raise InputError(
                f"{key} must be a whole number of steps of {step:g} ms, {step_key}, got {time:g} "
                f"ms: set it to {below:g} or {below + step:g} ms ({model.file}, [element])"
            )


def without_noise(model: Model) -> Model:
    """Return a network model in which cells are alike, and neither they nor volleys fluctuate."""
    quiet: dict[str, object] = {f"relay.{key}_jitter": 0 * ms for key in ("column", "neuron")}
    if "spread" in model:
        quiet |= spread.spread_by(0.0)
    return model.with_values(
        {**quiet, "relay.variation": ALIKE, "membrane_noise.standard_deviation": 0 * mV}
    )

"""A layer of level 2: cells that are trees of compartments, in minicolumns.

A segment of the memory is a basal branch of its cell (`htm_brian.network.tree_dendrites`). Volleys
open AMPA receptors of the soma, interneurons GABA-A receptors there. How large volleys and pulses
of inhibition are, until when it can be recruited, how many synapses predict and above which
potential a branch is in a plateau is no parameter: it is measured on the cell
(`htm_brian.network.tree_response`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.clocks import Clock
from brian2.monitors.spikemonitor import SpikeMonitor
from brian2.units import mV
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.abstract.permanence import EPSILON
from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.arguments import check_choice
from htm_brian.cells import biophysical
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.arrays import empty, raw
from htm_brian.engine.kept_state import KeptState
from htm_brian.engine.warnings import ORDER_OF_EXECUTION
from htm_brian.errors import InputError
from htm_brian.mechanisms import gaba, membrane_noise
from htm_brian.network.column_race import recruitment_of
from htm_brian.network.distal_synapses import DistalParameters
from htm_brian.network.event_layer import ALIKE, DISTAL_KEYS, ELEMENT_KEYS, NOISES, RELEASES
from htm_brian.network.layer_network import LayerNetwork
from htm_brian.network.minicolumns import INHIBITION_KEYS, RELAY_KEYS, Minicolumns, mean_delay
from htm_brian.network.tree_dendrites import TreeDendrites
from htm_brian.network.tree_response import TreeResponse, noise_current, tree_response
from htm_brian.network.wiring import SegmentWiring
from htm_brian.parameters import Model
from htm_brian.randomness import stream
from htm_brian.sdr.readout import BranchState, Events
from htm_brian.synapses.plasticity.rule import PlasticityRule
from htm_brian.synapses.release.transmission import RELEASE_KEYS, check_site_growth, transmission_of

KEYS = {
    "element": {name: key for name, key in ELEMENT_KEYS.items() if name != "arrival"},
    "relay": RELAY_KEYS,
    "inhibition": INHIBITION_KEYS,
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


class TreeLayer:
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
        self._seed = seed
        self.columns = columns
        self.cells_per_column = cells_per_column
        self.n_cells = columns * cells_per_column
        self.model, self.cell_model = model, cell_model
        element, distal = model["element"], model["distal"]
        self.period, self._pause = element["period"], element["pause"]
        self.match_level = min_threshold - 0.5
        relay = model["relay"]
        self._recruited_until = (
            float(relay["delay"]) + mean_delay(relay["neuron_jitter"]) + self.response.window
        )
        self.early_until = np.full(columns, self._recruited_until)
        clock = Clock(element["time_step"], name="cell_clock")
        branch_clock = Clock(element["branch_time_step"], name="branch_clock")
        self.cells = PyramidalCells(self.n_cells, cell_model, clock=clock, name="pyramidal_cells")
        self._add_noise()
        self.minicolumns = Minicolumns(
            self.cells,
            columns,
            relay,
            model["inhibition"],
            clock,
            window=self.response.window + recruitment_of(model),
            on_volley=f"ampa_soma_post += {self.response.volley!r}*strength"
            "*ampa_unitary_conductance_post",
            on_inhibition=f"gaba_soma_post = {self.response.pulse!r}*siemens",
        )
        parameters = DistalParameters(
            transmission_of(model["release"]) if release == "model" else 1.0,
            distal["delay"],
            distal["coincidence_window"],
            float(np.float32(connected_permanence - EPSILON)),
            distal["site_growth"],
        )
        self.dendrites = TreeDendrites(
            self.cells, parameters, self.response.plateau_level, branch_clock, SYNAPSES
        )
        self._spikes = SpikeMonitor(
            self.cells, "last_spike_time", name="pyramidal_spikes", codeobj_class=NumpyCodeObject
        )
        self.network = LayerNetwork(
            self.cells, *self.minicolumns.objects, *self.dendrites.objects, self._spikes
        )
        self.network.after_restore.append(self._go_back)
        self.network.add(KeptState(self._state, self._take_state, "layer_state", clock))
        self.network.expected_warnings = [ORDER_OF_EXECUTION]
        self._elements, self._start = 0, 0.0
        self._wiring: SegmentWiring | None = None
        self._stored: dict[str, Any] = {}

    def drive(self, columns: NDArray[np.integer]) -> None:
        """Make the relay cells of these columns fire at the next time step, or with jitter."""
        rng = stream(self._seed, "jitter", self._elements)
        wait = self.minicolumns.drive(columns, rng.standard_normal(len(columns)))
        self.early_until[:] = self._recruited_until
        self.early_until[columns] += wait

    def advance(self, duration: Quantity | None = None) -> Events:
        """Run for `duration`, one element when left out, and return what happened."""
        if duration is not None:
            return self._run(duration)
        self._elements += 1
        return self._run(self.period)

    def rest(self) -> Events:
        """Run without input until no plateau is left."""
        return self._run(self._pause)

    def branches(self) -> BranchState:
        """Return plateaus of the branches, and how many synapses released in the last stretch."""
        return self.dendrites.state(self._start)

    def hold(self, store: SegmentStore) -> None:
        """Make the segments of `store` branches, in the place of all others."""
        self.dendrites.require_room(store.owner)
        self._wiring = SegmentWiring(store, self.dendrites)
        self.follow(np.empty(0, dtype=np.int64))

    def follow(self, given_away: NDArray[np.integer]) -> None:
        """Take over what changed in the store; a branch goes on from the potential that it has."""
        if self._wiring is None:
            raise InputError("the layer holds no store of segments yet: call hold first")
        self._wiring.follow()

    def _add_noise(self) -> None:
        """Let a fluctuating current of its own flow into each soma, if the model has noise."""
        noise = self.model[membrane_noise.TABLE]
        if membrane_noise.is_off(noise):
            return
        strength = noise_current(self.cell_model, self.model) * noise["standard_deviation"]
        kept = float(np.exp(-float(membrane_noise.STEP) / float(noise["time_constant"])))
        fresh = float(strength) * float(np.sqrt(1 - kept**2))
        self.cells.run_regularly(
            f"injected_current = injected_current*{kept!r} + {fresh!r}*amp*randn()",
            dt=membrane_noise.STEP,
            when="start",
            name="membrane_noise",
        )

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
    check_site_growth(model["distal"])
    biophysical.require(cell_model)
    for table in NEEDED:
        if table not in cell_model:
            raise InputError(f"a layer of trees needs a table [{table}] ({cell_model.file})")


def with_inhibition(cell_model: Model, model: Model) -> Model:
    """Return the cell with receptors for inhibition: its own, or those that the network gives."""
    return cell_model if gaba.TABLE in cell_model else cell_model.with_table(model[gaba.TABLE])


def without_noise(model: Model) -> Model:
    """Return a network model in which neither cells nor volleys fluctuate."""
    return model.with_values(
        {
            "relay.column_jitter": 0 * model["relay"]["column_jitter"],
            "relay.neuron_jitter": 0 * model["relay"]["neuron_jitter"],
            "relay.variation": ALIKE,
            "membrane_noise.standard_deviation": 0 * mV,
        }
    )


def measured_threshold(model: Model, cell_model: Model, most_synapses: int) -> int:
    """Return the number of synapses from which a branch predicts, as it is measured."""
    check_models(model, cell_model, "model")
    response: TreeResponse = tree_response(with_inhibition(cell_model, model), model, most_synapses)
    return response.threshold

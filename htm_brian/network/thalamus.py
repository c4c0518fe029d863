"""Thalamus of a layer of minicolumns: relay cells whose spikes decide which columns get a volley.

Everything here spikes, in the layer's own Brian2 network:

================  ==================================================================================
from              to
================  ==================================================================================
driver axon       the relay cells of its column: one large EPSP each
relay cells       the column's cell of layer 4, through quantal synapses; its spike is the volley
pyramidal cells   the column's cell of layer 6: many at once make it spike, a few do not
layer 6           all reticular cells, through quantal synapses that fail and facilitate
reticular cells   relay cells of any column, by GABA-A and GABA-B receptors
================  ==================================================================================

A column that bursts lets its cell of layer 6 spike. Where many columns burst, element after
element, the reticular nucleus hyperpolarises the relay cells for long enough to free their
T-current of inactivation, and they answer the next input with bursts. Single cells that fire as
predicted do not reach it, and relay cells stay in tonic mode.
"""

from __future__ import annotations

import numpy as np
from brian2.core.base import BrianObject
from brian2.groups.neurongroup import NeuronGroup
from brian2.input.spikegeneratorgroup import SpikeGeneratorGroup
from brian2.monitors.spikemonitor import SpikeMonitor
from brian2.synapses.synapses import Synapses
from brian2.units import second, volt
from numpy.typing import NDArray

from htm_brian.cells.group import Cells
from htm_brian.engine.arrays import raw
from htm_brian.engine.compiling import connect_pairs
from htm_brian.engine.warnings import TWO_CLOCKS
from htm_brian.network.event_layer import EventLayer
from htm_brian.network.minicolumns import due_cells
from htm_brian.parameters import Key, Model, Table
from htm_brian.randomness import stream
from htm_brian.synapses.release.stochastic import ReleaseSynapses

CELL_KEYS = {
    "threshold": Key("volt", "above rest, at which the cell spikes"),
    "time_constant": Key("second", "of the membrane"),
    "noise": Key("volt", "standard deviation of the potential at rest"),
    "refractory_period": Key("second", "least time between two spikes"),
    "delay": Key("second", "from a spike of what drives it to its potential"),
}
KEYS = {
    "relay_cells": {
        "cells": Key("1", "relay cells of a column"),
        "volley_time": Key("second", "from the driver's spike to the volleys"),
    },
    "layer4": CELL_KEYS,
    "layer6": {
        "epsp": Key("volt", "of a spike of a cell of the column"),
        **CELL_KEYS,
        "corticothalamic_delay": Key("second", "from layer 6 to the reticular nucleus"),
    },
    "reticular": {
        "cells": Key("1", "reticular cells"),
        "convergence": Key("1", "share of them that inhibit a relay cell"),
        "delay": Key("second", "to relay cells"),
    },
}
"""Tables of a model of kind "thalamus"."""

ON_RELAY = """
gaba_soma_post += gaba_unitary_conductance_post
gaba_b_soma_post += gaba_b_unitary_conductance_post
"""
Spikes = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Cells and times, seconds."""


class Thalamus:
    """Relay and reticular cells, and cells of layers 4 and 6, around a layer of level 1.

    Parameters
    ----------
    layer : EventLayer
        Not run yet; from now on its columns get a volley when their cell of layer 4 spikes.
    model : Model
        Of kind "thalamus".
    relay, reticular : Model
        Cells of level 2.
    thalamocortical, corticothalamic : Model
        Synapses from relay cells to layer 4, and from layer 6 to reticular cells.
    inhibition : {"reticular", "none"} or (ndarray, ndarray)
        What inhibits relay cells: the reticular cells, nothing, or spikes at given cells and times
        in their place.
    seed : int
        Of release, and of which reticular cells inhibit a relay cell.

    Attributes
    ----------
    relay, reticular : Cells
    layer4, layer6 : NeuronGroup
        One cell to a column.
    relay_spikes, reticular_spikes, layer6_spikes : SpikeMonitor
    """

    def __init__(
        self,
        layer: EventLayer,
        model: Model,
        relay: Model,
        reticular: Model,
        *,
        thalamocortical: Model,
        corticothalamic: Model,
        inhibition: str | Spikes = "reticular",
        seed: int = 0,
    ) -> None:
        for name, keys in KEYS.items():
            model[name].require(keys)
        self._layer, self._clock, self._model = layer, layer.clock, model
        self._volley_time = float(model["relay_cells"]["volley_time"])
        columns, clock = layer.columns, layer.clock
        self.per_column = int(model["relay_cells"]["cells"])
        self.driver = due_cells(columns, clock, "driver_axons")
        self.relay = Cells(columns * self.per_column, relay, clock=clock, name="thalamic_relays")
        self.reticular = Cells(
            int(model["reticular"]["cells"]), reticular, clock=clock, name="reticular_cells"
        )
        self.layer4 = self._integrating(model["layer4"], "layer4_cells")
        self.layer6 = self._integrating(model["layer6"], "layer6_cells")
        of_relay = np.repeat(np.arange(columns), self.per_column)
        every_relay = np.arange(len(self.relay))
        drive = self.relay.synapses_from(self.driver, "soma", ["ampa"], name="driver_synapses")
        connect_pairs(drive, of_relay, every_relay)
        drive.weight = 1
        ascending = ReleaseSynapses(
            self.relay,
            self.layer4,
            thalamocortical,
            on_release="v_post += quantal_size*amplitude",
            delay=model["layer4"]["delay"],
            seed=seed,
            name="thalamocortical_synapses",
        )
        ascending.connect(i=every_relay, j=of_relay)
        volley = Synapses(
            self.layer4,
            layer.minicolumns.relay,
            on_pre="due_post = t + dt",
            clock=clock,
            name="volley_synapses",
        )
        connect_pairs(volley, np.arange(columns), np.arange(columns))
        descending = Synapses(
            layer.cells,
            self.layer6,
            "epsp : volt (shared, constant)",
            on_pre="v_post += epsp",
            delay=model["layer6"]["delay"],
            clock=clock,
            name="layer6_synapses",
        )
        every_cell = np.arange(layer.n_cells)
        connect_pairs(descending, every_cell, every_cell // layer.cells_per_column)
        descending.epsp = model["layer6"]["epsp"]
        to_reticular = self.reticular.synapses_from(
            self.layer6,
            "soma",
            ["ampa"],
            release=corticothalamic,
            delay=model["layer6"]["corticothalamic_delay"],
            seed=seed,
            name="corticothalamic_synapses",
        )
        to_reticular.connect()
        self.relay_spikes = SpikeMonitor(self.relay, name="relay_spikes")
        self.reticular_spikes = SpikeMonitor(self.reticular, name="reticular_spikes")
        self.layer6_spikes = SpikeMonitor(self.layer6, name="layer6_spikes")
        self._volleys = SpikeMonitor(layer.minicolumns.relay, name="volleys")
        objects: list[BrianObject] = [
            *(self.driver, self.relay, self.reticular, self.layer4, self.layer6),
            *(drive, ascending, volley, descending, to_reticular),
            *(self.relay_spikes, self.reticular_spikes, self.layer6_spikes, self._volleys),
        ]
        # Synapses onto compartments do not take the clock of their source.
        layer.network.expected_warnings.append(TWO_CLOCKS.format(name="driver_synapses_pre"))
        layer.network.add(objects, self._inhibition(inhibition, seed))
        layer.take_volleys_from(self)

    def drive(self, columns: NDArray[np.integer]) -> NDArray[np.float64]:
        """Let the driver axons of these columns spike at the next time step.

        Parameters
        ----------
        columns : ndarray of int

        Returns
        -------
        ndarray of shape (n_columns,)
            Seconds from now by which a volley should have come.
        """
        raw(self.driver, "due")[columns] = float(raw(self._clock, "t")[0])
        return np.full(len(columns), self._volley_time)

    def volleys(self, start: float) -> Spikes:
        """Return the columns that got a volley since a time, in seconds, and when after it.

        Parameters
        ----------
        start : float

        Returns
        -------
        columns : ndarray of int, sorted
        after : ndarray of float
            Seconds from `start` to the first volley of each.
        """
        times = np.asarray(self._volleys.t / second)
        late = times >= start - float(self._clock.dt) / 2
        columns, first = np.unique(np.asarray(self._volleys.i)[late], return_index=True)
        return columns.astype(np.int64), times[late][first] - start

    def _integrating(self, table: Table, name: str) -> NeuronGroup:
        """Return one leaky integrator for each column, with noise of its own."""
        cells = NeuronGroup(
            self._layer.columns,
            """
            dv/dt = -v/time_constant + noise*sqrt(2/time_constant)*xi : volt
            spiked : second
            threshold : volt (shared, constant)
            time_constant : second (shared, constant)
            noise : volt (shared, constant)
            refractory_period : second (shared, constant)
            """,
            threshold="v > threshold and t - spiked > refractory_period",
            reset="v = 0*volt; spiked = t",
            method="euler",
            clock=self._clock,
            name=name,
        )
        cells.spiked = -1 * second
        cells.v = 0 * volt
        for key in ("threshold", "time_constant", "noise", "refractory_period"):
            setattr(cells, key, table[key])
        return cells

    def _inhibition(self, inhibition: str | Spikes, seed: int) -> list[BrianObject]:
        """Return what inhibits relay cells."""
        if isinstance(inhibition, str) and inhibition == "none":
            return []
        source, objects = self.reticular, list[BrianObject]()
        n_source = len(self.reticular)
        if not isinstance(inhibition, str):
            source = SpikeGeneratorGroup(
                n_source,
                inhibition[0],
                inhibition[1] * second,
                clock=self._clock,
                name="given_spikes",
            )
            objects.append(source)
        synapses = Synapses(
            source,
            self.relay,
            on_pre=ON_RELAY,
            delay=self._model["reticular"]["delay"],
            clock=self._clock,
            name="reticular_synapses",
        )
        drawn = stream(seed, "reticular").random((n_source, len(self.relay)))
        pre, post = np.nonzero(drawn < float(self._model["reticular"]["convergence"]))
        connect_pairs(synapses, pre, post)
        return [*objects, synapses]

"""Minicolumns: a relay cell drives each, and one interneuron lets its first cells silence the rest.

A volley of a column's relay cell reaches all cells of the column. Cells that a plateau has
depolarised spike first; the interneuron answers within a few milliseconds and keeps the other cells
of the column silent. Where no cell was ahead, all cells have fired by the time it answers.

Inhibition cancels as much of a volley's conductance as it opens itself, and so ends it: for a cell
that was silenced a volley is over as for one that spiked. What is left of an element when the next
one comes is then nearly the same in both, and a match of some synapses outweighs it.
"""

from __future__ import annotations

import numpy as np
from brian2.core.base import BrianObject
from brian2.core.clocks import Clock
from brian2.groups.neurongroup import NeuronGroup
from brian2.synapses.synapses import Synapses
from numpy.typing import NDArray

from htm_brian.engine.arrays import raw
from htm_brian.engine.compiling import connect_pairs
from htm_brian.errors import InputError
from htm_brian.mechanisms.mechanism import NEVER
from htm_brian.parameters import Key, Table

RELAY_KEYS = {
    "delay": Key("second", "from the relay cell's spike to the proximal synapses"),
    "variation": Key("1", "coefficient of variation of a volley's conductance between cells"),
}
INHIBITION_KEYS = {
    "recruitment_delay": Key("second", "from a pyramidal spike to the interneuron's spike"),
    "delay": Key("second", "from the interneuron's spike to the pyramidal cells' conductance"),
    "refractory_period": Key("second", "for how long an interneuron is not recruited again"),
}


class Minicolumns:
    """Relay cells, interneurons and their synapses around a group of pyramidal cells.

    Parameters
    ----------
    cells : NeuronGroup
        Pyramidal cells in the order of their columns, with the variables
        `feedforward_conductance` and `g_inhibition`.
    columns : int
        Number of minicolumns; the number of cells must be a multiple of it.
    relay, inhibition : Table
        Parameters.
    clock : Clock
        Of the cells.
    """

    def __init__(
        self,
        cells: NeuronGroup,
        columns: int,
        relay: Table,
        inhibition: Table,
        clock: Clock,
    ) -> None:
        relay.require(RELAY_KEYS)
        inhibition.require(INHIBITION_KEYS)
        n_cells = len(cells)
        if columns < 1 or n_cells % columns != 0:
            raise InputError(
                f"the number of cells must be a multiple of the number of columns, got {n_cells} "
                f"cells and {columns} columns"
            )
        every_cell = np.arange(n_cells, dtype=np.int32)
        column_of_cell = every_cell // (n_cells // columns)
        self.relay = NeuronGroup(
            columns,
            "fires : boolean",
            threshold="fires",
            reset="fires = False",
            clock=clock,
            name="relay_cells",
        )
        self.feedforward = Synapses(
            self.relay,
            cells,
            "variation : 1 (shared, constant)  # of the volley between cells",
            on_pre="feedforward_conductance_post += "
            "feedforward_volley_conductance_post * clip(1 + variation * randn(), 0, 2)",
            delay=relay["delay"],
            clock=clock,
            name="feedforward_synapses",
        )
        connect_pairs(self.feedforward, column_of_cell, every_cell)
        self.feedforward.variation = relay["variation"]
        self.interneurons = NeuronGroup(
            columns,
            """
            drive : 1
            last_spike : second
            refractory_period : second (shared, constant)
            """,
            threshold="drive > 0.5",
            reset="drive = 0; last_spike = t",
            clock=clock,
            name="interneurons",
        )
        self.interneurons.last_spike = NEVER
        self.interneurons.refractory_period = inhibition["refractory_period"]
        self.recruitment = Synapses(
            cells,
            self.interneurons,
            on_pre="drive_post = int(t - last_spike_post > refractory_period_post)",
            delay=inhibition["recruitment_delay"],
            clock=clock,
            name="recruitment_synapses",
        )
        connect_pairs(self.recruitment, every_cell, column_of_cell)
        self.inhibition = Synapses(
            self.interneurons,
            cells,
            on_pre="g_inhibition_post = inhibition_pulse_conductance_post\n"
            "feedforward_conductance_post = clip(feedforward_conductance_post"
            " - inhibition_pulse_conductance_post, 0*siemens, inf*siemens)",
            delay=inhibition["delay"],
            clock=clock,
            name="inhibitory_synapses",
        )
        connect_pairs(self.inhibition, column_of_cell, every_cell)

    @property
    def objects(self) -> list[BrianObject]:
        """The Brian2 objects, for a network."""
        return [
            self.relay,
            self.feedforward,
            self.interneurons,
            self.recruitment,
            self.inhibition,
        ]

    def drive(self, columns: NDArray[np.integer]) -> None:
        """Make the relay cells of these columns fire at the next time step."""
        raw(self.relay, "fires")[columns] = True

"""Minicolumns: a relay cell drives each, and one interneuron lets its first cells silence the rest.

A volley of a column's relay cell reaches all cells of the column. Cells that a plateau has
depolarised spike first; the interneuron answers within a few milliseconds and keeps the other cells
of the column silent. Where no cell was ahead, all cells spike.

The interneuron hears the relay cell, too. That drive decays within milliseconds, and only while it
lasts can spikes of the column recruit the interneuron: a first spike that comes late, as it does in
a column in which no cell was ahead, silences nobody. Inhibition that any first spike recruits must
be slower than the spread of an unpredicted column's spikes, which noise makes impossible; this one
need only tell early from late.

Inhibition does to the rest of a volley, too, what its conductance does to any current there: it
divides it, so that a volley is nearly over for a cell that was silenced, as for one that spiked.
What is left of an element when the next one comes is then nearly the same in both, and a match of
some synapses outweighs it.
"""

from __future__ import annotations

import math

import numpy as np
from brian2.core.base import BrianObject
from brian2.core.clocks import Clock
from brian2.groups.neurongroup import NeuronGroup
from brian2.synapses.synapses import Synapses
from brian2.units.fundamentalunits import Quantity
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_integer
from htm_brian.engine.arrays import raw
from htm_brian.engine.compiling import connect_pairs
from htm_brian.errors import InputError
from htm_brian.mechanisms.mechanism import NEVER
from htm_brian.parameters import Key, Model, Table

Array = NDArray[np.float64]

RELAY_KEYS = {
    "delay": Key("second", "from the relay cell's spike to the proximal synapses"),
    "spikes": Key("1", "of a volley"),
    "spike_interval": Key("second", "from one spike of a volley to the next"),
    "variation": Key("1", "coefficient of variation of a volley's conductance between cells"),
    "column_jitter": Key("second", "standard deviation of a volley's time, the same for a column"),
    "neuron_jitter": Key("second", "standard deviation of a volley's time at each neuron"),
}
INHIBITION_KEYS = {
    "recruitment_delay": Key("second", "from a pyramidal spike to the interneuron's spike"),
    "delay": Key("second", "from the interneuron's spike to the pyramidal cells' conductance"),
    "refractory_period": Key("second", "for how long an interneuron is not recruited again"),
    "relay_decay": Key("second", "decay of what a volley does to the interneuron"),
}

ON_INHIBITION = """
g_inhibition_post = inhibition_pulse_conductance_post
proximal_conductance = proximal_leak_conductance_post + proximal_coupling_conductance_post
shunt = inhibition_proximal_share_post*inhibition_pulse_conductance_post
feedforward_conductance_post *= proximal_conductance/(proximal_conductance + shunt)
"""
OPEN = "feedforward_conductance_post += feedforward_volley_conductance_post * strength"

LARGEST_DEVIATE = 3.0
"""Jitter is normal, but not further from its mean than this many standard deviations."""


def mean_delay(jitter: Quantity) -> float:
    """Return by how many seconds jitter delays a volley on average: none comes too soon."""
    return LARGEST_DEVIATE * float(jitter)


def longest_volley(model: Model) -> float:
    """Return the seconds after which a volley is over, and inhibition by its last spike.

    Parameters
    ----------
    model : Model
        Of the network.
    """
    relay, inhibition = model["relay"], model["inhibition"]
    jitter = float(relay["column_jitter"] + relay["neuron_jitter"])
    spread = float(relay["delay"]) + (relay["spikes"] - 1) * float(relay["spike_interval"])
    answer = float(inhibition["recruitment_delay"] + inhibition["delay"])
    return 2 * LARGEST_DEVIATE * jitter + spread + answer


class Minicolumns:
    """Relay cells, interneurons and their synapses around a group of pyramidal cells.

    Parameters
    ----------
    cells : NeuronGroup
        Pyramidal cells in the order of their columns, with the variables that `on_volley` and
        `on_inhibition` name.
    columns : int
        Number of minicolumns; the number of cells must be a multiple of it.
    relay, inhibition : Table
        Parameters.
    clock : Clock
        Of the cells.
    recruiting : int
        Spikes of a column that recruit its interneuron.
    window : float
        Seconds from the arrival of a volley in which the interneuron can spike; infinite for any
        time.
    on_volley, on_inhibition : str
        What a spike of a volley, of a `strength` around 1, and one of the interneuron do to a cell;
        left out, what they do to reduced cells.
    """

    def __init__(
        self,
        cells: NeuronGroup,
        columns: int,
        relay: Table,
        inhibition: Table,
        clock: Clock,
        *,
        recruiting: int = 1,
        window: float = math.inf,
        on_volley: str = OPEN,
        on_inhibition: str = ON_INHIBITION,
    ) -> None:
        relay.require(RELAY_KEYS)
        inhibition.require(INHIBITION_KEYS)
        n_cells = len(cells)
        if columns < 1 or n_cells % columns != 0:
            raise InputError(
                f"the number of cells must be a multiple of the number of columns, got {n_cells} "
                f"cells and {columns} columns"
            )
        self._clock = clock
        self._jitter = float(relay["column_jitter"])
        every_cell = np.arange(n_cells, dtype=np.int32)
        column_of_cell = every_cell // (n_cells // columns)
        most = LARGEST_DEVIATE
        self.relay = due_cells(columns, clock, "relay_cells")
        source, of_cell = self.relay, column_of_cell
        self.terminals: list[BrianObject] = []
        if relay["neuron_jitter"] > 0:
            source, of_cell = due_cells(n_cells, clock, "relay_terminals"), every_cell
            scatter = Synapses(
                self.relay,
                source,
                "jitter : second (shared, constant)",
                on_pre=f"due_post = t + jitter*({most} + clip(randn(), -{most}, {most}))",
                clock=clock,
                name="relay_scatter",
            )
            connect_pairs(scatter, column_of_cell, every_cell)
            scatter.jitter = relay["neuron_jitter"]
            self.terminals = [source, scatter]
        volleys = range(check_integer("relay.spikes", relay["spikes"], low=1))
        after = relay["spike_interval"]
        self.feedforward = Synapses(
            source,
            cells,
            """
            variation : 1 (shared, constant)  # of the volley between cells
            excitability : 1  # what the cell makes of a volley
            alive : 1  # 0: makes nothing of any volley
            strength : 1  # of the last volley
            """,
            on_pre={"draw": "strength = alive * excitability * clip(1 + variation * randn(), 0, 2)"}
            | {f"volley_{number}": on_volley for number in volleys},
            delay={"draw": 0 * after}
            | {f"volley_{number}": relay["delay"] + number * after for number in volleys},
            clock=clock,
            name="feedforward_synapses",
        )
        connect_pairs(self.feedforward, of_cell, every_cell)
        self.feedforward.variation = relay["variation"]
        self.feedforward.excitability = self.feedforward.alive = 1
        self._interneurons(columns, inhibition, clock, recruiting, window)
        self.gating = Synapses(
            self.relay,
            self.interneurons,
            on_pre="drive_post = 0\nrelay_drive_post = relay_drive_peak_post",
            delay=relay["delay"] + LARGEST_DEVIATE * relay["neuron_jitter"],
            clock=clock,
            name="gating_synapses",
        )
        every_column = np.arange(columns, dtype=np.int32)
        connect_pairs(self.gating, every_column, every_column)
        self.recruitment = Synapses(
            cells,
            self.interneurons,
            on_pre="drive_post += int(t - last_spike_post > refractory_period_post)",
            delay=inhibition["recruitment_delay"],
            clock=clock,
            name="recruitment_synapses",
        )
        connect_pairs(self.recruitment, every_cell, column_of_cell)
        self.inhibition = Synapses(
            self.interneurons,
            cells,
            on_pre=on_inhibition,
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
            *self.terminals,
            self.feedforward,
            self.interneurons,
            self.gating,
            self.recruitment,
            self.inhibition,
        ]

    def drive(self, columns: NDArray[np.integer], deviates: ArrayLike = 0.0) -> Array:
        """Make the relay cells of these columns fire: at the next time step, or with jitter.

        Parameters
        ----------
        columns : ndarray of int
        deviates : array_like of shape (n_columns,)
            Standard normal ones, of which the jitter is made that a column's cells share.

        Returns
        -------
        ndarray of shape (n_columns,)
            Seconds from now to the spike of each relay cell.
        """
        late = LARGEST_DEVIATE + np.clip(deviates, -LARGEST_DEVIATE, LARGEST_DEVIATE)
        wait = np.broadcast_to(self._jitter * late, len(columns))
        raw(self.relay, "due")[columns] = float(raw(self._clock, "t")[0]) + wait
        return wait

    def excite(self, excitability: Array) -> None:
        """Set what each cell makes of a volley, as a share of its conductance."""
        raw(self.feedforward, "excitability")[:] = excitability

    def silence(self, cells: NDArray[np.integer]) -> None:
        """Let no volley reach these cells any more."""
        raw(self.feedforward, "alive")[cells] = 0

    @property
    def silenced(self) -> NDArray[np.bool_]:
        """Which cells no volley reaches."""
        return np.asarray(raw(self.feedforward, "alive") == 0)

    def _interneurons(
        self, columns: int, inhibition: Table, clock: Clock, recruiting: int, window: float
    ) -> None:
        """Make the interneurons; a volley lets them be recruited as long as its drive exceeds 1."""
        gated = math.isfinite(window)
        self.interneurons = NeuronGroup(
            columns,
            """
            drelay_drive/dt = -relay_drive/relay_decay : 1
            drive : 1  # spikes of the column since the volley
            last_spike : second
            refractory_period : second (shared, constant)
            relay_decay : second (shared, constant)
            relay_drive_peak : 1 (shared, constant)
            """,
            threshold=f"drive > {recruiting - 0.5}" + (" and relay_drive > 1" if gated else ""),
            reset="drive = 0; last_spike = t",
            method="exact",
            clock=clock,
            name="interneurons",
        )
        self.interneurons.last_spike = NEVER
        self.interneurons.refractory_period = inhibition["refractory_period"]
        self.interneurons.relay_decay = inhibition["relay_decay"]
        decay = float(inhibition["relay_decay"])
        self.interneurons.relay_drive_peak = math.exp(window / decay) if gated else 1.0


def due_cells(number: int, clock: Clock, name: str) -> NeuronGroup:
    """Return cells that spike at the step next to when they are due."""
    cells = NeuronGroup(
        number,
        "due : second",
        threshold="due > t - 0.5*dt and due <= t + 0.5*dt",
        reset="due = -1*second",
        clock=clock,
        name=name,
    )
    cells.due = NEVER
    return cells

"""Inhibition of a whole layer, once an element has been answered: what is old must not decide next.

Interneurons that contact nearly every cell around them follow each volley, whichever columns it
drove (Fino & Yuste 2011, Neuron 69:1188; Packer & Yuste 2011, J Neurosci 31:13260). Those that end
on dendrites fire when predicted cells have had their time: plateaus that predicted this element,
and depolarisation below a plateau's threshold, end. Those that end on somata fire when columns have
burst, and bring the potential back to rest where a plateau predicted in vain. Without them a cell
that was depolarised for an element that did not come is ahead of its column at the one after, and
wins where chance should decide.
"""

from __future__ import annotations

import math

import numpy as np
from brian2.core.base import BrianObject
from brian2.core.clocks import Clock
from brian2.groups.neurongroup import NeuronGroup
from brian2.synapses.synapses import Synapses
from brian2.units import siemens

from htm_brian.engine.arrays import raw
from htm_brian.engine.compiling import connect_pairs
from htm_brian.mechanisms.branch import DendriticBranches
from htm_brian.network.minicolumns import due_cells
from htm_brian.parameters import Key, Table

KEYS = {
    "delay": Key("second", "from the last relay cell's spike to the conductance of the somata"),
    "conductance": Key("siemens", "at the somata of all cells of a layer; 0: no such inhibition"),
}


LATEST = 16
"""Volleys whose inhibition is remembered for cells that sleep."""

ON_DENDRITES = {
    "keep": "ended_post = depolarisation_post\nended_at_post = t",
    "end": "depolarisation_post = 0",
}
"""A branch keeps what inhibition ended: calcium outlasts the potential that let it in."""


class LayerInhibition:
    """Two interneurons, one for the somata and one for the dendrites of a layer.

    Parameters
    ----------
    neurons : NeuronGroup
        With the variable `g_inhibition`.
    table : Table
        See `KEYS`.
    clock, branch_clock : Clock
        Of the neurons and of the branches.

    Attributes
    ----------
    objects : list of BrianObject
        For a network; what `on_dendrites` returns comes beside.
    conductance : float
        Siemens, at each soma.
    due : list of float
        Seconds: when the somata were last inhibited, or will be.
    """

    def __init__(
        self, neurons: NeuronGroup, table: Table, clock: Clock, branch_clock: Clock
    ) -> None:
        table.require(KEYS)
        self._delay = float(table["delay"])
        self._step = float(clock.dt)
        self.conductance = float(table["conductance"])
        self.due: list[float] = []
        self.dendritic = due_cells(1, branch_clock, "dendritic_interneuron")
        self.somatic = due_cells(1, clock, "somatic_interneuron")
        self.objects: list[BrianObject] = [self.dendritic, self.somatic]
        # It sets what the interneurons of columns left, so a conductance of 0 is not the same.
        if table["conductance"] > 0 * siemens:
            on_somata = Synapses(
                self.somatic,
                neurons,
                "conductance : siemens (shared, constant)",
                on_pre="g_inhibition_post = conductance",
                clock=clock,
                name="somatic_inhibition",
            )
            _connect_all(on_somata, len(neurons))
            on_somata.conductance = table["conductance"]
            self.objects.append(on_somata)

    def on_dendrites(self, branches: DendriticBranches, clock: Clock) -> Synapses:
        """Return the synapses on `branches`, which end depolarisation below a plateau.

        What ends the old plateaus themselves is `DistalDendrites.end_plateaus`: which are old is
        known when the volley comes.
        """
        synapses = Synapses(
            self.dendritic,
            branches,
            on_pre=ON_DENDRITES,
            clock=clock,
            name="dendritic_inhibition",
        )
        synapses.keep.order = synapses.end.order - 1
        _connect_all(synapses, len(branches))
        return synapses

    def follow(self, now: float, answered: float, last_volley: float) -> None:
        """Let inhibition follow a volley.

        Parameters
        ----------
        now : float
            Seconds.
        answered : float
            Seconds until all predicted cells have had their time.
        last_volley : float
            Seconds until the last relay cell fires.
        """
        raw(self.dendritic, "due")[:] = now + answered
        at = now + last_volley + self._delay
        raw(self.somatic, "due")[:] = at
        # One that is still to come is called off, as is one of the step that begins now.
        begun = round(now / self._step)
        self.due = [due for due in self.due[-LATEST:] if self._steps_of(due, before=begun)] + [at]

    def steps(self) -> list[int]:
        """Return the time steps of the neurons in which the somata are inhibited, the latest last.

        They are those in which `somatic` spikes, to rounding: its condition is asked here.
        """
        if self.conductance == 0:
            return []
        return [step for due in self.due for step in self._steps_of(due)]

    def _steps_of(self, due: float, before: float = math.inf) -> list[int]:
        """Return the time step in which `somatic` spikes; none if between two steps by rounding."""
        near, dt = round(due / self._step), self._step
        steps = (k for k in (near - 1, near, near + 1) if k * dt - 0.5 * dt < due)
        return [k for k in steps if due <= k * dt + 0.5 * dt and k < before][:1]


def _connect_all(synapses: Synapses, targets: int) -> None:
    every = np.arange(targets, dtype=np.int32)
    connect_pairs(synapses, np.zeros_like(every), every)

"""Distal dendrites of a layer: branches as a Brian2 group, fed by synapses that can be rewired.

One branch stands for one HTM segment. Cells send spikes to branches through distal synapses that
release at random; a branch on which enough connected synapses arrive within the coincidence window
goes into a plateau; its conductance drives the basal compartment of the cell that owns it::

    cells --(distal synapses: delay, release, coincidence window)--> branches --(axis)--> cells

Synapses that are not connected are silent ones, with NMDA receptors only: they depolarise a branch
by degrees. How many synapses a plateau takes is the network's choice, what it takes of their
conductance the branch's: where fewer are enough, each opens more.
"""

from __future__ import annotations

import numpy as np
from brian2.core.base import BrianObject
from brian2.core.clocks import Clock
from brian2.groups.neurongroup import NeuronGroup
from brian2.synapses.synapses import Synapses
from numpy.typing import NDArray

from htm_brian.abstract.segments.changes import SlotChanges
from htm_brian.engine.arrays import ends, raw, sum_with
from htm_brian.engine.compiling import connect_pairs
from htm_brian.mechanisms.branch import TABLE, DendriticBranches, grows
from htm_brian.network.distal_synapses import (
    LAST_RELEASE,
    OWNER_SPIKES,
    DistalParameters,
    distal_synapses,
    set_parameters,
)
from htm_brian.network.layer_inhibition import LayerInhibition
from htm_brian.network.sleeping_branches import SleepingBranches, can_sleep
from htm_brian.parameters import Model
from htm_brian.sdr.mapping import TIME_TOLERANCE
from htm_brian.sdr.readout import BranchState
from htm_brian.synapses.plasticity.rule import PlasticityRule
from htm_brian.synapses.structural import StructuralSynapses

STATE = (
    *("tally", "potential_tally", "plateau_onset", "plateau_end", "needed_at_onset", "most"),
    *("ended", "ended_at"),
)
"""Of a branch, beside what fades."""


class DistalDendrites:
    """Branches, their synapses, and the axes that tie them to their owners.

    Parameters
    ----------
    cells : NeuronGroup
        Has the per-cell parameter `basal_conductance`.
    model : Model
        The cell model, for the branch.
    distal : DistalParameters
        Of the synapses.
    rule : PlasticityRule
        What the synapses learn online.
    activation_threshold : float
        Number of synapses that start a plateau.
    match_threshold : int
        Number of synapses, connected or not, that depolarise a branch.
    clock : Clock
        Of the branches; coarser than that of the cells.
    fading : float
        Seconds for which a plateau that has ended still predicts.
    inhibition : LayerInhibition, optional
        Of the branches.
    branches, synapses : int
        Room to begin with; more is made when it is exhausted.
    """

    def __init__(
        self,
        cells: NeuronGroup,
        model: Model,
        distal: DistalParameters,
        rule: PlasticityRule,
        *,
        activation_threshold: float,
        match_threshold: int,
        clock: Clock,
        fading: float = 0.0,
        inhibition: LayerInhibition | None = None,
        branches: int,
        synapses: int,
    ) -> None:
        self._cells = cells
        self._model = model
        self._parameters = distal
        self._rule = rule
        self._thresholds = activation_threshold, match_threshold
        self._clock = clock
        self._fading = fading
        self._inhibition = inhibition
        self._owner = np.empty(0, dtype=np.int32)
        self._build(branches, synapses)

    @property
    def objects(self) -> list[BrianObject]:
        """The Brian2 objects, for a network."""
        sleeping = [] if self.sleeping is None else [self.sleeping]
        return [self.branches, self.distal.synapses, self.axis, *self.inhibition, *sleeping]

    @property
    def owner(self) -> NDArray[np.int32]:
        """The cell that each branch belongs to, -1 for a branch that is not in use."""
        return self._owner

    @property
    def n_branches(self) -> int:
        """Number of branches that have been given to cells."""
        return len(self._owner)

    @property
    def capacity(self) -> int:
        """Number of branches that there is room for."""
        return len(self.branches)

    def state(self) -> BranchState:
        """Return plateaus and sub-threshold depolarisation of the branches in use, now."""
        onset, end, depolarisation = (
            raw(self.branches, name)[: self.n_branches].copy()
            for name in ("plateau_onset", "plateau_end", "depolarisation")
        )
        return BranchState(
            self._now(),
            self._owner,
            onset,
            # A branch that was given away has its end at its onset, and predicts nothing.
            np.where(end > onset, end + self._fading, end),
            depolarisation,
        )

    def end_plateaus(self, at: float) -> None:
        """Let inhibition end the plateaus that are on now, at a time to come.

        Parameters
        ----------
        at : float
            Seconds. A plateau that begins before then is not touched if it is not on yet.
        """
        onset, end = (raw(self.branches, name) for name in ("plateau_onset", "plateau_end"))
        on = (onset < self._now()) & (end > at)
        end[on] = at

    def releases_since(self, start: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the synapses that released at `start` or later, and when each did last.

        Returns
        -------
        slots : ndarray of int
            None where releases are not recorded.
        times : ndarray of float
            Seconds.
        """
        if not self._parameters.record_releases:
            return np.empty(0, dtype=np.int64), np.empty(0)
        time = self.distal.array(LAST_RELEASE)
        # A synapse that never released has 0, and nothing is released before the first delay.
        slots = np.flatnonzero((time > 0) & (time >= start - TIME_TOLERANCE))
        slots = slots[self.distal.in_use(slots)]
        return slots, time[slots]

    def set_owners(self, owner: NDArray[np.integer]) -> None:
        """Say which cell owns each branch.

        Parameters
        ----------
        owner : ndarray of int, shape (n_branches,)
            -1 for a branch that is not in use; at most `capacity` branches, see `enlarge`.
        """
        self._owner = np.array(owner, dtype=np.int32)
        np.copyto(self._target()[: len(owner)], owner, where=self._owner >= 0)

    def permanences(self, n_slots: int) -> NDArray[np.float32]:
        """Return the permanences by slot, with room for at least `n_slots`."""
        if n_slots > self.distal.capacity:
            self.distal.reserve(max(n_slots, 2 * self.distal.capacity))
        return self.distal.array("permanence")

    def presynaptic(self, slots: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the presynaptic cells of the synapses in `slots`."""
        return ends(self.distal.synapses)[0][slots].astype(np.int64)

    def disconnect(self) -> None:
        """Take all synapses away, with the spikes on their way to them and what they counted."""
        self.distal.disconnect()
        self.distal.forget(np.arange(self.distal.capacity))
        for name in ("counts_until", "counted"):
            self.distal.array(name)[:] = 0
        for name in ("tally", "potential_tally"):
            raw(self.branches, name)[:] = 0

    def rewire(self, changes: SlotChanges) -> None:
        """Put synapses into other slots, take some away and add new ones.

        What a synapse that is no more still adds to its branch is taken back; spikes on their way
        to it are lost.
        """
        distal = self.distal
        self._take_back(changes.lost)
        distal.disconnect(changes.before)
        distal.forget(changes.lost)
        distal.move(changes.moved_from, changes.moved_to, self._state)
        initial = self._rule.initial_state()
        for name in self._state:
            at_birth = "t" if name == "lastupdate" else initial.get(name, 0)
            at_birth = self._now() if at_birth == "t" else at_birth
            distal.array(name)[changes.fresh] = at_birth
        distal.connect(changes.now, changes.presynaptic, changes.segment)

    def clear(self, branches: NDArray[np.integer]) -> None:
        """End plateaus and depolarisation of branches that were given to another segment."""
        onset = raw(self.branches, "plateau_onset")
        raw(self.branches, "plateau_end")[branches] = onset[branches]
        for name in ("tally", "potential_tally", "ended", *self.branches.fading):
            raw(self.branches, name)[branches] = 0

    def enlarge(self, branches: int) -> None:
        """Make room for `branches` and some more."""
        self.make_room(max(branches, self.capacity + self.capacity // 2))

    def make_room(self, branches: int) -> None:
        """Replace the Brian2 objects by some with room for `branches`, and with the same state.

        Brian2's groups have a fixed size.
        """
        old, distal = self.branches, self.distal
        names = (*STATE, *old.fading)
        kept = {name: raw(old, name).copy() for name in names}
        owner = np.array(self._target())
        self._build(branches, distal.capacity)
        for name, values in kept.items():
            raw(self.branches, name)[: len(values)] = values
        self._target()[: len(owner)] = owner
        self.distal.go_on_from(distal)

    def _take_back(self, slots: NDArray[np.integer]) -> None:
        """Let the synapses in `slots` count no more."""
        until, counted = self.distal.array("counts_until"), self.distal.array("counted")
        counting = slots[until[slots] > 0]
        branch = ends(self.distal.synapses)[1][counting]
        np.subtract.at(raw(self.branches, "tally"), branch, counted[counting])
        np.subtract.at(raw(self.branches, "potential_tally"), branch, 1.0)
        until[counting] = counted[counting] = 0

    def _now(self) -> float:
        return float(raw(self._cells.clock, "t")[0])

    def _target(self) -> NDArray[np.int32]:
        """Return the cell that each branch drives, writable."""
        return ends(self.axis)[1]

    def _build(self, branches: int, synapses: int) -> None:
        self.branches = DendriticBranches(
            branches, self._model, clock=self._clock, name="basal_branches"
        )
        self.branches.activation_threshold, self.branches.match_threshold = self._thresholds
        if not grows(self._model):  # or else plateaus, too, count synapses one by one
            table, (threshold, _) = self._model[TABLE], self._thresholds
            at_threshold = table["match_conductance"] * float(table["activation_threshold"])
            self.branches.match_conductance = at_threshold / threshold
        self.axis = Synapses(
            self.branches,
            self._cells,
            "basal_conductance_post = conductance_pre : siemens (summed)",
            clock=self._clock,
            name="branch_axes",
        )
        every = np.arange(branches, dtype=np.int32)
        # Branches that are not in use drive nobody; at one address, all would wait for each other.
        connect_pairs(self.axis, every, every % len(self._cells))
        # Brian2 sums at the cells' time steps, but the branches change at their own only.
        sum_with(self.axis, self._clock)
        self.sleeping: SleepingBranches | None = None
        if can_sleep(self.branches):
            self.sleeping = SleepingBranches(self.branches, self.axis)
        made = distal_synapses(self._cells, self.branches, self._parameters, self._rule)
        self.distal = StructuralSynapses(made, synapses, through={OWNER_SPIKES: self._target()})
        set_parameters(made, self._parameters)
        self.inhibition: list[BrianObject] = []
        if self._inhibition is not None:
            self.inhibition = [self._inhibition.on_dendrites(self.branches, self._clock)]
        # The store moves the permanences itself.
        self._state = [name for name in self.distal.state if name != "permanence"]

"""Distal dendrites of a layer: branches as a Brian2 group, fed by synapses that can be rewired.

One branch stands for one HTM segment. Cells send spikes to branches through distal synapses that
release at random; a branch on which enough connected synapses arrive within the coincidence window
goes into a plateau; its conductance drives the basal compartment of the cell that owns it::

    cells --(distal synapses: delay, release, coincidence window)--> branches --(axis)--> cells
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.core.base import BrianObject
from brian2.core.clocks import Clock
from brian2.groups.neurongroup import NeuronGroup
from brian2.synapses.synapses import Synapses
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.engine.compiling import connect_pairs
from htm_brian.mechanisms.branch import DendriticBranches, on_release
from htm_brian.parameters import Model
from htm_brian.sdr.readout import BranchState
from htm_brian.synapses.release.transmission import ARRIVAL, RELEASE_EQUATIONS
from htm_brian.synapses.structural import RewiredSynapses

DISTAL_EQUATIONS = f"""
weight : 1    # what the synapse adds to the tally; 0 where it is not connected
counts_until : second  # end of the coincidence window of the release that counts; 0 if none does
coincidence_window : second (shared, constant)
{RELEASE_EQUATIONS}
"""

STATE = ("tally", "potential_tally", "plateau_onset", "plateau_end", "needed_at_onset", "most")
"""Of a branch, beside what fades."""

WITHDRAW = """over = int(counts_until > 0*second) * int(counts_until < t + 1.5*dt)
tally_post -= weight * over
potential_tally_post -= over
counts_until -= over * counts_until
"""
"""One coincidence window after every spike; only the spike that released ends what it began. Delays
are rounded to time steps, so the two times may differ by one."""


def release_code(model: Model, arrival: str = ARRIVAL) -> str:
    """Return what a spike does at a distal synapse.

    A synapse counts once in a coincidence window; an unconnected one, which has NMDA receptors
    only, counts towards sub-threshold depolarisation.

    Parameters
    ----------
    model : Model
        The cell model, for the branch.
    arrival : str
        Code that sets `arrival` to 1 if the spike releases and to 0 if it fails.
    """
    return f"""{arrival}
fresh = arrival * int(counts_until == 0*second)
counts_until += fresh * (t + coincidence_window)
{on_release(model, "weight * fresh", "fresh")}
"""


class DistalDendrites:
    """Branches, their synapses, and the axes that tie them to their owners.

    Parameters
    ----------
    cells : NeuronGroup
        Has the per-cell parameter `basal_conductance`.
    model : Model
        The cell model, for the branch.
    transmission_probability : float
        Of a spike at each synapse.
    delay : Quantity
        From spike to arrival.
    coincidence_window : Quantity
        For how long a synapse that released counts.
    activation_threshold : float
        Number of synapses that start a plateau.
    match_threshold : int
        Number of synapses, connected or not, that depolarise a branch.
    clock : Clock
        Of the branches; coarser than that of the cells.
    fading : float
        Seconds for which a plateau that has ended still predicts.
    branches, synapses : int
        Room to begin with; more is made when it is exhausted.
    """

    def __init__(
        self,
        cells: NeuronGroup,
        model: Model,
        *,
        transmission_probability: float,
        delay: Quantity,
        coincidence_window: Quantity,
        activation_threshold: float,
        match_threshold: int,
        clock: Clock,
        fading: float = 0.0,
        branches: int,
        synapses: int,
    ) -> None:
        self._cells = cells
        self._model = model
        self._transmission = transmission_probability
        self._delay = delay
        self._window = coincidence_window
        self._thresholds = activation_threshold, match_threshold
        self._clock = clock
        self._fading = fading
        self._owner = np.empty(0, dtype=np.int32)
        self._build(branches, synapses)

    @property
    def objects(self) -> list[BrianObject]:
        """The Brian2 objects, for a network."""
        return [self.branches, self.distal.synapses, self.axis]

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
        n, variables = self.n_branches, self.branches.variables
        onset, end, depolarisation = (
            variables[name].get_value()[:n]
            for name in ("plateau_onset", "plateau_end", "depolarisation")
        )
        return BranchState(
            float(self._cells.clock.variables["t"].get_value()[0]),
            self._owner,
            onset.copy(),
            # A branch that was given away has its end at its onset, and predicts nothing.
            np.where(end > onset, end + self._fading, end),
            depolarisation.copy(),
        )

    def set_owners(self, owner: NDArray[np.integer]) -> bool:
        """Say which cell owns each branch; more branches than there is room for rebuild the group.

        Parameters
        ----------
        owner : ndarray of int, shape (n_branches,)
            -1 for a branch that is not in use.

        Returns
        -------
        bool
            Whether the Brian2 objects were replaced.
        """
        rebuilt = len(owner) > self.capacity
        if rebuilt:
            self._rebuild(max(len(owner), self.capacity + self.capacity // 2))
        self._owner = np.array(owner, dtype=np.int32)
        target = self.axis.variables["_synaptic_post"].get_value()[: self.n_branches]
        np.copyto(target, owner, where=owner >= 0)
        return rebuilt

    def connect(
        self,
        slots: NDArray[np.integer],
        presynaptic: NDArray[np.integer],
        branch: NDArray[np.integer],
    ) -> bool:
        """Put distal synapses into `slots`, whatever was there before.

        Returns
        -------
        bool
            Whether arrays were reallocated, so that the network must prepare anew.
        """
        return self.distal.connect(slots, presynaptic, branch)

    def weigh(self, slots: NDArray[np.integer], weight: NDArray[Any]) -> None:
        """Set what synapses add to the tally: 1, or 0 where they are not connected."""
        self.distal.array("weight")[slots] = weight

    def disconnect(self, slots: NDArray[np.integer] | None = None) -> None:
        """Take the synapses in `slots` (all when left out) away."""
        self.distal.disconnect(slots)

    def forget_tallies(self) -> None:
        """Let no synapse count as released within the coincidence window."""
        # Each that does waits for its withdrawal.
        self.distal.array("counts_until")[self.distal.under_way("withdraw")] = 0
        for name in ("tally", "potential_tally"):
            self.branches.variables[name].get_value()[:] = 0

    def clear(self, branches: NDArray[np.integer]) -> None:
        """End plateaus and depolarisation of branches that were given to another segment."""
        variables = self.branches.variables
        variables["plateau_end"].get_value()[branches] = variables["plateau_onset"].get_value()[
            branches
        ]
        for name in ("tally", "potential_tally", *self.branches.fading):
            variables[name].get_value()[branches] = 0

    def _build(self, branches: int, synapses: int) -> None:
        self.branches = DendriticBranches(
            branches, self._model, clock=self._clock, name="basal_branches"
        )
        self.branches.activation_threshold, self.branches.match_threshold = self._thresholds
        distal = Synapses(
            self._cells,
            self.branches,
            DISTAL_EQUATIONS,
            on_pre={
                "release": release_code(self._model),
                "withdraw": WITHDRAW,
            },
            delay={"release": self._delay, "withdraw": self._delay + self._window},
            clock=self._cells.clock,
            name="distal_synapses",
        )
        self.distal = RewiredSynapses(distal, synapses)
        distal.transmission_probability = self._transmission
        distal.coincidence_window = self._window
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
        for summed in self.axis.summed_updaters.values():
            summed._clock, summed.when = self._clock, "end"

    def _rebuild(self, branches: int) -> None:
        """Make a larger group with the same state; Brian2's groups have a fixed size."""
        old = self.branches
        kept = {name: np.array(old.variables[name].get_value()) for name in (*STATE, *old.fading)}
        self._build(branches, self.distal.capacity)
        for name, values in kept.items():
            self.branches.variables[name].get_value()[: len(values)] = values

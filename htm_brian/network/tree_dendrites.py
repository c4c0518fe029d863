"""Segments on the basal branches of cells of level 2: their synapses, and the plateaus of branches.

Each segment has a basal branch of its cell to itself. Its synapses end on the branch's outermost
compartment, where a spike that releases opens AMPA and NMDA receptors; whether that makes a plateau
is the membrane's. A branch is in one while its potential is above a level that was measured
(`htm_brian.network.tree_response`).

A vesicle nearly saturates the receptors of its synapse, so a synapse that has released does not add
to the conductance again for the coincidence window. Synapses that are not connected release, too,
which a rule may want to know, and open nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.core.base import BrianObject
from brian2.core.clocks import Clock
from brian2.core.operations import NetworkOperation
from brian2.synapses.synapses import Synapses
from numpy.typing import NDArray

from htm_brian.abstract.segments.changes import SlotChanges
from htm_brian.cells import tree
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.arrays import ends, raw
from htm_brian.engine.kept_state import KeptState
from htm_brian.errors import InputError
from htm_brian.mechanisms.dendrite import potential
from htm_brian.mechanisms.mechanism import NEVER
from htm_brian.network.distal_synapses import CONNECTED, DistalParameters
from htm_brian.parameters import Model
from htm_brian.sdr.mapping import TIME_TOLERANCE
from htm_brian.sdr.readout import BranchState
from htm_brian.synapses.release.transmission import (
    ARRIVAL,
    RELEASE_EQUATIONS,
    sites_per_permanence,
)
from htm_brian.synapses.structural import StructuralSynapses

EQUATIONS = f"""
permanence : 1
connected_permanence : 1 (shared, constant)  # from which a synapse opens receptors
saturated_for : second (shared, constant)
last_release : second
segment : integer
branch : integer  # of its cell
{RELEASE_EQUATIONS}
"""
RELEASE = f"""{ARRIVAL}
fresh = arrival * int(t - last_release > saturated_for)
last_release += fresh * (t - last_release)
added = fresh * {CONNECTED}
"""
RECEPTORS = ("ampa", "nmda")
STATE = ("last_release", "segment", "branch")


class TreeDendrites:
    """Distal synapses on the basal branches of a group of cells.

    Parameters
    ----------
    cells : PyramidalCells
        Of level 2.
    distal : DistalParameters
        Of the synapses.
    plateau_level : float
        Potential, in volts, above which a branch is in a plateau.
    clock : Clock
        Of looks at the branches' potentials.
    synapses : int
        Room to begin with; more is made when it is exhausted.

    Attributes
    ----------
    places : list of str
        The compartment of each branch on which synapses end.
    """

    def __init__(
        self,
        cells: PyramidalCells,
        distal: DistalParameters,
        plateau_level: float,
        clock: Clock,
        synapses: int,
    ) -> None:
        self._cells = cells
        self.branches = basal_branches(cells.parameters)
        places = [tree.outermost(cells.parameters, "basal", k) for k in range(self.branches)]
        self.places = places
        self.distal = StructuralSynapses(_synapses(cells, places, distal), synapses)
        _set_parameters(self.distal.synapses, distal)
        self.distal.array("last_release")[:] = float(NEVER)
        self._level = plateau_level
        self._potentials = [potential(place) for place in places]
        shape = self.branches, len(cells)
        self._on = np.zeros(shape, dtype=np.bool_)
        self._onset, self._end = np.full(shape, -np.inf), np.full(shape, -np.inf)
        self._owner = np.empty(0, dtype=np.int32)
        self._branch = np.empty(0, dtype=np.int64)
        watch = NetworkOperation(self._look, clock=clock, when="end", name="branch_potentials")
        kept = KeptState(self._state, self._take_state, "branch_plateaus", clock)
        self.objects: list[BrianObject] = [self.distal.synapses, watch, kept]

    @property
    def owner(self) -> NDArray[np.int32]:
        """The cell that each segment belongs to, -1 for one that is not in use."""
        return self._owner

    @property
    def branch(self) -> NDArray[np.int64]:
        """The basal branch of its cell that each segment has."""
        return self._branch

    @property
    def capacity(self) -> int:
        """Number of branches that there are."""
        return self.branches * len(self._cells)

    def state(self, since: float) -> BranchState:
        """Return the branches that segments have, now, with what released since then."""
        on_cell = self._branch, np.maximum(self._owner, 0)
        on = self._on[on_cell]
        slots, _ = self.releases_since(since)
        released = np.bincount(
            self.distal.array("segment")[slots], minlength=len(self._owner)
        ).astype(np.float64)
        return BranchState(
            float(raw(self._cells.clock, "t")[0]),
            self._owner,
            self._onset[on_cell],
            np.where(on, np.inf, self._end[on_cell]),
            released,
        )

    def releases_since(self, start: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the slots of the synapses that released at `start` or later, and when."""
        time = self.distal.array("last_release")
        slots = np.flatnonzero(time >= start - TIME_TOLERANCE)
        slots = slots[self.distal.in_use(slots)]
        return slots, time[slots]

    def set_owners(self, owner: NDArray[np.integer]) -> None:
        """Give each segment of a cell a branch of its own; those that have one keep it.

        Parameters
        ----------
        owner : ndarray of int, shape (n_segments,)
            -1 for a segment that is not in use.
        """
        require_branches(owner, self._cells.parameters)
        known = len(self._owner)
        before = np.full(len(owner), -1, dtype=np.int32)
        before[:known] = self._owner[: len(owner)]
        branch = np.zeros(len(owner), dtype=np.int64)
        branch[:known] = self._branch[: len(owner)]
        stays = (owner >= 0) & (before == owner)
        taken = np.zeros((len(self._cells), self.branches), dtype=np.bool_)
        taken[owner[stays], branch[stays]] = True
        for segment in np.flatnonzero((owner >= 0) & ~stays):
            branch[segment] = int(np.argmin(taken[owner[segment]]))
            taken[owner[segment], branch[segment]] = True
        self._owner, self._branch = np.array(owner, dtype=np.int32), branch

    def permanences(self, n_slots: int) -> NDArray[np.float32]:
        """Return the permanences by slot, with room for at least `n_slots`."""
        if n_slots > self.distal.capacity:
            self.distal.reserve(max(n_slots, 2 * self.distal.capacity))
        return self.distal.array("permanence")

    def presynaptic(self, slots: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the presynaptic cells of the synapses in `slots`."""
        return ends(self.distal.synapses)[0][slots].astype(np.int64)

    def disconnect(self) -> None:
        """Take all synapses away, with the spikes on their way to them."""
        self.distal.disconnect()
        self.distal.forget(np.arange(self.distal.capacity))

    def rewire(self, changes: SlotChanges) -> None:
        """Put synapses into other slots, take some away and add new ones."""
        distal = self.distal
        distal.disconnect(changes.before)
        distal.forget(changes.lost)
        distal.move(changes.moved_from, changes.moved_to, list(STATE))
        distal.array("last_release")[changes.fresh] = float(NEVER)
        distal.array("segment")[changes.now] = changes.segment
        distal.array("branch")[changes.now] = self._branch[changes.segment]
        distal.connect(changes.now, changes.presynaptic, self._owner[changes.segment])

    def enlarge(self, branches: int) -> None:
        """Refuse: cells grow no branches."""
        raise InputError(f"the cells have {self.capacity} basal branches, got {branches} segments")

    def _look(self) -> None:
        """Note which branches have gone above the plateau level, and which below it."""
        now = float(raw(self._cells.clock, "t")[0])
        for branch, name in enumerate(self._potentials):
            above, on = raw(self._cells, name) > self._level, self._on[branch]
            self._onset[branch, above & ~on] = now
            self._end[branch, on & ~above] = now
            self._on[branch] = above

    def _state(self) -> dict[str, Any]:
        return {name: vars(self)[name] for name in ("_on", "_onset", "_end", "_owner", "_branch")}

    def _take_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


def basal_branches(cell_model: Model) -> int:
    """Return how many segments a cell of level 2 can have at most."""
    return int(cell_model["basal"]["branches"])


def require_branches(owner: NDArray[np.integer], cell_model: Model) -> None:
    """Refuse segments of which a cell has more than basal branches.

    Parameters
    ----------
    owner : ndarray of int
        The cell of each segment, -1 for one that is not in use.
    cell_model : Model
        Of level 2.

    Raises
    ------
    InputError
    """
    segments, branches = np.bincount(owner[owner >= 0], minlength=1), basal_branches(cell_model)
    if segments.max() > branches:
        raise InputError(
            f"a cell of level 2 has a basal branch for each segment: cell {np.argmax(segments)} "
            f"has {segments.max()} segments and {branches} branches; set branches to "
            f"{segments.max()} ({cell_model.file}, [basal])"
        )


def _synapses(cells: PyramidalCells, places: list[str], distal: DistalParameters) -> Synapses:
    """Return synapses from cells to their branches, not connected yet."""
    opening = "\n".join(
        f"{receptor}_{place}_post += added*int(branch == {k})*{receptor}_unitary_conductance_post"
        for k, place in enumerate(places)
        for receptor in RECEPTORS
    )
    return Synapses(
        cells,
        cells,
        EQUATIONS,
        on_pre={"release": RELEASE + opening},
        delay={"release": distal.delay},
        clock=cells.clock,
        dtype={"permanence": np.float32},
        name="distal_synapses",
    )


def _set_parameters(synapses: Synapses, distal: DistalParameters) -> None:
    synapses.transmission_probability = distal.transmission_probability
    synapses.sites_per_permanence = sites_per_permanence(
        distal.site_growth, distal.connected_permanence
    )
    synapses.saturated_for = distal.coincidence_window
    synapses.connected_permanence = distal.connected_permanence

"""What a plasticity rule is: Brian2 text for what happens online, a method for the rest.

A rule is an object in a file of its own. Online, it changes the state of a synapse by what that
synapse can see, as Brian2 text:

===============  ==========================================================================
`equations`      state of a synapse, with units; ``(event-driven)`` equations are welcome
`on_pre`         a spike of the presynaptic cell arrives; `arrival` is 1 if it releases, 0 if not
`later`          the same spike, some time after it arrived; without `arrival`
`on_post`        the cell that owns the synapse's branch spikes
`on_plateau`     a plateau begins on the synapse's branch
`catch_up`       brings the permanence to the present, before a spike may release
===============  ==========================================================================

The text may use, beside the rule's own state and constants, `permanence` of the synapse, `t`, and
the variables of the presynaptic cell (``v_pre``) and of the branch (``tally_post``), and the
network's `match_level`. From `connected_permanence` on a synapse counts towards plateaus.

Between two elements `between_elements` grows and prunes: structural change is slow, and needs no
time step of its own. A rule that leaves all text empty learns there only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.errors import InputError
from htm_brian.sdr.column_feedback import Seen
from htm_brian.sdr.readout import BranchState
from htm_brian.synapses.plasticity.online import Later

Cells = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Growth:
    """How many synapses grow, how strong they are at first, and what may learn.

    Parameters
    ----------
    cells_per_column : int
    max_new_synapses : int
        A branch that learns grows until so many of its synapses come from active cells.
    initial_permanence : float
        Of a new synapse.
    predicted_decrement : float
        What active synapses of a depolarised branch lose when its column stays silent.
    match_level : float
        Depolarisation, in synapses, from which a branch counts as nearly active.
    """

    cells_per_column: int
    max_new_synapses: int
    initial_permanence: float
    predicted_decrement: float
    match_level: float


@dataclass(frozen=True)
class Element:
    """What cells and branches did in an element and the one before.

    Attributes
    ----------
    active_cells : ndarray of int, shape (n_active,)
        Cells that fired, sorted.
    newcomers : ndarray of int
        Winners of unpredicted columns.
    predicted_before : BranchState
        Plateaus, depolarisation and owners of the branches when the volley came.
    previous_active : ndarray of bool, shape (n_cells,)
        Cells that fired in the element before.
    previous_winners : ndarray of int
        Winners of the element before: cells to grow synapses to.
    iteration : int
        Number of the element.
    seen : Seen
        All that a rule may use that looks at no list of cells.
    """

    active_cells: Cells
    newcomers: Cells
    predicted_before: BranchState
    previous_active: Mask
    previous_winners: Cells
    iteration: int
    seen: Seen


class PlasticityRule(Protocol):
    """What a network asks of a rule; see the module.

    Attributes
    ----------
    equations, on_pre, on_post, on_plateau, catch_up : str
        Brian2 text, empty where nothing happens.
    later : mapping of str to Later
        What a spike does some time after it arrived.
    initial_permanence, connected_permanence : float
        Where new synapses start, and the threshold of a connected one, if the network's user names
        no other.
    """

    @property
    def equations(self) -> str: ...  # noqa: D102
    @property
    def on_pre(self) -> str: ...  # noqa: D102
    @property
    def on_post(self) -> str: ...  # noqa: D102
    @property
    def on_plateau(self) -> str: ...  # noqa: D102
    @property
    def catch_up(self) -> str: ...  # noqa: D102
    @property
    def later(self) -> Mapping[str, Later]: ...  # noqa: D102
    @property
    def initial_permanence(self) -> float: ...  # noqa: D102
    @property
    def connected_permanence(self) -> float: ...  # noqa: D102

    def constants(self) -> Mapping[str, Quantity | float]:
        """Return the values of the names in the text that are neither state nor Brian2's."""
        ...

    def initial_state(self) -> Mapping[str, float | str]:
        """Return the state of a new synapse, in SI units or "t" for now; what is left out is 0."""
        ...

    def between_elements(
        self, store: SegmentStore, growth: Growth, element: Element
    ) -> NDArray[np.int64]:
        """Grow, prune and consolidate after an element.

        Returns
        -------
        ndarray of int
            Branches that now belong to a new segment.
        """
        ...


class OfflineRule:
    """The parts of a rule that has no online part; a base to leave out what is not needed."""

    equations = ""
    on_pre = ""

    @property
    def on_plateau(self) -> str:
        """Nothing."""
        return ""

    @property
    def on_post(self) -> str:
        """Nothing."""
        return ""

    @property
    def catch_up(self) -> str:
        """Nothing."""
        return ""

    @property
    def later(self) -> Mapping[str, Later]:
        """Nothing."""
        return {}

    def constants(self) -> Mapping[str, Quantity | float]:
        """Return no constants."""
        return {}

    def initial_state(self) -> Mapping[str, float | str]:
        """Return no state."""
        return {}


_WANTED = (
    *("equations", "on_pre", "on_post", "on_plateau", "catch_up", "later"),
    *("constants", "initial_state"),
    *("between_elements", "initial_permanence", "connected_permanence"),
)


def check_plasticity_rule(rule: PlasticityRule) -> PlasticityRule:
    """Return the rule if it has all that a network asks of one.

    Raises
    ------
    InputError
    """
    missing = [name for name in _WANTED if not hasattr(rule, name)]
    if missing:
        raise InputError(
            f"rule must be a plasticity rule, but {type(rule).__name__} lacks {', '.join(missing)}"
        )
    return rule

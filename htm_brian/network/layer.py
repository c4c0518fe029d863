"""What a layer of cells is to a memory: something driven by volleys that gives events.

The event-based layer (`htm_brian.network.event_layer`) is one. A layer of trees of compartments
is another: it has as many branches on a cell as its cells have, its thresholds follow from its
membrane and are measured, and it gives the same events. So nothing here, and nothing in the
read-out (`htm_brian.sdr.readout`), asks what a cell is made of.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.sdr.readout import BranchState, Events


class Layer(Protocol):
    """Cells in columns with branches; cell index = column * cells_per_column + cell.

    Attributes
    ----------
    columns, cells_per_column, n_cells : int
        Its size.
    match_level : float
        Depolarisation of a branch, as `branches` gives it, that tells one with enough active
        synapses to learn from one without when the next volley comes; derived or measured.
    early_until : float or ndarray of shape (columns,)
        Seconds after volleys were last sent up to which a first spike comes in time to silence the
        rest of its column; derived or measured.
    driven : ndarray of int
        Columns that got a volley in the last element, sorted.
    """

    @property
    def columns(self) -> int:
        """Number of columns."""

    @property
    def cells_per_column(self) -> int:
        """Cells of each."""

    @property
    def n_cells(self) -> int:
        """Cells of the layer."""

    @property
    def match_level(self) -> float:
        """Depolarisation, in synapses, from which a branch can learn."""

    @property
    def early_until(self) -> float | NDArray[np.float64]:
        """Seconds after a volley, one for all or shape (columns,): until then a spike is early."""

    @property
    def driven(self) -> NDArray[np.int64]:
        """Columns that got a volley in the last element, of shape (n_driven,)."""

    def drive(self, columns: NDArray[np.integer]) -> None:
        """Send a volley to all cells of these columns at the next time step.

        Parameters
        ----------
        columns : ndarray of int, shape (n,)
            Sorted, each once.
        """
        ...

    def advance(self, duration: Quantity | None = None) -> Events:
        """Run for `duration`, one element when left out, and return what happened.

        Parameters
        ----------
        duration : Quantity, optional
            Of model time.

        Returns
        -------
        Events
            With times in seconds of the layer's clock.
        """
        ...

    def rest(self) -> Events:
        """Run without input until no plateau is left.

        Returns
        -------
        Events
            Of that time.
        """
        ...

    def branches(self) -> BranchState:
        """Return the branches as they are now.

        Returns
        -------
        BranchState
            One entry for each branch.
        """
        ...

    def hold(self, store: SegmentStore) -> None:
        """Make the segments of a store the layer's branches, in the place of all others.

        The store's permanences are those of the layer's synapses from now on.

        Parameters
        ----------
        store : SegmentStore
            Of as many cells.
        """
        ...

    def follow(self, given_away: NDArray[np.integer]) -> None:
        """Take over what changed in the store since the last call.

        Parameters
        ----------
        given_away : ndarray of int, shape (n,)
            Branches that now belong to a new segment: what they were in is over.
        """
        ...

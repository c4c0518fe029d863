"""Events of a layer to SDRs: which cells were active, predicted, bursting, surprising.

A layer of any kind gives `Events`: spikes and plateaus, with times. What they mean is decided here
and nowhere else, from arrays alone. Spikes and their times decide what an element was (`Answers`):

=================  ================================================================================
a column is        when
=================  ================================================================================
foreseen           a cell of it fires early, and of the others most stay silent
bursting           it is not foreseen, and most of its cells fire
=================  ================================================================================

*Early* is a spike that came in time to silence the rest of its column; a layer derives until when
that is. Where few cells of a column fire, and none early, it is neither.

Plateaus, which predict the element to come, are read apart. Two anomalies stand side by side:

==================  ===============================================================================
`Answers.anomaly`   share of the columns that *fired* which were not foreseen
`plateau_anomaly`   share of the columns that were *driven* in which no plateau had predicted a
                    cell; what the cells did then is of no account
==================  ===============================================================================

Cell index = column * cells_per_column + cell. Times are seconds of the layer's clock; a window
holds its start and not its stop.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_integer
from htm_brian.sdr.mapping import TIME_TOLERANCE, Rule, predictive_cells, spikes_to_sdr

Cells = NDArray[np.int64]
Times = NDArray[np.float64]


def _no_cells() -> Cells:
    return np.empty(0, dtype=np.int64)


def _no_times() -> Times:
    return np.empty(0)


@dataclass(frozen=True)
class Events:
    """What a layer did from `start` up to and without `stop`.

    Parameters
    ----------
    start, stop : float
        Seconds.
    spike_cells : ndarray of int, shape (n_spikes,)
    spike_times : ndarray of float, shape (n_spikes,)
    plateau_owners : ndarray of int, shape (n_plateaus,)
        The cell whose branch the plateau is on; a cell may have many branches.
    plateau_onsets, plateau_ends : ndarray of float, shape (n_plateaus,)
        Plateaus that were on at some time of the stretch; one may begin before it or end after it.
    release_synapses : ndarray of int, shape (n_releases,)
        Slots of the synapses that released; empty where the layer does not record releases.
    release_times : ndarray of float, shape (n_releases,)

    Examples
    --------
    >>> events = Events(0.0, 0.05, np.array([4, 1, 4]), np.array([0.010, 0.012, 0.018]))
    >>> active_cells(events, n_cells=8).tolist(), cell_bursts(events, n_cells=8).tolist()
    ([1, 4], [4])
    """

    start: float
    stop: float
    spike_cells: Cells = field(default_factory=_no_cells)
    spike_times: Times = field(default_factory=_no_times)
    plateau_owners: Cells = field(default_factory=_no_cells)
    plateau_onsets: Times = field(default_factory=_no_times)
    plateau_ends: Times = field(default_factory=_no_times)
    release_synapses: Cells = field(default_factory=_no_cells)
    release_times: Times = field(default_factory=_no_times)


@dataclass(frozen=True)
class BranchState:
    """The branches of a layer at one moment.

    Parameters
    ----------
    time : float
        Seconds.
    owner : ndarray of int, shape (n_branches,)
        The cell that each branch belongs to, -1 for a branch that is not in use.
    plateau_onset, plateau_end : ndarray of float, shape (n_branches,)
        Of each branch's latest plateau: it predicts over [onset, end).
    depolarisation : ndarray of float, shape (n_branches,)
        Below the threshold of a plateau, in synapses.
    """

    time: float
    owner: NDArray[np.int32]
    plateau_onset: Times
    plateau_end: Times
    depolarisation: Times

    @property
    def plateau(self) -> NDArray[np.bool_]:
        """Which branches in use are in a plateau, shape (n_branches,)."""
        moment = self.time + TIME_TOLERANCE
        on = (self.plateau_onset <= moment) & (self.plateau_end > moment)
        return on & (self.owner >= 0)

    def predicted_cells(self) -> Cells:
        """Cells with a branch in a plateau, sorted.

        Returns
        -------
        ndarray of int64, shape (n,)
            Sorted.
        """
        return np.unique(self.owner[self.plateau]).astype(np.int64)


# Cells.


def active_cells(events: Events, n_cells: int) -> Cells:
    """Return the cells that fired, sorted.

    Parameters
    ----------
    events : Events
        Of one element.
    n_cells : int
        Of the layer.

    Returns
    -------
    ndarray of int64, shape (n,)
        Sorted.
    """
    return _cells_by(events, n_cells, "any_spike")


def cell_bursts(events: Events, n_cells: int) -> Cells:
    """Return the cells that fired a burst: two spikes less than 16 ms apart.

    Parameters
    ----------
    events : Events
        Of one element.
    n_cells : int
        Of the layer.

    Returns
    -------
    ndarray of int64, shape (n,)
        Sorted.
    """
    return _cells_by(events, n_cells, "burst")


def _cells_by(events: Events, n_cells: int, rule: Rule) -> Cells:
    return spikes_to_sdr(
        events.spike_cells,
        events.spike_times,
        n_cells,
        events.start,
        events.stop,
        rule=rule,
    ).sparse.copy()


def first_spike_of_each(events: Events, n_cells: int) -> Times:
    """Return the time of each cell's first spike; infinite without one.

    Parameters
    ----------
    events : Events
    n_cells : int
        Of the layer.

    Returns
    -------
    ndarray of float, shape (n_cells,)
        Seconds.
    """
    first = np.full(n_cells, np.inf)
    np.minimum.at(first, events.spike_cells, events.spike_times)
    return first


def first_spikes(events: Events, cells: ArrayLike) -> Times:
    """Return the time of the first spike of each of `cells`, infinite for one that did not fire.

    Parameters
    ----------
    events : Events
    cells : array_like of int, shape (n,)

    Returns
    -------
    ndarray of float, shape (n,)
        Seconds.
    """
    wanted = np.asarray(cells, dtype=np.int64)
    n_cells = 1 + max(wanted.max(initial=-1), events.spike_cells.max(initial=-1))
    return first_spike_of_each(events, n_cells)[wanted]


def predicted_cells(events: Events, n_cells: int) -> Cells:
    """Return the cells that are predicted when the stretch ends: a plateau goes on beyond it.

    Parameters
    ----------
    events : Events
        Of one element.
    n_cells : int
        Of the layer.

    Returns
    -------
    ndarray of int64, shape (n,)
        Sorted.
    """
    return predictive_cells(
        events.plateau_owners, events.plateau_onsets, events.plateau_ends, events.stop, n_cells
    )


# Columns.


def columns_of(cells: Cells, cells_per_column: int) -> Cells:
    """Return the columns that `cells` belong to, sorted, each once.

    Parameters
    ----------
    cells : ndarray of int, shape (n_cells,)
    cells_per_column : int

    Returns
    -------
    ndarray of int64, shape (n_columns,)
        Sorted.
    """
    return np.unique(cells // cells_per_column)


@dataclass(frozen=True)
class Answers:
    """How columns answered a volley: by which cells, and when.

    Parameters
    ----------
    active_cells : ndarray of int, shape (n_active,)
        Cells that fired, sorted.
    early : ndarray of bool, shape (n_active,)
        Which of them fired early.
    first_of_column : ndarray of int, shape (n_columns,)
        The cell of each column that fired first.
    columns : ndarray of int, shape (n_columns,)
        Columns of which a cell fired, sorted.
    foreseen, bursting : ndarray of bool, shape (n_columns,)
        Which of them are; see the module.
    cells_per_column : int
    """

    active_cells: Cells
    early: NDArray[np.bool_]
    first_of_column: Cells
    columns: Cells
    foreseen: NDArray[np.bool_]
    bursting: NDArray[np.bool_]
    cells_per_column: int

    @property
    def foreseen_columns(self) -> Cells:
        """Columns that were foreseen, shape (n,)."""
        return self.columns[self.foreseen]

    @property
    def column_bursts(self) -> Cells:
        """Columns that burst, shape (n,)."""
        return self.columns[self.bursting]

    @property
    def newcomers(self) -> Cells:
        """The first cell to spike of each column that was not foreseen, sorted, shape (n,)."""
        return self.first_of_column[~self.foreseen]

    @property
    def winner_cells(self) -> Cells:
        """The early cells of foreseen columns, and the newcomers, sorted, shape (n,)."""
        column = self.active_cells // self.cells_per_column
        early = self.active_cells[self.early & np.isin(column, self.foreseen_columns)]
        return np.sort(np.concatenate([early, self.newcomers]))

    @property
    def anomaly(self) -> float:
        """Share of the columns that fired which were not foreseen; 0 if none fired."""
        if len(self.columns) == 0:
            return 0.0
        return int(np.count_nonzero(~self.foreseen)) / len(self.columns)


def answers(events: Events, n_cells: int, cells_per_column: int, early: ArrayLike) -> Answers:
    """Return how the columns answered.

    Parameters
    ----------
    events : Events
    n_cells, cells_per_column : int
    early : float, or array_like of shape (n_columns,)
        Seconds since the start of the stretch up to which a spike is early; by column, where their
        volleys come at different times.

    Returns
    -------
    Answers
        What each column did that fired.

    Raises
    ------
    InputError
        If `cells_per_column` is no integer of at least 1.

    Examples
    --------
    >>> events = Events(0, 0.05, np.array([1, 4, 5, 6, 7]), np.array([5, 9, 8, 9, 9]) / 1000)
    >>> read = answers(events, 8, cells_per_column=4, early=0.006)
    >>> read.foreseen_columns.tolist(), read.column_bursts.tolist(), read.winner_cells.tolist()
    ([0], [1], [1, 5])
    >>> read.anomaly
    0.5
    """
    per_column = check_integer("cells_per_column", cells_per_column, low=1)
    active = active_cells(events, n_cells)
    first = first_spikes(events, active)
    until = np.broadcast_to(early, n_cells // per_column)[active // per_column]
    is_early = first <= events.start + until + TIME_TOLERANCE
    columns, start, fired = np.unique(active // per_column, return_index=True, return_counts=True)
    n_early = np.add.reduceat(is_early.astype(np.int64), start) if len(start) else fired
    foreseen = (n_early > 0) & (2 * (fired - n_early) <= per_column - n_early)
    # The earliest of each column stands first in it.
    order = np.lexsort((first, active // per_column))
    return Answers(
        active,
        is_early,
        active[order[start]],
        columns,
        foreseen,
        ~foreseen & (2 * fired > per_column),
        per_column,
    )


# Surprise of plateaus.


def plateau_anomaly(driven_columns: Cells, predicted_columns: Cells) -> float:
    """Return the share of the driven columns that no plateau had predicted; 0 for none driven.

    Parameters
    ----------
    driven_columns, predicted_columns : ndarray of int, shape (n,) each
        Columns that were driven, and those that a plateau had predicted.

    Returns
    -------
    float
        In [0, 1].
    """
    if len(driven_columns) == 0:
        return 0.0
    return len(np.setdiff1d(driven_columns, predicted_columns)) / len(driven_columns)

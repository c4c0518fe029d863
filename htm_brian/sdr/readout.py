"""Events of a layer to SDRs: which cells were active, predicted, bursting, surprising.

A layer of any kind gives `Events`: spikes and plateaus, with times. What they mean is decided here
and nowhere else, from arrays alone. Two read-outs of surprise stand side by side:

==========================  ===========================================================
`plateau_anomaly`           share of the columns that were *driven* in which no plateau had
                            predicted a cell; what the cells did then is of no account
`spike_anomaly`             share of the columns that *fired* which fired as a whole: a column that
                            answers with few early cells was predicted
==========================  ===========================================================

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
        """Cells with a branch in a plateau, sorted."""
        return np.unique(self.owner[self.plateau]).astype(np.int64)


# Cells.


def active_cells(events: Events, n_cells: int) -> Cells:
    """Return the cells that fired, sorted."""
    return _cells_by(events, n_cells, "any_spike")


def cell_bursts(events: Events, n_cells: int) -> Cells:
    """Return the cells that fired a burst: two spikes less than 16 ms apart."""
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


def first_spikes(events: Events, cells: ArrayLike) -> Times:
    """Return the time of the first spike of each of `cells`, infinite for one that did not fire.

    Parameters
    ----------
    events : Events
    cells : array_like of int, shape (n,)

    Returns
    -------
    ndarray of float, shape (n,)
    """
    wanted = np.asarray(cells, dtype=np.int64)
    order = np.lexsort((events.spike_times, events.spike_cells))
    fired, start = np.unique(events.spike_cells[order], return_index=True)
    times = np.append(events.spike_times[order][start], np.inf)
    place = np.searchsorted(fired, wanted)
    found = place < len(fired)
    found[found] = fired[place[found]] == wanted[found]
    return times[np.where(found, place, len(fired))]


def predicted_cells(events: Events, n_cells: int) -> Cells:
    """Return the cells that are predicted when the stretch ends: a plateau goes on beyond it."""
    return predictive_cells(
        events.plateau_owners, events.plateau_onsets, events.plateau_ends, events.stop, n_cells
    )


def winner_cells(
    active: Cells, first_spike: Times, predicted: Cells, cells_per_column: int
) -> tuple[Cells, Cells]:
    """Return the winner cells, and those among them that were first in an unpredicted column.

    In a column where predicted cells fired, all of these win. In any other column the first cell to
    spike wins.

    Parameters
    ----------
    active : ndarray of int, shape (n_active,)
        Cells that fired, sorted.
    first_spike : ndarray of float, shape (n_active,)
        When each fired first.
    predicted : ndarray of int
        Cells that were predicted before they fired.
    cells_per_column : int

    Returns
    -------
    winners, newcomers : ndarray of int
        Sorted; `newcomers` is a subset of `winners`.

    Examples
    --------
    >>> winners, newcomers = winner_cells(
    ...     np.array([0, 1, 2, 3, 6]), np.array([9, 8, 10, 9, 5.0]), np.array([6]), 4
    ... )
    >>> winners.tolist(), newcomers.tolist()
    ([1, 6], [1])
    """
    came_true = np.isin(active, predicted)
    column = active // cells_per_column
    # The earliest of each column stands first in it.
    order = np.lexsort((first_spike, column))
    of_column, start = np.unique(column[order], return_index=True)
    first = active[order[start]]
    newcomers = first[~np.isin(of_column, column[came_true])]
    return np.sort(np.concatenate([active[came_true], newcomers])), newcomers


# Columns.


def columns_of(cells: Cells, cells_per_column: int) -> Cells:
    """Return the columns that `cells` belong to, sorted, each once."""
    return np.unique(cells // cells_per_column)


def column_bursts(active: Cells, predicted: Cells, cells_per_column: int) -> Cells:
    """Return the columns of which every cell fired, some without being predicted."""
    column, counts = np.unique(active // cells_per_column, return_counts=True)
    surprised = columns_of(np.setdiff1d(active, predicted), cells_per_column)
    return np.intersect1d(column[counts == cells_per_column], surprised)


def columns_answering_early(
    events: Events, n_cells: int, cells_per_column: int, early: float | None = None
) -> Cells:
    """Return the columns that answered as a predicted column does: with few early cells.

    Parameters
    ----------
    events : Events
    n_cells, cells_per_column : int
    early : float, optional
        Seconds since the start of the stretch up to which a first spike is early: what the layer
        measures between the first spikes of predicted and of unpredicted columns. Left out, only
        the number of cells counts, and a column of one cell never answers early.

    Returns
    -------
    ndarray of int
        Columns of which at most half of the cells fired, and where `early` is given the first of
        them by then.

    Examples
    --------
    >>> events = Events(0, 0.05, np.array([0, 4, 5, 6, 7]), np.array([5, 9, 9, 9, 9]) / 1000)
    >>> columns_answering_early(events, 8, cells_per_column=4).tolist()
    [0]
    >>> columns_answering_early(events, 8, cells_per_column=4, early=0.004).tolist()
    []
    """
    column, answering = _answers(events, n_cells, cells_per_column, early)
    return column[answering]


def _answers(
    events: Events, n_cells: int, cells_per_column: int, early: float | None
) -> tuple[Cells, NDArray[np.bool_]]:
    """Return the columns that fired, and which of them answered as a predicted column does."""
    per_column = check_integer("cells_per_column", cells_per_column, low=1)
    active = active_cells(events, n_cells)
    column, start, counts = np.unique(active // per_column, return_index=True, return_counts=True)
    answering = 2 * counts <= per_column
    if early is not None:
        if per_column == 1:
            answering = np.ones(len(column), dtype=np.bool_)
        if len(column):
            first = np.minimum.reduceat(first_spikes(events, active), start)
            answering &= first < events.start + early + TIME_TOLERANCE
    return column, answering


# Surprise.


def plateau_anomaly(driven_columns: Cells, predicted_columns: Cells) -> float:
    """Return the share of the driven columns that no plateau had predicted; 0 for none driven."""
    if len(driven_columns) == 0:
        return 0.0
    return len(np.setdiff1d(driven_columns, predicted_columns)) / len(driven_columns)


def spike_anomaly(
    events: Events, n_cells: int, cells_per_column: int, early: float | None = None
) -> float:
    """Return the share of the columns that fired which did not answer early; 0 if none fired.

    See `columns_answering_early` for the parameters.
    """
    column, answering = _answers(events, n_cells, cells_per_column, early)
    if len(column) == 0:
        return 0.0
    return 1.0 - np.count_nonzero(answering) / len(column)

"""Events of single cells: isolated spikes, and bursts of spikes in close succession.

A spike that follows another of its cell by less than 16 ms belongs to the same event. An event of
two or more spikes is a cell burst. Of an ensemble, the event rate and the burst fraction, the share
of events that are bursts, may carry two signals at once (Naud & Sprekeler 2018). No column bursts
here: a column burst is that all cells of an unpredicted minicolumn fire.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_integer, check_integers, check_time, check_times
from htm_brian.errors import InputError
from htm_brian.sdr.mapping import TIME_TOLERANCE

LONGEST_INTERVAL = 0.016
"""Seconds between two spikes of one event, at most (Naud & Sprekeler 2018)."""


class Events(NamedTuple):
    """Events of some cells, sorted by cell and time.

    Attributes
    ----------
    cells : ndarray of int
        Whose event it is.
    starts : ndarray of float
        Time of the first spike, in seconds.
    sizes : ndarray of int
        Number of spikes.
    durations : ndarray of float
        From the first spike to the last, in seconds.
    """

    cells: NDArray[np.int64]
    starts: NDArray[np.float64]
    sizes: NDArray[np.int64]
    durations: NDArray[np.float64]

    @property
    def bursts(self) -> NDArray[np.bool_]:
        """Which events are bursts."""
        return self.sizes > 1

    def after(self, time: float) -> Events:
        """Return the events that start at `time`, in seconds or a quantity, or later."""
        late = self.starts >= check_time("time", time) - TIME_TOLERANCE
        return Events(self.cells[late], self.starts[late], self.sizes[late], self.durations[late])


def find_events(
    cells: ArrayLike, times: ArrayLike, longest_interval: float = LONGEST_INTERVAL
) -> Events:
    """Group spikes into events.

    Parameters
    ----------
    cells : array_like of int, shape (n_spikes,)
        Who spiked, at least 0.
    times : array_like of float or Quantity, shape (n_spikes,)
        When, in seconds, in any order.
    longest_interval : float or Quantity
        Two spikes less than this apart belong to one event, in seconds; a difference of less than
        half a nanosecond is none.

    Raises
    ------
    InputError
        Where the lengths differ, or times are not finite or of another unit.

    Examples
    --------
    >>> events = find_events([0, 0, 1, 0], [0.010, 0.020, 0.021, 0.100])
    >>> events.cells, events.sizes
    (array([0, 0, 1]), array([2, 1, 1]))
    """
    limit = check_time("longest_interval", longest_interval, low=0) - TIME_TOLERANCE
    who, when = check_integers("cells", cells, low=0), check_times("times", times)
    if who.shape != when.shape:
        raise InputError(
            f"cells and times must be two sequences of one length, got {who.shape}, {when.shape}"
        )
    order = np.lexsort((when, who))
    who, when = who[order], when[order]
    first = np.ones(len(who), dtype=np.bool_)
    first[1:] = (np.diff(who) != 0) | (np.diff(when) >= limit)
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(who)) - 1
    return Events(
        who[starts],
        when[starts],
        ends - starts + 1,
        when[ends] - when[starts] if len(who) else np.zeros(0),
    )


class Ensembles(NamedTuple):
    """What ensembles did, an entry each; NaN where there was nothing to count.

    Attributes
    ----------
    event_rate : ndarray of float
        Events per second and cell.
    burst_fraction : ndarray of float
        Share of events that are bursts.
    spikes_per_burst : ndarray of float
    interval : ndarray of float
        Mean within bursts, in seconds.
    n_bursts : ndarray of int
    """

    event_rate: NDArray[np.float64]
    burst_fraction: NDArray[np.float64]
    spikes_per_burst: NDArray[np.float64]
    interval: NDArray[np.float64]
    n_bursts: NDArray[np.int64]


def summarise(events: Events, n_ensembles: int, cells_each: int, duration: float) -> Ensembles:
    """Return rates and bursts of ensembles of equal size, numbered one after the other.

    Parameters
    ----------
    events : Events
        Of all cells, within `duration`.
    n_ensembles, cells_each : int
        Cell `c` belongs to the ensemble ``c // cells_each``.
    duration : float or Quantity
        Of the measurement, in seconds.

    Raises
    ------
    InputError
        Where a cell belongs to no ensemble, or a number is out of range.
    """
    check_integer("n_ensembles", n_ensembles, low=1)
    check_integer("cells_each", cells_each, low=1)
    duration = check_time("duration", duration)
    if duration <= 0:
        raise InputError(f"duration must be positive, got {duration}")
    if events.cells.max(initial=0) >= n_ensembles * cells_each:
        raise InputError(
            f"events must be of cells in [0, {n_ensembles * cells_each}), got {events.cells.max()}"
        )
    ensemble = events.cells // cells_each
    burst = events.bursts

    def total(weights: ArrayLike) -> NDArray[np.float64]:
        each = np.asarray(weights, dtype=np.float64)
        return np.bincount(ensemble, weights=each, minlength=n_ensembles).astype(np.float64)

    n_events, n_bursts = total(np.ones(len(burst))), total(burst)
    spikes = total(burst * events.sizes)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Ensembles(
            n_events / (cells_each * duration),
            n_bursts / n_events,
            spikes / n_bursts,
            total(events.durations) / (spikes - n_bursts),
            n_bursts.astype(np.int64),
        )

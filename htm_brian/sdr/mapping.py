"""Spikes to SDRs and back, and the read-out of predictive cells from plateaus.

Knows arrays only: indices of cells and times in seconds, in any order. Times may be Brian2
quantities as well; then they are converted. Every time window holds its
start and not its end, so that neighbouring windows share no spike. Times that simulators count in
steps carry rounding errors, so all comparisons of times treat a difference below half a
nanosecond as none.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import (
    check_choice,
    check_integer,
    check_integers,
    check_rate,
    check_time,
    check_times,
    shown,
)
from htm_brian.errors import InputError
from htm_brian.sdr.sdr import SDR

Rule = Literal["any_spike", "first_k", "burst", "rate"]

TIME_TOLERANCE = 0.5e-9
"""Seconds by which two times may differ and still count as equal."""

_OPTION_OF_RULE = {"any_spike": None, "first_k": "k", "burst": None, "rate": "min_rate"}


def spikes_to_sdr(
    indices: ArrayLike,
    times: ArrayLike,
    size: int,
    start: float,
    stop: float,
    *,
    rule: Rule = "any_spike",
    k: int | None = None,
    max_interval: float = 0.016,
    min_rate: float | None = None,
    cells_per_column: int | None = None,
    neurons_per_cell: int = 1,
) -> SDR:
    """Map the spikes of one time window to the SDR of the cells, or minicolumns, that meet a rule.

    Parameters
    ----------
    indices : array_like of int, shape (n_spikes,)
        The cell of each spike.
    times : array_like of float or Quantity, shape (n_spikes,)
        The time of each spike; plain numbers are seconds.
    size : int
        Number of cells.
    start, stop : float or Quantity
        The window [start, stop); plain numbers are seconds.
    rule : {"any_spike", "first_k", "burst", "rate"}
        A cell is on where it has, inside the window,

        - ``any_spike``: at least one spike;
        - ``first_k``: a first spike among the `k` earliest first spikes; of two cells with the same
          time the one of lower index comes first; fewer than `k` are on where fewer fired;
        - ``burst``: two spikes in a row less than `max_interval` apart;
        - ``rate``: at least `min_rate` spikes per second.
    k : int, optional
        Number of cells for ``first_k``.
    max_interval : float or Quantity
        Interval for ``burst``, in seconds; Naud and Sprekeler (2018) use 16 ms.
    min_rate : float or Quantity, optional
        Rate for ``rate``, in Hz.
    cells_per_column : int, optional
        Return minicolumns instead of cells: one is on where any of its cells meets the rule;
        ``first_k`` then ranks minicolumns by their first spike. Cell index = column ·
        cells_per_column + cell.
    neurons_per_cell : int
        Neurons that stand for one cell; `indices` are theirs, neuron index = cell ·
        neurons_per_cell + neuron. A cell is on where most of its neurons meet the rule, which is
        not ``first_k`` then.

    Returns
    -------
    SDR
        Of `size` bits, or of ``size // cells_per_column`` bits.

    Raises
    ------
    InputError
        Where indices lie outside [0, `size`), times are not finite or of another unit, or options
        do not suit the rule.

    Examples
    --------
    >>> spikes_to_sdr([4, 1, 1, 7], [0.010, 0.012, 0.020, 0.030], size=8, start=0, stop=0.05)
    SDR(8, [1, 4, 7])
    >>> spikes_to_sdr([4, 1, 1], [0.010, 0.012, 0.020], 8, 0, 0.05, rule="burst")
    SDR(8, [1])

    Two of three neurons of cell 1 spike, and one of cell 0:

    >>> spikes_to_sdr([2, 3, 5], [0.01, 0.01, 0.01], 2, 0, 0.05, neurons_per_cell=3)
    SDR(2, [1])
    """
    size = check_integer("size", size, low=1)
    _check_options(rule, k=k, min_rate=min_rate)
    neurons = check_integer("neurons_per_cell", neurons_per_cell, low=1)
    if neurons > 1 and rule == "first_k":
        raise InputError("rule 'first_k' ranks cells of one neuron, got neurons_per_cell above 1")
    cell, time = _checked_spikes(indices, times, size * neurons)
    start, stop = check_time("start", start), check_time("stop", stop)
    if stop <= start:
        raise InputError(f"stop must be later than start, got start {start} and stop {stop}")
    within = (time >= start - TIME_TOLERANCE) & (time < stop - TIME_TOLERANCE)
    cell, time = cell[within], time[within]
    per_unit = 1
    if cells_per_column is not None:
        per_unit = check_integer("cells_per_column", cells_per_column, low=1)
        if size % per_unit != 0:
            raise InputError(f"size must be a multiple of cells_per_column {per_unit}, got {size}")
    if rule == "first_k":
        on = _first_units(cell // per_unit, time, check_integer("k", k, low=0))
    elif rule == "burst":
        interval = check_time("max_interval", max_interval, low=0)
        on = _most(_bursting_cells(cell, time, interval), neurons) // per_unit
    elif rule == "rate":
        rate = check_rate("min_rate", min_rate, low=0)
        on = _most(_cells_at_rate(cell, size * neurons, rate * (stop - start)), neurons) // per_unit
    else:
        on = _most(cell, neurons) // per_unit
    return SDR(size // per_unit, np.unique(on))


def sdr_to_spikes(
    sdr: SDR,
    time: float,
    *,
    jitter: float = 0.0,
    seed: int = 0,
    n_spikes: int = 1,
    interval: float = 0.010,
    cells_per_column: int | None = None,
    neurons_per_cell: int = 1,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Make spikes from an SDR: one spike, or a burst, of every cell that is on.

    Parameters
    ----------
    sdr : SDR
        Of cells, or of minicolumns where `cells_per_column` is given.
    time : float or Quantity
        Earliest time of a cell's first spike, in seconds.
    jitter : float or Quantity
        Each cell's first spike is drawn uniformly from [time, time + jitter), in seconds.
    seed : int
        Seed of the jitter.
    n_spikes : int
        Spikes of each cell.
    interval : float or Quantity
        Between the spikes of a cell, in seconds.
    cells_per_column : int, optional
        Every cell of an on minicolumn fires, each with its own jitter.
    neurons_per_cell : int
        Every neuron of an on cell fires, each with its own jitter; the indices are then those of
        neurons.

    Returns
    -------
    indices : ndarray of int64, shape (n,)
    times : ndarray of float64, shape (n,)
        In seconds; sorted by time, then by index.

    Raises
    ------
    InputError
        Where a number is out of range or of another unit.
    """
    if not isinstance(sdr, SDR):
        raise InputError(f"sdr must be an SDR, got {shown(sdr)}")
    time = check_time("time", time)
    jitter = check_time("jitter", jitter, low=0)
    interval = check_time("interval", interval, low=0)
    n_spikes = check_integer("n_spikes", n_spikes, low=1)
    if not np.isfinite(time + jitter + interval * n_spikes):
        raise InputError("time, jitter and interval must make finite times, got infinite ones")
    cell = sdr.sparse
    if cells_per_column is not None:
        per_column = check_integer("cells_per_column", cells_per_column, low=1)
        cell = (cell[:, np.newaxis] * per_column + np.arange(per_column)).ravel()
    neurons = check_integer("neurons_per_cell", neurons_per_cell, low=1)
    cell = (cell[:, np.newaxis] * neurons + np.arange(neurons)).ravel()
    rng = np.random.default_rng(check_integer("seed", seed, low=0))
    first = time + jitter * rng.random(cell.size)
    indices = np.tile(cell, n_spikes)
    times = (first + interval * np.arange(n_spikes)[:, np.newaxis]).ravel()
    order = np.lexsort((indices, times))
    return indices[order], times[order]


def predictive_cells(
    branch_owner: ArrayLike,
    plateau_onset: ArrayLike,
    plateau_end: ArrayLike,
    time: float,
    n_cells: int,
) -> NDArray[np.int64]:
    """Return the cells with a plateau on at least one of their branches at a moment.

    Parameters
    ----------
    branch_owner : array_like of int, shape (n,)
        The cell that owns the branch of each plateau (or of each branch's latest plateau).
    plateau_onset, plateau_end : array_like of float, shape (n,)
        The plateau lasts over [onset, end), in seconds. NaN stands for a branch that has had none;
        an end of infinity for one that still goes on.
    time : float or Quantity
        The moment of the read-out, in seconds.
    n_cells : int
        Number of cells.

    Returns
    -------
    ndarray of int64, shape (n,)
        Sorted indices, each once.

    Raises
    ------
    InputError
        Where owners lie outside [0, `n_cells`), lengths differ, or a plateau ends before it began.
    """
    n_cells = check_integer("n_cells", n_cells, low=1)
    time = check_time("time", time)
    owner = _checked_cells("branch_owner", branch_owner, n_cells)
    onset = check_times("plateau_onset", plateau_onset, finite=False)
    end = check_times("plateau_end", plateau_end, finite=False)
    if not owner.shape == onset.shape == end.shape:
        raise InputError(
            "branch_owner, plateau_onset and plateau_end must have the same length, got "
            f"{owner.shape}, {onset.shape}, {end.shape}"
        )
    if (end < onset).any():
        raise InputError("plateau_end must not lie before plateau_onset")
    moment = time + TIME_TOLERANCE
    return np.unique(owner[(onset <= moment) & (end > moment)])


def _check_options(rule: str, **options: object) -> None:
    """Refuse an unknown rule, a missing option of the rule, and an option of another rule."""
    check_choice("rule", rule, tuple(_OPTION_OF_RULE))
    for name, value in options.items():
        if name == _OPTION_OF_RULE[rule] and value is None:
            raise InputError(f"rule {rule!r} needs {name}")
        if name != _OPTION_OF_RULE[rule] and value is not None:
            raise InputError(f"{name} does not apply to rule {rule!r}")


def _checked_spikes(
    indices: ArrayLike, times: ArrayLike, size: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    cell = _checked_cells("indices", indices, size)
    time = check_times("times", times)
    if time.shape != cell.shape:
        raise InputError(
            f"indices and times must have the same length, got {cell.shape}, {time.shape}"
        )
    return cell, time


def _checked_cells(name: str, cells: ArrayLike, n_cells: int) -> NDArray[np.int64]:
    found = check_integers(name, cells)
    if found.size and (found.min() < 0 or found.max() >= n_cells):
        outside = found.min() if found.min() < 0 else found.max()
        raise InputError(f"{name} must lie in [0, {n_cells}), got {outside}")
    return found


def _first_units(unit: NDArray[np.int64], time: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """Return the `k` units with the earliest first spikes, ties to the lower index."""
    by_time = np.argsort(time, kind="stable")
    # A new moment begins where the time has moved on, so that equal times tie whatever their
    # rounding errors: a grid would part them where it has an edge between two.
    moment = np.cumsum(np.diff(time[by_time], prepend=-np.inf) > TIME_TOLERANCE)
    in_order = unit[by_time][np.lexsort((unit[by_time], moment))]
    _, first_place = np.unique(in_order, return_index=True)
    return in_order[np.sort(first_place)[:k]]


def _most(neuron: NDArray[np.int64], neurons_per_cell: int) -> NDArray[np.int64]:
    """Return the cells of which most neurons are among some."""
    if neurons_per_cell == 1:
        return neuron
    cell, count = np.unique(np.unique(neuron) // neurons_per_cell, return_counts=True)
    return cell[2 * count > neurons_per_cell]


def _bursting_cells(
    cell: NDArray[np.int64], time: NDArray[np.float64], max_interval: float
) -> NDArray[np.int64]:
    order = np.lexsort((time, cell))
    cell, time = cell[order], time[order]
    close = (np.diff(cell) == 0) & (np.diff(time) < max_interval - TIME_TOLERANCE)
    return cell[1:][close]


def _cells_at_rate(cell: NDArray[np.int64], size: int, min_count: float) -> NDArray[np.int64]:
    # A share of a spike far below one absorbs the rounding of rate times duration.
    return np.flatnonzero(np.bincount(cell, minlength=size) >= min_count - 1e-6)

"""Spikes to SDRs and back, and the read-out of predictive cells from plateaus.

Knows arrays only: indices of cells and times in seconds, in any order. Every time window holds its
start and not its end, so that neighbouring windows share no spike. Times that simulators count in
steps carry rounding errors, so all comparisons of times treat a difference below half a
nanosecond as none.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_integer, check_number
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
) -> SDR:
    """Map the spikes of one time window to the SDR of the cells, or minicolumns, that meet a rule.

    Parameters
    ----------
    indices : array_like of int, shape (n_spikes,)
        The cell of each spike.
    times : array_like of float, shape (n_spikes,)
        The time of each spike in seconds.
    size : int
        Number of cells.
    start, stop : float
        The window [start, stop) in seconds.
    rule : {"any_spike", "first_k", "burst", "rate"}
        A cell is on where it has, inside the window,

        - ``any_spike``: at least one spike;
        - ``first_k``: a first spike among the `k` earliest first spikes; of two cells with the same
          time the one of lower index comes first; fewer than `k` are on where fewer fired;
        - ``burst``: two spikes in a row less than `max_interval` apart;
        - ``rate``: at least `min_rate` spikes per second.
    k : int, optional
        Number of cells for ``first_k``.
    max_interval : float
        Interval in seconds for ``burst``; Naud and Sprekeler (2018) use 16 ms.
    min_rate : float, optional
        Rate in Hz for ``rate``.
    cells_per_column : int, optional
        Return minicolumns instead of cells: one is on where any of its cells meets the rule;
        ``first_k`` then ranks minicolumns by their first spike. Cell index = column ·
        cells_per_column + cell.

    Returns
    -------
    SDR
        Of `size` bits, or of ``size // cells_per_column`` bits.

    Examples
    --------
    >>> spikes_to_sdr([4, 1, 1, 7], [0.010, 0.012, 0.020, 0.030], size=8, start=0, stop=0.05)
    SDR(8, [1, 4, 7])
    >>> spikes_to_sdr([4, 1, 1], [0.010, 0.012, 0.020], 8, 0, 0.05, rule="burst")
    SDR(8, [1])
    """
    size = check_integer("size", size, low=1)
    _check_options(rule, k=k, min_rate=min_rate)
    cell, time = _checked_spikes(indices, times, size)
    start, stop = check_number("start", start), check_number("stop", stop)
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
        interval = check_number("max_interval", max_interval, low=0)
        on = _bursting_cells(cell, time, interval) // per_unit
    elif rule == "rate":
        rate = check_number("min_rate", min_rate, low=0)
        on = _cells_at_rate(cell, size, rate * (stop - start)) // per_unit
    else:
        on = cell // per_unit
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
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Make spikes from an SDR: one spike, or a burst, of every cell that is on.

    Parameters
    ----------
    sdr : SDR
        Of cells, or of minicolumns where `cells_per_column` is given.
    time : float
        Earliest time of a cell's first spike, in seconds.
    jitter : float
        Each cell's first spike is drawn uniformly from [time, time + jitter), in seconds.
    seed : int
        Seed of the jitter.
    n_spikes : int
        Spikes of each cell.
    interval : float
        Seconds between the spikes of a cell.
    cells_per_column : int, optional
        Every cell of an on minicolumn fires, each with its own jitter.

    Returns
    -------
    indices : ndarray of int64
    times : ndarray of float64
        Sorted by time, then by index.
    """
    time = check_number("time", time)
    jitter = check_number("jitter", jitter, low=0)
    interval = check_number("interval", interval, low=0)
    n_spikes = check_integer("n_spikes", n_spikes, low=1)
    cell = sdr.sparse
    if cells_per_column is not None:
        per_column = check_integer("cells_per_column", cells_per_column, low=1)
        cell = (cell[:, np.newaxis] * per_column + np.arange(per_column)).ravel()
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
    time : float
        The moment of the read-out in seconds.
    n_cells : int
        Number of cells.

    Returns
    -------
    ndarray of int64
        Sorted indices, each once.
    """
    n_cells = check_integer("n_cells", n_cells, low=1)
    time = check_number("time", time)
    owner = _checked_cells("branch_owner", branch_owner, n_cells)
    onset = np.asarray(plateau_onset, dtype=np.float64)
    end = np.asarray(plateau_end, dtype=np.float64)
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
    if rule not in _OPTION_OF_RULE:
        raise InputError(f"rule must be one of {', '.join(_OPTION_OF_RULE)}, got {rule!r}")
    for name, value in options.items():
        if name == _OPTION_OF_RULE[rule] and value is None:
            raise InputError(f"rule {rule!r} needs {name}")
        if name != _OPTION_OF_RULE[rule] and value is not None:
            raise InputError(f"{name} does not apply to rule {rule!r}")


def _checked_spikes(
    indices: ArrayLike, times: ArrayLike, size: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    cell = _checked_cells("indices", indices, size)
    time = np.asarray(times, dtype=np.float64)
    if time.shape != cell.shape:
        raise InputError(
            f"indices and times must have the same length, got {cell.shape}, {time.shape}"
        )
    if not np.isfinite(time).all():
        raise InputError("times must be finite")
    return cell, time


def _checked_cells(name: str, cells: ArrayLike, n_cells: int) -> NDArray[np.int64]:
    given = np.asarray(cells)
    if given.ndim != 1:
        raise InputError(f"{name} must have one dimension, got {given.ndim}")
    if given.size == 0:
        return np.empty(0, dtype=np.int64)
    if given.dtype.kind not in "iu":
        raise InputError(f"{name} must hold integers, got {given.dtype}")
    low, high = given.min(), given.max()
    if low < 0 or high >= n_cells:
        raise InputError(f"{name} must lie in [0, {n_cells}), got {low if low < 0 else high}")
    return given.astype(np.int64)


def _first_units(unit: NDArray[np.int64], time: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """Return the `k` units with the earliest first spikes, ties to the lower index."""
    # Rounded, so that equal times of different rounding errors tie.
    tick = np.round(time / (2 * TIME_TOLERANCE))
    in_order = unit[np.lexsort((unit, tick))]
    _, first_place = np.unique(in_order, return_index=True)
    return in_order[np.sort(first_place)[:k]]


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

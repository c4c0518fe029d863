"""Columns of times, in whatever way people write them (`htm_brian.streams.moments`).

The order of day and month is decided from the whole column: by numbers over 12, by times that must
increase, and by an even spacing. What the column leaves open is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import shown
from htm_brian.errors import InputError
from htm_brian.streams.moments import Moment, take_apart, time_of_day

DATE_ORDERS = {"dmy": "day/month/year", "mdy": "month/day/year", "ymd": "year/month/day"}
EXAMPLE = "2000-06-05 00:30"

_COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""How digits alone are read as a time, by how many there are."""

_NOT_A_TIME = frozenset({"", "-", "?", "na", "n/a", "nan", "nat", "null", "none"})


def read_times(
    texts: Sequence[str],
    lines: Sequence[int],
    where: str,
    column: str,
    *,
    order: str | None = None,
    clocks: Sequence[str] | None = None,
) -> tuple[NDArray[np.datetime64], list[str], bool]:
    """Return the wall-clock times of a column, notes, and whether the column runs backwards.

    Parameters
    ----------
    texts, lines
        The fields, and the line of each.
    where, column : str
        Names of the file and of the column.
    order : {"dmy", "mdy", "ymd"}, optional
        Order of day, month and year where they are numbers; by default found from the column.
    clocks : sequence of str, optional
        Times of day from a column of their own.

    Returns
    -------
    times : ndarray of datetime64[us] of shape (n,)
        In the order of the lines. Offsets from UTC are dropped: the hour on the wall counts.
    notes : list of str
    backwards : bool
        Whether the newest time comes first.

    Raises
    ------
    InputError
        If a field is no time, if the order of day and month cannot be told, or if the times
        neither increase nor decrease.
    """
    moments = _take_all_apart(texts, lines, where, column, clocks)
    written = list(texts)
    if clocks is not None:
        written = [f"{text} {clock}" for text, clock in zip(texts, clocks, strict=True)]
    notes = []
    found = "ymd"
    if any(moment.open_order for moment in moments):
        found = order or _find_order(moments, texts, lines, where, column)
        notes.append(f"dates were read as {DATE_ORDERS[found]}")
    times = _at(moments, found, written, lines, where, column)
    _refuse_mixed_offsets(times, written, lines, where, column)
    backwards = len(times) > 1 and all(b < a for a, b in pairwise(times))
    if not backwards:
        _refuse_disorder(times, written, lines, where, column)
    if times[0].tzinfo is not None:
        notes.append("the hour on the wall was taken, without its UTC offset")
    wall = np.array([time.replace(tzinfo=None) for time in times], dtype="datetime64[us]")
    return wall, notes, backwards


def read_unix_times(values: NDArray[np.float64]) -> tuple[NDArray[np.datetime64], str] | None:
    """Return times from counts since 1970 in s, ms, us or ns, with the unit; None if they are not.

    Counts must be increasing, and lie between 1973 and 2100.

    Examples
    --------
    >>> read_unix_times(np.array([1.3e9, 1.3e9 + 60]))[0].tolist()[0].isoformat()
    '2011-03-13T07:06:40'
    """
    if len(values) > 1 and not (np.diff(values) > 0).all():
        return None
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us"), (1e9, "ns")):
        if values[0] >= 1e8 * factor and values[-1] <= 4.1e9 * factor:
            microseconds = np.round(values / factor * 1e6).astype(np.int64)
            return microseconds.astype("datetime64[us]"), unit
    return None


def read_compact_dates(texts: Sequence[str]) -> NDArray[np.datetime64] | None:
    """Return the times of digits like 20000605 or 200006050030; None if they are not such.

    They are where each is a time of the years 1800 to 2200, and comes after the one before.

    Examples
    --------
    >>> read_compact_dates(["200006050030", "200006050100"])[0].item().isoformat()
    '2000-06-05T00:30:00'
    """
    found = []
    for text in texts:
        digits = text.strip()
        try:
            found.append(datetime.strptime(digits, _COMPACT[len(digits)]))
        except (KeyError, ValueError):
            return None
        if not 1800 <= found[-1].year <= 2200:
            return None
    if any(b <= a for a, b in pairwise(found)):
        return None
    return np.array(found, dtype="datetime64[us]")


def _take_all_apart(
    texts: Sequence[str],
    lines: Sequence[int],
    where: str,
    column: str,
    clocks: Sequence[str] | None,
) -> list[Moment]:
    moments = []
    for row, (text, line) in enumerate(zip(texts, lines, strict=True)):
        moment = take_apart(text)
        if moment is None:
            missing = text.strip().lower() in _NOT_A_TIME
            got = "empty" if not text.strip() else shown(text)
            remedy = "give the time or delete the line" if missing else f"write it like {EXAMPLE}"
            raise InputError(f"{where}, line {line}: {column} is {got}, not a time; {remedy}")
        if clocks is not None:
            clock = time_of_day(clocks[row])
            if clock is None:
                raise InputError(
                    f"{where}, line {line}: {shown(clocks[row])} is not a time of day; "
                    "write it like 00:30"
                )
            moment = replace(moment, clock=clock, has_clock=True)
        moments.append(moment)
    return moments


def _find_order(
    moments: Sequence[Moment],
    texts: Sequence[str],
    lines: Sequence[int],
    where: str,
    column: str,
) -> str:
    """Return the order of day, month and year that the whole column tells."""
    open_ones = [m for m in moments if m.open_order]
    short = any(m.short_year for m in open_ones)
    orders = ["dmy", "mdy", "ymd"] if short else ["dmy", "mdy"]
    possible = [order for order in orders if all(_exists(m, order) for m in open_ones)]
    if not possible:
        first = _first_contradiction(moments, orders)
        raise InputError(
            f"{where}, line {lines[first]}: {column} is {shown(texts[first])}, which no order of "
            f"day and month suits that suits the lines before; write all times like {EXAMPLE}"
        )
    for tell in (_runs_one_way, _is_even):
        if len(possible) > 1 and len({_naive(moments, order) for order in possible}) > 1:
            telling = [order for order in possible if tell(_naive(moments, order))]
            possible = telling or possible
    # 05/05/2000 is the same day in either order.
    if len({_naive(moments, order) for order in possible}) == 1:
        return possible[0]
    row = next(
        i for i, m in enumerate(moments) if m.open_order and m.at(possible[0]) != m.at(possible[1])
    )
    meanings = " or ".join(DATE_ORDERS[order] for order in possible)
    choices = " or ".join(f"--date-order {order}" for order in possible)
    raise InputError(
        f"{where}, line {lines[row]}: {column} is {shown(texts[row])}, which may be {meanings}, "
        f"and no other line tells; say which with {choices}"
    )


def _exists(moment: Moment, order: str) -> bool:
    try:
        moment.at(order)
    except (ValueError, OverflowError):
        return False
    return True


def _first_contradiction(moments: Sequence[Moment], orders: Sequence[str]) -> int:
    possible = set(orders)
    for row, moment in enumerate(moments):
        possible = {o for o in possible if not moment.open_order or _exists(moment, o)}
        if not possible:
            return row
    return len(moments) - 1


def _naive(moments: Sequence[Moment], order: str) -> tuple[datetime, ...]:
    zero = timedelta(0)
    return tuple(m.at(order).replace(tzinfo=None) - (m.offset or zero) for m in moments)


def _runs_one_way(times: Sequence[datetime]) -> bool:
    pairs = list(pairwise(times))
    return all(a < b for a, b in pairs) or all(a > b for a, b in pairs)


def _is_even(times: Sequence[datetime]) -> bool:
    """Whether the times are evenly spaced, or a month or several apart on the same day."""
    steps = {b - a for a, b in pairwise(times)}
    months = {t.year * 12 + t.month for t in times}
    same_day = len({(t.day, t.hour, t.minute) for t in times}) == 1
    return len(steps) <= 1 or (same_day and len(months) == len(times))


def _at(
    moments: Sequence[Moment],
    order: str,
    texts: Sequence[str],
    lines: Sequence[int],
    where: str,
    column: str,
) -> list[datetime]:
    times = []
    for moment, text, line in zip(moments, texts, lines, strict=True):
        try:
            times.append(moment.at(order))
        except (ValueError, OverflowError):
            how = f" as {DATE_ORDERS[order]}" if moment.open_order else ""
            remedy = "correct it"
            if moment.open_order:
                remedy += ", or give another --date-order"
            raise InputError(
                f"{where}, line {line}: {column} is {shown(text)}, no date of the calendar{how}; "
                f"{remedy}"
            ) from None
        if times[-1].year == 9999:
            raise InputError(
                f"{where}, line {line}: {column} is {shown(text)}; the year 9999 stands for a time "
                "that is missing; give the time or delete the line"
            )
    return times


def _refuse_mixed_offsets(
    times: Sequence[datetime], texts: Sequence[str], lines: Sequence[int], where: str, column: str
) -> None:
    for time, text, line in zip(times, texts, lines, strict=True):
        if (time.tzinfo is None) != (times[0].tzinfo is None):
            raise InputError(
                f"{where}, line {line}: {column}: {text} and the time before it must both have a "
                "UTC offset, or neither; write all times with it, or all without"
            )


def _refuse_disorder(
    times: Sequence[datetime], texts: Sequence[str], lines: Sequence[int], where: str, column: str
) -> None:
    for row in range(1, len(times)):
        if times[row] > times[row - 1]:
            continue
        raise InputError(
            f"{where}, line {lines[row]}: {column}: {texts[row]} does not come after "
            f"{texts[row - 1]}; {_remedy_of_disorder(times, row)}"
        )


def _remedy_of_disorder(times: Sequence[datetime], row: int) -> str:
    naive = times[0].tzinfo is None
    back = times[row - 1] - times[row]
    step = min((b - a for a, b in pairwise(times[:row])), default=timedelta(0))
    one_hour = timedelta(hours=1)
    # Where summer time ends the clock shows one hour twice: 01:30 is followed by 01:00.
    goes_back_an_hour = back + step == one_hour and step < one_hour
    repeats_an_hour = back == timedelta(0) and step == one_hour
    if naive and (goes_back_an_hour or repeats_an_hour) and times[row].hour <= 3:
        return (
            "where the clocks go back an hour, write all times with their UTC offset "
            "(2000-10-29 01:30+02:00, then 2000-10-29 01:00+01:00), or in UTC (2000-10-28 23:30Z)"
        )
    if back == timedelta(0):
        return "keep one line for each time; of a file with several series keep the lines of one"
    return "sort the lines by time"

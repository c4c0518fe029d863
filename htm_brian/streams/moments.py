"""One time as people write it, taken apart: ISO 8601, numbers in any order, named months.

The order of day, month and year stays open where the text does not tell; see
`htm_brian.streams.times` for how a whole column tells it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = "(?P<name>" + "|".join(_MONTHS) + r")[a-z]*\.?"
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?\s*(?P<offset>z|utc|gmt|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
)
_TAIL = rf"(?:(?:[t_\s,]|,\s|\s-\s)\s*{_CLOCK})?"
_DAY_NAME = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_ISO = re.compile(
    rf"(?P<year>\d{{4}})(?P<gap>[-/.])(?P<month>\d{{1,2}})(?P=gap)(?P<day>\d{{1,2}}){_TAIL}"
)
_ISO_MONTH = re.compile(r"(?P<year>\d{4})[-/](?P<month>\d{1,2})")
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"[t_ ](?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?(?P<offset>z)?"
)
_NUMERIC = re.compile(
    rf"{_DAY_NAME}(?P<a>\d{{1,2}})(?P<gap>[-/.])(?P<b>\d{{1,2}})(?P=gap)"
    rf"(?P<c>\d{{4}}|\d{{2}}){_TAIL}"
)
_DAY_FIRST = re.compile(
    rf"{_DAY_NAME}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-/.\s]+{_MONTH}[-/,.\s]+"
    rf"(?P<year>\d{{4}}|\d{{2}}){_TAIL}"
)
_MONTH_FIRST = re.compile(
    rf"{_DAY_NAME}{_MONTH}[-/.\s]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-/,.\s]+"
    rf"(?P<year>\d{{4}}|\d{{2}}){_TAIL}"
)
_MONTH_ONLY = re.compile(rf"{_MONTH}[-/,.\s]+(?P<year>\d{{4}})")
_SHAPES = (_ISO, _ISO_MONTH, _COMPACT, _NUMERIC, _DAY_FIRST, _MONTH_FIRST, _MONTH_ONLY)
_TIME_OF_DAY = re.compile(_CLOCK)


@dataclass(frozen=True)
class Moment:
    """A time taken apart, the order of day and month still open.

    Parameters
    ----------
    date : tuple of int
        Three numbers in the order in which they are written, or year, month, day.
    open_order : bool
        Whether their order is to be found.
    short_year : bool
        Whether a year of two digits is among them.
    clock : timedelta
        Time since midnight.
    has_clock : bool
    offset : timedelta or None
        Offset from UTC.
    """

    date: tuple[int, int, int]
    open_order: bool
    short_year: bool
    clock: timedelta
    has_clock: bool
    offset: timedelta | None

    def at(self, order: str) -> datetime:
        """Return the moment, its numbers taken in `order`.

        Raises
        ------
        ValueError
            If the calendar has no such date.
        """
        parts = dict(zip(order if self.open_order else "ymd", self.date, strict=True))
        year = parts["y"]
        if self.short_year and year < 100:
            year += 2000 if year < 69 else 1900
        day = datetime(year, parts["m"], parts["d"])
        zone = None if self.offset is None else timezone(self.offset)
        return (day + self.clock).replace(tzinfo=zone)


@lru_cache(maxsize=1 << 16)
def take_apart(text: str) -> Moment | None:
    """Return the parts of a time; None if it is not written like one.

    Examples
    --------
    >>> take_apart("2000-06-05 00:30").at("ymd")
    datetime.datetime(2000, 6, 5, 0, 30)
    >>> take_apart("3/1/11 0:30").at("mdy")
    datetime.datetime(2011, 3, 1, 0, 30)
    """
    text = text.strip().lower()
    if len(text) < 6 or len(text) > 60 or not any(sign in text for sign in "-/. _t"):
        return None
    for shape in _SHAPES:
        match = shape.fullmatch(text)
        if match is not None:
            break
    else:
        return None
    parts = match.groupdict()
    short = len(parts.get("year") or parts.get("c") or "0000") == 2
    if "a" in parts:
        date = (int(parts["a"]), int(parts["b"]), int(parts["c"]))
    else:
        name = parts.get("name")
        month = _MONTHS.index(name) + 1 if name else int(parts["month"])
        date = (int(parts["year"]), month, int(parts.get("day") or 1))
    clock = _clock(parts)
    if clock is None:
        return None
    has_clock = parts.get("hour") is not None
    return Moment(date, "a" in parts, short, clock, has_clock, _offset(parts.get("offset")))


def time_of_day(text: str) -> timedelta | None:
    """Return the time since midnight of a field that holds a time of day alone, else None."""
    match = _TIME_OF_DAY.fullmatch(text.strip().lower())
    return None if match is None else _clock(match.groupdict())


def is_time(text: str) -> bool:
    """Whether a field is written like a date, with or without a time of day."""
    return take_apart(text) is not None


def _clock(parts: dict[str, str | None]) -> timedelta | None:
    """Return the time since midnight, None if there is no such time; 24:00 is the day's end."""
    hour, minute, second = (int(parts.get(key) or 0) for key in ("hour", "minute", "second"))
    half = parts.get("half")
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    ends_day = hour == 24 and minute == second == 0
    if not (hour < 24 or ends_day) or minute > 59 or second > 59:
        return None
    microseconds = int(((parts.get("fraction") or "") + "000000")[:6])
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microseconds)


def _offset(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if text in ("z", "utc", "gmt"):
        return timedelta(0)
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return sign * timedelta(minutes=min(minutes, 1439))

"""Read a series: numbers in time from a table, or symbols from a text.

What a file is, and how its numbers and times are written, is found from the whole file and said in
`Series.account`. What the file leaves open is refused in one line that names the file, the line and
the remedy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import shown
from htm_brian.errors import InputError, listed
from htm_brian.streams import moments, numbers, times
from htm_brian.streams.files import Text, read_text, refuse_markup
from htm_brian.streams.table import Table, holds_numbers_only, looks_like_table, parse_table

TABLE_SUFFIXES = (".csv", ".tsv", ".psv")
KINDS = ("table", "text")
DECIMALS = ("point", "comma")
BUNDLED = "electricity_demand_2000.csv"
_TIME_NAMES = ("time", "date", "stamp", "epoch", "unix")


@dataclass(frozen=True, eq=False)
class Series:
    """Values in the order of time.

    Attributes
    ----------
    name : str
        Name of the file.
    label : str
        What the values are: the name of the column, or ``"symbol"``.
    values : ndarray of shape (n,)
        Finite float64 numbers, or one-character strings.
    timestamps : ndarray of datetime64 of shape (n,), or None
        Wall-clock times in the order of time, where the file has them.
    unit : str
        Unit that stood beside every number; empty where none did.
    account : dict of str to str
        How the file was read: ``values`` and ``times``, and ``file`` where there is something to
        say about it.
    """

    name: str
    label: str
    values: NDArray[np.float64] | NDArray[np.str_]
    timestamps: NDArray[np.datetime64] | None = None
    unit: str = ""
    account: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def symbolic(self) -> bool:
        """Whether the values are symbols rather than numbers."""
        return self.values.dtype.kind == "U"

    @property
    def title(self) -> str:
        """The file, and which of its columns were used."""
        if self.symbolic:
            return f"{self.name}, symbol by symbol"
        return f"{self.name}, column {self.label}, {self.account.get('times', 'without times')}"

    def head(self, n: int) -> Series:
        """Return the first `n` values, or all where there are fewer."""
        stamps = None if self.timestamps is None else self.timestamps[:n]
        return replace(self, values=self.values[:n], timestamps=stamps)


def read_series(
    path: str | os.PathLike[str] | None = None,
    *,
    timestamp_column: str | None = None,
    value_column: str | None = None,
    date_order: str | None = None,
    decimal: str | None = None,
    read_as: str | None = None,
) -> Series:
    """Read a series from a file.

    Parameters
    ----------
    path : path, optional
        A table, or a text that is taken character by character, with every run of white space as
        one space. None: the bundled electricity demand.
    timestamp_column : str, optional
        Column of times; by default the only column that holds such, if there is one. A table
        without times is read all the same.
    value_column : str, optional
        Column of numbers; by default the only column that holds such.
    date_order : {"dmy", "mdy", "ymd"}, optional
        Order of day, month and year in dates such as 03/01/2011; by default found from the column.
    decimal : {"point", "comma"}, optional
        Decimal mark of numbers such as 1,234; by default found from the table.
    read_as : {"table", "text"}, optional
        What the file is; by default a table if its name ends in ``.csv``, ``.tsv`` or ``.psv``, or
        if most of its lines look so.

    Returns
    -------
    Series
        The values, with times where the file has them.

    Raises
    ------
    InputError
        If the file cannot be read, or is not what it should be.

    Examples
    --------
    >>> series = read_series()
    >>> len(series), series.label, float(series.values[0])
    (4032, 'demand_megawatt', 22262.0)
    >>> series.account["times"]
    'times from column timestamp'
    """
    _check_choice("read_as", read_as, KINDS)
    _check_choice("date_order", date_order, tuple(times.DATE_ORDERS))
    _check_choice("decimal", decimal, DECIMALS)
    text = _bundled() if path is None else read_text(_as_path(path))
    if not text.content.strip():
        raise InputError(f"{text.name} is empty; give a file that holds at least one value")
    if read_as != "text":
        refuse_markup(text)
    names = (timestamp_column, value_column)
    if not _is_table(text, read_as, names):
        return _read_symbols(text, names)
    table = parse_table(text.content, text.name)
    series = _read_columns(table, timestamp_column, value_column, date_order, decimal)
    about = "; ".join((*text.notes, *table.notes))
    return replace(series, account=series.account | ({"file": about} if about else {}))


def _bundled() -> Text:
    data = resources.files("htm_brian.streams.datasets") / BUNDLED
    return Text(BUNDLED, ".csv", data.read_text(encoding="utf-8"))


def _as_path(path: object) -> Path:
    """Return the path of a file, or say what is none."""
    try:
        given = os.fsdecode(os.fspath(path))  # type: ignore[call-overload]
    except TypeError:
        raise InputError(f"path must be the path of a file, got {shown(path)}") from None
    if re.match(r"\w{2,}://", given):
        raise InputError(f"{given} is an address, not a file; download it, and give the file")
    return Path(given)


def _check_choice(name: str, value: str | None, choices: Sequence[str]) -> None:
    if value is not None and value not in choices:
        raise InputError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def _is_table(text: Text, read_as: str | None, names: Sequence[str | None]) -> bool:
    if read_as is not None:
        return read_as == "table"
    if text.suffix in TABLE_SUFFIXES or looks_like_table(text.content):
        return True
    if any(name is not None for name in names):
        raise InputError(
            f"{text.name} is read as text, which has no columns; "
            "say --read-as table, or leave the column options out"
        )
    if holds_numbers_only(text.content):
        raise InputError(
            f"{text.name} holds numbers on one line; write one a line, "
            "or read it symbol by symbol with --read-as text"
        )
    return False


def _read_symbols(text: Text, names: Sequence[str | None]) -> Series:
    if any(name is not None for name in names):
        raise InputError(
            f"{text.name} is read as text, which has no columns; leave the column options out"
        )
    symbols = np.array(list(" ".join(text.content.split())), dtype="U1")
    account = {"values": "symbol by symbol", "times": "no time was read: a text has none"}
    if text.notes:
        account["file"] = "; ".join(text.notes)
    return Series(text.name, "symbol", symbols, account=account)


def _read_columns(
    table: Table,
    timestamp_column: str | None,
    value_column: str | None,
    date_order: str | None,
    decimal: str | None,
) -> Series:
    stamp_at = _choose_times(table, timestamp_column)
    value_at = _choose_values(table, value_column, stamp_at)
    stamps, backwards, about_times = _read_stamps(table, stamp_at, value_at, date_order)
    values, unit, notes = numbers.read_numbers(
        table.column(value_at),
        table.lines,
        table.name,
        table.header[value_at],
        decimal or _decimal_of(table),
    )
    if backwards and stamps is not None:
        values, stamps = values[::-1].copy(), stamps[::-1].copy()
        about_times += " (the newest line comes first: turned round)"
    label = table.header[value_at]
    about = "; ".join([f"column {label}", *notes])
    return Series(table.name, label, values, stamps, unit, {"values": about, "times": about_times})


def _choose_times(table: Table, wanted: str | None) -> int | None:
    """Return the index of the column of times, or None."""
    if wanted is not None:
        return _named(table, wanted, "timestamp")
    flagged = [at for at, flag in enumerate(table.flags) if flag == "T"]
    found = flagged or [at for at in _indices(table) if _mostly(table, at, moments.is_time)]
    if not found:
        found = [at for at in _indices(table) if _has_time_name(table, at) and _counted(table, at)]
    if len(found) > 1:
        raise _several("timestamp", table, found)
    return found[0] if found else None


def _choose_values(table: Table, wanted: str | None, stamp_at: int | None) -> int:
    """Return the index of the column of values."""
    if wanted is not None:
        at = _named(table, wanted, "value")
        if at == stamp_at:
            raise InputError(
                f"{table.name}: column {wanted!r} cannot hold both the values and the times; "
                "choose another one with --value-column"
            )
        return at
    taken = {at for at, flag in enumerate(table.flags) if flag in ("R", "S", "T")} | {stamp_at}
    free = [at for at in _indices(table) if at not in taken and not _is_index(table, at)]
    # A column of nothing but gaps is chosen last: reading it names the first gap.
    for suits in (numbers.is_number, numbers.is_boolean, None):
        found = [at for at in free if (_mostly(table, at, suits) if suits else _gaps(table, at))]
        if len(found) == 1:
            return found[0]
        if found:
            raise _several("value", table, found)
    seen = listed(f"{title} ({_example(table, at)})" for at, title in enumerate(table.header))
    raise InputError(
        f"{table.name} has no column of numbers that are not times; its columns are: {seen}; "
        "add one, or read the file symbol by symbol with --read-as text"
    )


def _read_stamps(
    table: Table, stamp_at: int | None, value_at: int, date_order: str | None
) -> tuple[NDArray[np.datetime64] | None, bool, str]:
    """Return the times, whether they run backwards, and how they were read."""
    if stamp_at is None:
        like_time = [at for at in _indices(table) if _has_time_name(table, at) and at != value_at]
        why = "the table has no column of dates"
        if like_time:
            at = like_time[0]
            why = f"column {table.header[at]} holds no dates ({_example(table, at)})"
        return None, False, f"no time was read: {why}"
    title, texts = table.header[stamp_at], table.column(stamp_at)
    counted = _counted(table, stamp_at)
    if counted is not None:
        return counted[0], False, f"times from column {title}, read as {counted[1]}"
    clock_at = _clock_beside(table, stamp_at)
    clocks = None if clock_at is None else table.column(clock_at)
    stamps, notes, backwards = times.read_times(
        texts, table.lines, table.name, title, order=date_order, clocks=clocks
    )
    columns = f"column {title}"
    if clock_at is not None:
        columns = f"columns {title} and {table.header[clock_at]}"
    return stamps, backwards, "; ".join([f"times from {columns}", *notes])


def _counted(table: Table, at: int) -> tuple[NDArray[np.datetime64], str] | None:
    """Return the times of a column of plain numbers that count them, and how they do."""
    texts = table.column(at)
    if not all(text.replace(".", "", 1).isdecimal() for text in texts):
        return None
    days = times.read_compact_dates(texts)
    if days is not None:
        return days, f"dates like {texts[0]}"
    unix = times.read_unix_times(np.array([float(text) for text in texts]))
    return None if unix is None else (unix[0], f"{unix[1]} since 1970-01-01 (UTC)")


def _clock_beside(table: Table, stamp_at: int) -> int | None:
    """Return the one column of times of day, where the column of times holds days alone."""
    days = [moments.take_apart(text) for text in table.column(stamp_at)]
    if any(moment is None or moment.has_clock for moment in days):
        return None
    found = [at for at in _indices(table) if _mostly(table, at, _is_clock)]
    return found[0] if len(found) == 1 else None


def _is_clock(text: str) -> bool:
    return moments.time_of_day(text) is not None


def _decimal_of(table: Table) -> str | None:
    """Return the decimal mark that some column of the table proves, if none proves the other."""
    proven = set()
    for at in _indices(table):
        if _mostly(table, at, numbers.is_number):
            proven |= numbers.proven_marks(table.column(at))
    return next(iter(proven)) if len(proven) == 1 else None


def _named(table: Table, wanted: str, role: str) -> int:
    if wanted not in table.header:
        raise InputError(
            f"{table.name} has no column {wanted!r}; its columns are: {listed(table.header)} "
            f"(--{role}-column)"
        )
    return table.header.index(wanted)


def _several(role: str, table: Table, found: Sequence[int]) -> InputError:
    names = listed(table.header[at] for at in found)
    return InputError(
        f"{table.name} has {len(found)} columns for the {role}: {names}; "
        f"choose one with --{role}-column"
    )


def _indices(table: Table) -> range:
    return range(len(table.header))


def _mostly(table: Table, at: int, suits: Callable[[str], bool]) -> bool:
    """Whether most fields of a column that are not missing suit."""
    known = [text for text in table.column(at) if not numbers.is_missing(text)]
    return 2 * sum(map(suits, known)) > len(known)


def _gaps(table: Table, at: int) -> bool:
    return all(map(numbers.is_missing, table.column(at)))


def _has_time_name(table: Table, at: int) -> bool:
    title = table.header[at].lower()
    return any(name in title for name in _TIME_NAMES)


def _is_index(table: Table, at: int) -> bool:
    """Whether a column without a name counts the lines, as pandas writes it."""
    if table.header[at] != f"column {at + 1}" or len(table.header) < 2 or at > 0:
        return False
    texts = table.column(at)
    return texts in (
        [str(i) for i in range(len(texts))],
        [str(i) for i in range(1, len(texts) + 1)],
    )


def _example(table: Table, at: int) -> str:
    """Return a field of a column, shortened."""
    text = next((text for text in table.column(at) if text), "empty")
    return repr(text[:20])

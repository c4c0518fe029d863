"""Read a series: numbers in time from a CSV file, or symbols from a text file.

Whatever is wrong with a file is said in one line that names the file, the line and the remedy.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htm_brian.errors import InputError

CSV_SUFFIXES = (".csv", ".tsv")
BUNDLED = "electricity_demand_2000.csv"
_DELIMITERS = ",;\t"


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
    """

    name: str
    label: str
    values: NDArray[np.float64] | NDArray[np.str_]
    timestamps: NDArray[np.datetime64] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def symbolic(self) -> bool:
        """Whether the values are symbols rather than numbers."""
        return self.values.dtype.kind == "U"

    def head(self, n: int) -> Series:
        """Return the first `n` values, or all where there are fewer."""
        stamps = None if self.timestamps is None else self.timestamps[:n]
        return Series(self.name, self.label, self.values[:n], stamps)


def read_series(
    path: str | os.PathLike[str] | None = None,
    *,
    timestamp_column: str | None = None,
    value_column: str | None = None,
) -> Series:
    """Read a series from a file.

    Parameters
    ----------
    path : path, optional
        A file ending in ``.csv`` or ``.tsv`` is a table with a header line; any other is text,
        taken character by character, with every run of white space as one space. None: the bundled
        electricity demand.
    timestamp_column : str, optional
        Column of ISO 8601 times; by default the only column that holds such, if there is one. A
        table without times is read all the same.
    value_column : str, optional
        Column of numbers; by default the only column that holds such.

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
    """
    if path is None:
        data = resources.files("htm_brian.streams.datasets") / BUNDLED
        name, text = BUNDLED, data.read_text(encoding="utf-8")
    else:
        name, text = Path(path).name, _read_text(Path(path))
    if not text.strip():
        raise InputError(f"{name} is empty; give a file that holds at least one value")
    if path is None or Path(path).suffix.lower() in CSV_SUFFIXES:
        return _parse_table(text, name, timestamp_column, value_column)
    if timestamp_column is not None or value_column is not None:
        raise InputError(
            f"{name} is read as text, which has no columns; "
            "rename it to end in .csv, or leave the column options out"
        )
    symbols = np.array(list(" ".join(text.split())), dtype="U1")
    return Series(name, "symbol", symbols)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; check the path") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; give a file") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text (byte {error.start}); convert it, for example with iconv"
        ) from None
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None


def _parse_table(
    text: str, name: str, timestamp_column: str | None, value_column: str | None
) -> Series:
    header, rows = _split(text, name)
    first = rows[0][1]
    stamp_at = _choose(
        "timestamp", timestamp_column, header, first, _is_timestamp, name, required=False
    )
    value_at = _choose("value", value_column, header, first, _is_number, name, required=True)
    assert value_at is not None
    values = np.empty(len(rows))
    stamps: list[datetime] = []
    for row, (line, fields) in enumerate(rows):
        where = f"{name}, line {line}"
        if len(fields) != len(header):
            raise InputError(
                f"{where}: {len(fields)} fields where the header has {len(header)}; mend the line"
            )
        values[row] = _number(fields[value_at], f"{where}: {header[value_at]}")
        if stamp_at is not None:
            before = stamps[-1] if stamps else None
            stamps.append(_timestamp(fields[stamp_at], before, f"{where}: {header[stamp_at]}"))
    if stamp_at is None:
        return Series(name, header[value_at], values)
    # The hour that counts is the one on the wall, so an offset from UTC is dropped.
    wall = np.array([stamp.replace(tzinfo=None) for stamp in stamps], dtype="datetime64[us]")
    return Series(name, header[value_at], values, wall)


def _split(text: str, name: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header and the other rows with their line numbers."""
    first_line = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first_line.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        rows = [
            (reader.line_num, [field.strip() for field in fields])
            for fields in reader
            if any(field.strip() for field in fields)
        ]
    except csv.Error as error:
        raise InputError(f"{name}, line {reader.line_num}: {error}; mend the quotes") from None
    header = rows.pop(0)[1]
    if any(map(_is_timestamp, header)) or all(map(_is_number, header)):
        raise InputError(
            f"{name} begins with data ({', '.join(header[:4])}); "
            "add a first line with the names of the columns"
        )
    if len(set(header)) != len(header):
        raise InputError(f"{name} names a column twice ({', '.join(header)}); rename one")
    if not rows:
        raise InputError(f"{name} has a header but no rows; give a file with at least one value")
    return header, rows


def _choose(
    role: str,
    wanted: str | None,
    header: Sequence[str],
    first: Sequence[str],
    suits: Callable[[str], bool],
    name: str,
    *,
    required: bool,
) -> int | None:
    """Return the index of the column asked for, or of the only one that suits."""
    if wanted is not None:
        if wanted not in header:
            raise InputError(
                f"{name} has no column {wanted!r}; its columns are: {', '.join(header)} "
                f"(--{role}-column)"
            )
        return header.index(wanted)
    candidates = [i for i, field in enumerate(first[: len(header)]) if suits(field)]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates and not required:
        return None
    if candidates:
        names = ", ".join(header[i] for i in candidates)
        raise InputError(
            f"{name} has {len(candidates)} columns for the {role}: {names}; "
            f"choose one with --{role}-column"
        )
    raise InputError(
        f"{name} has no column of numbers in its first row; its columns are: {', '.join(header)}; "
        f"choose one with --{role}-column"
    )


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _is_timestamp(field: str) -> bool:
    if _is_number(field):  # 20000605 is a number before it is a date
        return False
    try:
        datetime.fromisoformat(field)
    except ValueError:
        return False
    return True


def _number(field: str, where: str) -> float:
    try:
        value = float(field)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        got = repr(field) if field else "empty"
        raise InputError(f"{where} is {got}, not a finite number; fill the gap or drop the line")
    return value


def _timestamp(field: str, before: datetime | None, where: str) -> datetime:
    try:
        stamp = datetime.fromisoformat(field)
    except ValueError:
        raise InputError(
            f"{where} is {field!r}, not a time; write it like 2000-06-05 00:30"
        ) from None
    if before is None:
        return stamp
    if (stamp.tzinfo is None) != (before.tzinfo is None):
        raise InputError(f"{where}: {field} and the time before it must both have a UTC offset")
    if stamp <= before:
        raise InputError(
            f"{where}: {field} does not come after {before}; sort the lines and drop repeated ones"
        )
    return stamp

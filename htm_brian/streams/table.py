"""The layout of a table in a text file: delimiter, header, comments, and rows with their lines.

Nothing here asks what the fields mean, but for telling a header from a line of data. Whatever a
program puts around a table is taken off: comment lines, Excel's ``sep=;``, lines before the header,
HTM's three-line header.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from htm_brian.arguments import shown
from htm_brian.errors import InputError, listed
from htm_brian.streams.moments import is_time, time_of_day
from htm_brian.streams.numbers import is_missing, is_number

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar", " ": "blanks"}
COMMENTS = ("#", "%", "//", "!")
HTM_TYPES = frozenset({"datetime", "float", "int", "string", "bool", "list", "sdr"})
HTM_FLAGS = frozenset({"", "T", "R", "S", "C", "L"})

_SAMPLE = 200
_NONE = "\x1f"  # divides nothing: no text holds it
_RULE = re.compile(r"[|+:\s]*(?:-{2,}|={2,})[-=|+:\s]*")
"""A line that a printed table draws, such as ``|---|:--|`` of Markdown."""
_SEP = re.compile(r"""["']?sep=(.)["']?\s*""", re.IGNORECASE)

_FIRST = re.compile(r"[^,;|\t]*")

Row = tuple[int, list[str]]


@dataclass(frozen=True)
class Table:
    """A table of text.

    Parameters
    ----------
    name : str
        Name of the file.
    header : list of str
        Names of the columns.
    rows : list of (int, list of str)
        The line and the fields of every row; as many fields as there are columns.
    flags : list of str
        HTM's flag of every column, such as ``"T"`` for times; empty where there is none.
    notes : tuple of str
        What was found about the layout, for the report.
    """

    name: str
    header: list[str]
    rows: list[Row]
    flags: list[str]
    notes: tuple[str, ...] = ()

    @property
    def lines(self) -> list[int]:
        """The line of every row."""
        return [line for line, _ in self.rows]

    def column(self, index: int) -> list[str]:
        """Return the fields of a column."""
        return [fields[index] for _, fields in self.rows]


def parse_table(content: str, name: str) -> Table:
    """Take a text apart into the fields of a table.

    Raises
    ------
    InputError
        If a line has more or fewer fields than the header, or there are no rows.
    """
    numbered, comments, declared = _numbered_lines(content)
    if not numbered:
        raise InputError(f"{name} holds only comments; give a file with at least one value")
    delimiter = declared or _find_delimiter([line for _, line in numbered[:_SAMPLE]])
    rows = _split(numbered, delimiter, name)
    rows, notes = _without_preamble(rows)
    first_line = rows[0][0]
    header, rows, from_comment = _take_header(rows, comments, delimiter)
    notes += [from_comment] if from_comment else []
    flags = [""] * len(header)
    if rows and _is_htm_types(rows[0][1]):
        rows, flags = _take_htm_header(rows, len(header))
        notes.append("HTM's three-line header")
    rows = _even_out(rows, header, delimiter)
    header = [title or f"column {at}" for at, title in enumerate(header, start=1)]
    flags += [""] * (len(header) - len(flags))
    _check(name, first_line, header, rows, delimiter)
    if delimiter and delimiter != ",":
        notes.append(f"fields are divided by {DELIMITERS.get(delimiter, repr(delimiter))}")
    return Table(name, header, rows, flags, tuple(notes))


def looks_like_table(content: str) -> bool:
    """Whether a text of unknown kind is a table: at least two rows, and a column of numbers."""
    try:
        table = parse_table(content, "")
    except InputError:
        return _mostly_rows_of_numbers(content)
    if len(table.rows) < 2:
        return False
    return any(_share(table.column(at), is_number) > 0.8 for at in range(len(table.header)))


def holds_numbers_only(content: str) -> bool:
    """Whether every word of a text, of two at least, is a number."""
    words = re.split(r"[\s,;|]+", content.strip())
    return len(words) > 1 and all(map(is_number, words))


def _share(texts: Sequence[str], suits: object) -> float:
    assert callable(suits)
    known = [text for text in texts if not is_missing(text)]
    return sum(map(suits, known)) / len(known) if known else 0.0


def _mostly_rows_of_numbers(content: str) -> bool:
    """Whether most lines of a text end in a number that a delimiter divides from the rest."""
    lines = [line for line in content.splitlines() if line.strip()]
    ends = [re.split(r"[,;|\t]", line)[-1] for line in lines if re.search(r"[,;|\t]", line)]
    return len(ends) > 2 and len(ends) > 0.8 * len(lines) and _share(ends, is_number) > 0.8


def _numbered_lines(content: str) -> tuple[list[tuple[int, str]], list[str], str | None]:
    """Return the lines with their numbers, the comments before the first, and a declared sep."""
    numbered: list[tuple[int, str]] = []
    comments: list[str] = []
    declared = None
    in_quotes = False
    for number, line in enumerate(content.split("\n"), start=1):
        bare = line.strip()
        if not in_quotes:
            if not numbered and declared is None and (match := _SEP.fullmatch(bare)):
                declared = match[1] if match[1] != "\\" else "\t"
                continue
            if not bare or _RULE.fullmatch(bare):
                continue
            mark = next((mark for mark in COMMENTS if bare.startswith(mark)), None)
            # A spreadsheet's #N/A in the first column is a gap, no comment.
            if mark is not None and not is_missing(_FIRST.match(bare)[0]):  # type: ignore[index]
                if not numbered:
                    comments.append(bare[len(mark) :].lstrip("#%!").strip())
                continue
        numbered.append((number, line))
        if line.count('"') % 2 == 1:
            in_quotes = not in_quotes
    return numbered, comments, declared


def _find_delimiter(lines: Sequence[str]) -> str:
    """Return what divides the fields: what gives most lines the same number of them.

    Empty where nothing does: a table of one column.
    """
    best, best_score = "", 0.0
    for delimiter in DELIMITERS:
        counts = [len(_fields_of(line, delimiter)) for line in lines]
        common, times = Counter(counts).most_common(1)[0]
        if common < 2:
            continue
        share = times / len(lines)
        # A header that fits counts as much as a tenth of the lines.
        share += 0.1 * (counts[0] == common)
        if delimiter == " ":
            share = share - 0.5 if not best and _worth_splitting(lines) else 0.0
        if share > best_score + 1e-9:
            best, best_score = delimiter, share
    return best if best_score > 0.3 else ""


def _worth_splitting(lines: Sequence[str]) -> bool:
    """Whether blanks divide fields, rather than standing inside of times, units or thousands."""
    body = lines[1:] or lines
    whole = sum(is_time(line) or is_number(line) for line in body)
    return whole < 0.5 * len(body)


def _fields_of(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    try:
        fields = next(csv.reader([line], delimiter=delimiter or _NONE), [])
    except csv.Error:  # a field longer than the reader takes: `_split` says so
        fields = [line]
    return [field.strip() for field in fields]


def _split(numbered: Sequence[tuple[int, str]], delimiter: str, name: str) -> list[Row]:
    if delimiter == " ":
        return [(number, _fields_of(line, delimiter)) for number, line in numbered]
    rows = []
    reader = csv.reader(
        io.StringIO("\n".join(line for _, line in numbered)),
        delimiter=delimiter or _NONE,
        strict=True,
    )
    done = 0
    try:
        for fields in reader:
            number = numbered[min(done, len(numbered) - 1)][0]
            done = reader.line_num
            if any(field.strip() for field in fields):
                rows.append((number, [field.strip() for field in fields]))
    except csv.Error as error:
        number = numbered[min(done, len(numbered) - 1)][0]
        why, remedy = str(error), "mend the quotes"
        if "field limit" in why:
            why = f"a field is longer than {csv.field_size_limit()} characters"
            remedy += ", or shorten it"
        elif "expected after" in why:
            why = "something stands between a closing quote and the end of the field"
        elif "unexpected end" in why:
            why = "a quote is opened and never closed"
        raise InputError(f"{name}, line {number}: {why}; {remedy}") from None
    if not rows:
        raise InputError(f"{name} holds only delimiters; give a file with at least one value")
    return rows


def _without_preamble(rows: list[Row]) -> tuple[list[Row], list[str]]:
    """Leave out titles, lines of one field, before a header as wide as most lines."""
    common = Counter(len(fields) for _, fields in rows).most_common(1)[0][0]
    filled = [sum(bool(field) for field in fields) for _, fields in rows]
    first = next((i for i, n in enumerate(filled) if n > 1 and len(rows[i][1]) == common), 0)
    lone = all(n <= 1 for n in filled[:first])
    if common < 2 or not first or not lone or _is_data(rows[first][1]):
        return rows, []
    return rows[first:], [f"{first} lines before the header were left out"]


def _is_data(fields: Sequence[str]) -> bool:
    """Whether a line is data rather than names: it holds a time, or nothing but numbers."""
    known = [field for field in fields if field]
    if any(is_time(field) for field in known):
        return True
    numbers = [field for field in known if is_number(field)]
    return bool(numbers) and all(
        is_number(field) or is_missing(field) or time_of_day(field) is not None for field in known
    )


def _take_header(
    rows: list[Row], comments: Sequence[str], delimiter: str
) -> tuple[list[str], list[Row], str]:
    """Return the names of the columns, the other rows, and how the names were found if not so."""
    if not _is_data(rows[0][1]):
        return rows[0][1], rows[1:], ""
    n = max(len(fields) for _, fields in rows[:1])
    if comments:
        names = _fields_of(comments[-1], delimiter)
        if len(names) == n and not _is_data(names):
            return names, rows, "the names of the columns stand in a comment"
    return [""] * n, rows, "no header line: the columns were numbered"


def _is_htm_types(fields: Sequence[str]) -> bool:
    return bool(fields) and all(field.lower() in HTM_TYPES for field in fields)


def _take_htm_header(rows: list[Row], n: int) -> tuple[list[Row], list[str]]:
    """Take off the lines of types and flags; flags where times are follow from the types."""
    types = [field.lower() for field in rows[0][1]]
    rows = rows[1:]
    flags = [""] * n
    if rows and all(field.upper() in HTM_FLAGS for field in rows[0][1]):
        flags = [field.upper() for field in rows[0][1]]
        rows = rows[1:]
    if "T" not in flags:
        flags = [
            "T" if kind == "datetime" else flag for kind, flag in zip(types, flags, strict=False)
        ]
    return rows, flags


def _even_out(rows: list[Row], header: list[str], delimiter: str) -> list[Row]:
    """Join what was divided by the blank within a time; drop an empty field at every line's end."""
    n = len(header)
    if not rows:
        return rows
    if delimiter == " " and all(len(fields) == n + 1 for _, fields in rows):
        for at in range(n):
            pairs = [(fields[at], fields[at + 1]) for _, fields in rows]
            if all(is_time(day) and time_of_day(clock) is not None for day, clock in pairs):
                return [
                    (line, [*fields[:at], f"{fields[at]} {fields[at + 1]}", *fields[at + 2 :]])
                    for line, fields in rows
                ]
    if all(len(fields) == n + 1 and not fields[-1] for _, fields in rows):
        return [(line, fields[:-1]) for line, fields in rows]
    if n > 1 and not header[-1] and all(len(fields) == n - 1 for _, fields in rows):
        header.pop()
    elif n > 1 and not header[-1] and all(len(f) == n and not f[-1] for _, f in rows):
        header.pop()
        return [(line, fields[:-1]) for line, fields in rows]
    return rows


def _check(name: str, line: int, header: list[str], rows: list[Row], delimiter: str) -> None:
    repeated = [title for title, times in Counter(header).items() if times > 1]
    if repeated:
        raise InputError(
            f"{name}, line {line}: names a column twice ({listed(header)}); "
            f"rename one {shown(repeated[0])}"
        )
    if not rows:
        raise InputError(f"{name} has a header but no rows; give a file with at least one value")
    for line, fields in rows:
        if len(fields) != len(header):
            remedy = "mend the line"
            if delimiter == "," and len(fields) > len(header):
                remedy += ", or divide the fields by ; if its commas are decimal"
            raise InputError(
                f"{name}, line {line}: {len(fields)} fields where the header has {len(header)}; "
                f"{remedy}"
            )

"""Numbers as people write them: decimal commas, thousands separators, units, percent signs.

How a column is written is decided from all of its fields, never field by field: ``1.234`` beside
``1.234.567`` is a thousand, and beside ``0.5`` it is not. What the whole column leaves open is
refused.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import shown
from htm_brian.errors import InputError

MISSING = frozenset(
    (
        *("", "-", "--", "---", "?", ".", "..", "*", "na", "n/a", "n.a.", "nan", "-nan", "nat"),
        *(
            "null",
            "none",
            "nil",
            "missing",
            "#n/a",
            "#na",
            "#value!",
            "#div/0!",
            "#ref!",
            "#num!",
            "#name?",
            "#null!",
            "1.#qnan",
        ),
        *("inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "1.#inf", "-1.#inf"),
    )
)
"""Fields that hold no number, in lower case."""

TRUE, FALSE = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})

_GROUPED = r"\d{1,3}(?:[ '’_\u00a0\u202f]\d{3})+|\d+"
_BODY = re.compile(
    rf"(?P<sign>[+-]?)(?P<digits>(?:{_GROUPED})?(?:[.,]\d*)*)(?P<exponent>(?:[eE][+-]?\d+)?)"
)
_UNIT = re.compile(r"[^\W\d_]|[%°‰$€£¥]")
_NO_UNIT = re.compile(r"\d{2}|\s\d|[:;,]|^[xX]")
_COMMA, _POINT = "comma", "point"


@dataclass(frozen=True)
class Field:
    """One field, taken apart.

    Parameters
    ----------
    body : str
        The digits with their separators, a sign before them and an exponent after them.
    unit : str
        What stands before or after the number; empty for a plain one.
    """

    body: str
    unit: str


def is_missing(text: str) -> bool:
    """Whether a field says that there is no value."""
    return text.strip().lower() in MISSING


@lru_cache(maxsize=1 << 16)
def take_apart(text: str) -> Field | None:
    """Return the number and the unit of a field; None if it is no number at all.

    Examples
    --------
    >>> take_apart("21.5 °C")
    Field(body='21.5', unit='°C')
    >>> take_apart("2000-06-05") is None
    True
    """
    text = text.strip().replace("−", "-")
    before = ""
    if text[:1] in "$€£¥" and text:
        before, text = text[0], text[1:].lstrip()
    match = _BODY.match(text)
    assert match is not None
    body = match.group("sign") + match.group("digits") + match.group("exponent")
    rest = text[match.end() :].strip()
    if not any(c.isdigit() for c in match.group("digits")):
        return None
    if rest and (_UNIT.match(rest) is None or _NO_UNIT.search(rest) or len(rest) > 12):
        return None
    return Field(body, before + rest)


def is_number(text: str) -> bool:
    """Whether a field can be read as a number, with or without a unit."""
    return take_apart(text) is not None


def is_boolean(text: str) -> bool:
    """Whether a field says true or false."""
    return text.strip().lower() in TRUE | FALSE


def decimal_marks(bodies: Sequence[str]) -> set[str]:
    """Return what the decimal mark of a column may be: ``point``, ``comma``, or either.

    Empty where no single mark makes sense of the column.

    Examples
    --------
    >>> sorted(decimal_marks(["1.234,5", "7"])), sorted(decimal_marks(["1,234"]))
    (['comma'], ['comma', 'point'])
    """
    grouped = re.compile(r"[+-]?[1-9]\d{0,2}")
    allowed = {_POINT, _COMMA}
    for mark, other, name in ((".", ",", _POINT), (",", ".", _COMMA)):
        for body in bodies:
            digits = re.split("[eE]", body)[0]
            whole, *fraction = digits.split(mark)
            first, *groups = whole.split(other)
            bad_groups = any(len(group) != 3 for group in groups)
            if groups and grouped.fullmatch(re.sub(r"[ '’_\u00a0\u202f]", "", first)) is None:
                bad_groups = True
            if bad_groups or len(fraction) > 1 or (fraction and other in fraction[0]):
                allowed.discard(name)
                break
    if allowed == {_POINT, _COMMA}:
        if not any("," in body or "." in body for body in bodies):
            return {_POINT}
        plain = [body for body in bodies if "," not in body]
        if any("," in body for body in bodies):
            # 950 beside 1,234: what stays below a thousand needs no separator.
            whole = [re.split("[.eE]", body)[0].lstrip("+-") for body in plain]
            if whole and all(len(part) <= 3 for part in whole):
                return {_POINT}
    return allowed


def proven_marks(texts: Sequence[str]) -> set[str]:
    """Return the decimal mark that a column leaves no doubt about; empty where it tells nothing."""
    fields = [take_apart(text) for text in texts if not is_missing(text)]
    bodies = [field.body for field in fields if field is not None]
    marks = decimal_marks(bodies)
    tells = len(marks) == 1 and any("," in body or "." in body for body in bodies)
    return marks if tells else set()


def read_numbers(
    texts: Sequence[str], lines: Sequence[int], where: str, column: str, decimal: str | None
) -> tuple[NDArray[np.float64], str, list[str]]:
    """Return the numbers of a column, their unit, and notes on how they were read.

    Parameters
    ----------
    texts : sequence of str
        The fields.
    lines : sequence of int
        The line of each.
    where : str
        Name of the file.
    column : str
        Name of the column.
    decimal : {"point", "comma"} or None
        The decimal mark, where it is known; None: found from the column.

    Raises
    ------
    InputError
        If a field is missing or is no number, or if the decimal mark cannot be told.
    """
    if all(is_boolean(text) for text in texts):
        values = np.array([float(text.strip().lower() in TRUE) for text in texts])
        return values, "", ["true and false were read as 1 and 0"]
    fields = [
        _field(text, f"{where}, line {line}: {column}")
        for text, line in zip(texts, lines, strict=True)
    ]
    _refuse_gaps(texts, lines, where, column)
    unit = _common_unit(fields, texts, lines, where, column)
    mark = _decimal_mark(fields, texts, lines, f"{where}, line", column, decimal)
    drop = re.compile(r"[ '’_\u00a0\u202f" + ("," if mark == _POINT else ".") + "]")
    values = np.empty(len(fields))
    grouped = False
    for row, field in enumerate(fields):
        assert field is not None
        plain = drop.sub("", field.body)
        grouped |= plain != field.body
        values[row] = float(plain.replace(",", "."))
        if not math.isfinite(values[row]):
            raise InputError(
                f"{where}, line {lines[row]}: {column} is {shown(texts[row])}, too large for a "
                "number of double precision; give it in a larger unit"
            )
    notes = [f"the unit {unit} was taken off"] if unit else []
    notes += (
        ["decimal commas"] if mark == _COMMA and any("," in f.body for f in fields if f) else []
    )
    notes += ["separators of thousands were taken out"] if grouped else []
    return values, unit, notes


def _field(text: str, where: str) -> Field | None:
    """Take apart a field; None where it is missing, which `_refuse_gaps` tells."""
    if is_missing(text):
        return None
    field = take_apart(text)
    if field is None:
        raise InputError(f"{where} is {shown(text)}, not a number; correct it or delete the line")
    return field


def _refuse_gaps(texts: Sequence[str], lines: Sequence[int], where: str, column: str) -> None:
    gaps = [i for i, text in enumerate(texts) if is_missing(text)]
    if gaps:
        got = shown(texts[gaps[0]]) if texts[gaps[0]].strip() else "empty"
        more = f" (and {len(gaps) - 1} more gaps)" if len(gaps) > 1 else ""
        raise InputError(
            f"{where}, line {lines[gaps[0]]}: {column} is {got}, not a finite number{more}; "
            "fill the gap or delete the line"
        )


def _common_unit(
    fields: Sequence[Field | None],
    texts: Sequence[str],
    lines: Sequence[int],
    where: str,
    column: str,
) -> str:
    units = [field.unit for field in fields if field is not None]
    common = Counter(units).most_common(1)[0][0]
    for unit, text, line in zip(units, texts, lines, strict=True):
        if unit != common:
            there = f"the unit {common}" if common else "no unit"
            raise InputError(
                f"{where}, line {line}: {column} is {shown(text)} where most lines have {there}; "
                "write all in the same unit"
            )
    return common


def _decimal_mark(
    fields: Sequence[Field | None],
    texts: Sequence[str],
    lines: Sequence[int],
    where: str,
    column: str,
    decimal: str | None,
) -> str:
    bodies = [field.body for field in fields if field is not None]
    marks = decimal_marks(bodies)
    if len(marks) == 1:
        return next(iter(marks))
    if not marks:
        each = [decimal_marks([body]) for body in bodies]
        usual = max((_POINT, _COMMA), key=lambda mark: sum(mark in marks for marks in each))
        row = next(i for i, marks in enumerate(each) if usual not in marks)
        raise InputError(
            f"{where} {lines[row]}: {column} is {shown(texts[row])}, where most numbers have a "
            f"decimal {usual}; write all alike"
        )
    if decimal is not None:
        return decimal
    if any("," in body for body in bodies):
        row = next(i for i, body in enumerate(bodies) if "," in body)
        raise InputError(
            f"{where} {lines[row]}: {column} is {shown(texts[row])}, with a comma for decimals or "
            "for thousands; say which with --decimal comma or --decimal point"
        )
    return _POINT

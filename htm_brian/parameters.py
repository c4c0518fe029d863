"""Model files: every number of biology with its unit, its source and its physical range.

A model file is TOML. Its table ``[model]`` says what it is; every other table belongs to one
mechanism and holds parameters only, each an inline table::

    [soma]
    leak_conductance = { value = 23.1, unit = "nS", source = "Paper 2018", low = 5, high = 100 }

``low`` and ``high`` bound the physical range, in the same unit; ``note`` is optional; the unit of
a plain number is "1". A value outside its range, a missing source or a wrong unit is refused with
one line that names file, table and key.
"""

from __future__ import annotations

import difflib
import math
import os
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from brian2.units.fundamentalunits import Quantity, have_same_dimensions

from htm_brian.errors import InputError
from htm_brian.units import parse_unit

Value: TypeAlias = Quantity | float | int

_HEADER = {"name": str, "level": int, "kind": str, "description": str}
_REQUIRED = ("value", "unit", "source", "low", "high")
_OPTIONAL = ("note",)


class ParameterRow(NamedTuple):
    """One parameter as a line of a report's table."""

    path: str
    value: float | int
    unit: str
    source: str
    low: float
    high: float
    note: str


@dataclass(frozen=True)
class Key:
    """What a mechanism says of a parameter that it needs.

    Parameters
    ----------
    unit : str
        Any unit of the right dimension, such as ``"volt"``; ``"1"`` for a plain number.
    meaning : str
        A few words for people.
    """

    unit: str
    meaning: str


@dataclass(frozen=True)
class Parameter:
    """One number of a model file; checks itself.

    Parameters
    ----------
    table, key : str
        Where it stands: ``table.key`` is its path.
    value, low, high : float or int
        The number and its physical range, all in `unit`.
    unit : str
        A Brian2 unit, or a product, quotient or power of some: ``"mV"``, ``"pA/ms"``, ``"1"``.
    source : str
        Where the number comes from.
    note : str
        Anything else a reader should know, for example what the field disagrees on.
    file : str
        The file's name, for messages.
    """

    table: str
    key: str
    value: float | int
    unit: str
    source: str
    low: float
    high: float
    note: str = ""
    file: str = ""

    def __post_init__(self) -> None:
        for field in ("unit", "source", "note"):
            text = getattr(self, field)
            if not isinstance(text, str):
                raise InputError(f"{field} of {self.key} must be text, got {text!r}{self.where}")
        if not self.source.strip():
            raise InputError(
                f"{self.key} has an empty source; name the paper, data set or calculation that "
                f"the value comes from{self.where}"
            )
        try:
            parse_unit(self.unit)
        except ValueError as error:
            raise InputError(f"unit of {self.key}: {error}{self.where}") from None
        for field in ("value", "low", "high"):
            number = getattr(self, field)
            is_number = isinstance(number, int | float) and not isinstance(number, bool)
            if not is_number or not math.isfinite(number):
                raise InputError(
                    f"{field} of {self.key} must be a finite number, got {number!r}{self.where}"
                )
        if self.low > self.high:
            raise InputError(
                f"low of {self.key} must not exceed its high, got low = {self.low:g} and "
                f"high = {self.high:g}{self.where}"
            )
        if not self.low <= self.value <= self.high:
            unit = "" if self.unit == "1" else f" {self.unit}"
            raise InputError(
                f"{self.key} must lie in [{self.low:g}, {self.high:g}]{unit}, "
                f"got {self.text}{self.where}"
            )

    @property
    def text(self) -> str:
        """The value with its unit, for people."""
        return f"{self.value:g}" if self.unit == "1" else f"{self.value:g} {self.unit}"

    @property
    def path(self) -> str:
        """``table.key``."""
        return f"{self.table}.{self.key}"

    @property
    def where(self) -> str:
        """The place, as it ends a message."""
        return f" ({self.file}, [{self.table}])" if self.file else f" ([{self.table}])"

    @property
    def quantity(self) -> Value:
        """The value with its unit; a plain float or int where the unit is "1"."""
        return self.value if self.unit == "1" else self.value * parse_unit(self.unit)

    @property
    def row(self) -> ParameterRow:
        """The same as a line of a table."""
        return ParameterRow(
            self.path, self.value, self.unit, self.source, self.low, self.high, self.note
        )

    def with_value(self, value: object) -> Parameter:
        """Return a copy with another value, its unit and range checked.

        The copy's source says that the value was changed, and what the file had.
        """
        unit = parse_unit(self.unit)
        wanted = "a plain number" if self.unit == "1" else f"a quantity like 1*{self.unit}"
        try:
            if not have_same_dimensions(value, unit):
                raise TypeError
        except TypeError:
            raise InputError(f"{self.path} must be {wanted}, got {value!r}") from None
        if self.unit != "1" or not isinstance(value, int):
            try:
                # 15 digits: 1000*pF is not 1000.0000000000001 times 1*pF.
                value = float(f"{float(value / unit):.15g}")  # type: ignore[operator]
            except TypeError:
                raise InputError(f"{self.path} must be one number, got {value!r}") from None
        source = f"set by the caller; {self.file or 'the file'} has {self.text} ({self.source})"
        return replace(self, value=value, source=source)


@dataclass(frozen=True)
class Table(Mapping[str, Value]):
    """The parameters of one mechanism: ``table["leak_conductance"]`` is a Brian2 quantity."""

    name: str
    parameters: tuple[Parameter, ...]
    file: str = ""

    def __getitem__(self, key: str) -> Value:
        return self.parameter(key).quantity

    def __iter__(self) -> Iterator[str]:
        return (parameter.key for parameter in self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def parameter(self, key: str) -> Parameter:
        """Return the parameter with its unit, source and range."""
        for parameter in self.parameters:
            if parameter.key == key:
                return parameter
        raise KeyError(f"[{self.name}] of {self.file} has no {key!r}{_suggest(key, list(self))}")

    def require(self, keys: Mapping[str, Key]) -> Table:
        """Check that the table holds exactly `keys`, each of the declared dimension.

        Returns
        -------
        Table
            This table.
        """
        where = f"({self.file}, [{self.name}])"
        for key in self:
            if key not in keys:
                raise InputError(f"unknown key {key}{_suggest(key, keys)} {where}")
        for key, wanted in keys.items():
            if key not in self:
                raise InputError(
                    f"missing key {key}: {wanted.meaning}, in a unit like {wanted.unit} {where}"
                )
            unit = self.parameter(key).unit
            if not have_same_dimensions(parse_unit(unit), parse_unit(wanted.unit)):
                raise InputError(f"{key} must have a unit like {wanted.unit}, got {unit!r} {where}")
        return self


@dataclass(frozen=True)
class Model:
    """A model file, read and checked: ``model["soma"]["leak_conductance"]``.

    Attributes
    ----------
    name, kind, description : str
    level : int
        Rung of the ladder that the model stands on, 0 (abstract) to 3 (reference).
    tables : tuple of Table
        One a mechanism, in the order of the file.
    file : str
        Where it was read from, for messages.
    """

    name: str
    level: int
    kind: str
    description: str
    tables: tuple[Table, ...]
    file: str

    def __getitem__(self, table: str) -> Table:
        for candidate in self.tables:
            if candidate.name == table:
                return candidate
        names = [candidate.name for candidate in self.tables]
        raise KeyError(f"{self.file} has no table [{table}]{_suggest(table, names)}")

    def __contains__(self, table: object) -> bool:
        return any(candidate.name == table for candidate in self.tables)

    def require(self, mechanisms: Mapping[str, Mapping[str, Key]]) -> Model:
        """Check that the model holds exactly these tables with exactly these keys.

        Parameters
        ----------
        mechanisms : mapping of str to mapping of str to Key
            For each table the keys that its mechanism needs.

        Returns
        -------
        Model
            This model.
        """
        for table in self.tables:
            if table.name not in mechanisms:
                hint = _suggest(table.name, mechanisms)
                raise InputError(f"unknown table [{table.name}]{hint} ({self.file})")
        for name, keys in mechanisms.items():
            if name not in self:
                raise InputError(
                    f"missing table [{name}] with the keys {', '.join(keys)} ({self.file})"
                )
            self[name].require(keys)
        return self

    def with_values(self, changes: Mapping[str, object]) -> Model:
        """Return a copy with other values, each checked for unit and range.

        Parameters
        ----------
        changes : mapping of str to Quantity, float or int
            New values by path: ``{"soma.leak_conductance": 20*nS}``.
        """
        known = [row.path for row in self.rows()]
        for path in changes:
            if path not in known:
                hint = _suggest(path, known)
                raise InputError(f"unknown parameter {path!r}{hint} ({self.file})")
        tables = tuple(
            replace(
                table,
                parameters=tuple(
                    p.with_value(changes[p.path]) if p.path in changes else p
                    for p in table.parameters
                ),
            )
            for table in self.tables
        )
        return replace(self, tables=tables)

    def rows(self) -> list[ParameterRow]:
        """Return every parameter as (path, value, unit, source, low, high, note)."""
        return [parameter.row for table in self.tables for parameter in table.parameters]


def list_models() -> list[str]:
    """Return the names of the models that come with the package, sorted."""
    folder = resources.files("htm_brian.models")
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_model(name_or_path: str | os.PathLike[str] | Model) -> Model:
    """Read and check a model.

    Parameters
    ----------
    name_or_path : str, path or Model
        The name of a model that comes with the package (see `list_models`), or the path of a
        ``.toml`` file of your own. A `Model` is returned as it is.

    Examples
    --------
    >>> model = load_model("l5_reduced")
    >>> model["spike"]["threshold"]
    -50. * mvolt
    """
    if isinstance(name_or_path, Model):
        return name_or_path
    if not isinstance(name_or_path, str | os.PathLike):
        raise InputError(f"a model is given by its name or path, got {name_or_path!r}")
    given = os.fspath(name_or_path)
    if given.endswith(".toml") or Path(given).name != given:
        try:
            return _parse(Path(given).read_text(encoding="utf-8"), given)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise InputError(f"cannot read the model file {given}: {reason}") from None
    known = list_models()
    if given not in known:
        raise InputError(
            f"unknown model {given!r}; known models: {', '.join(known)}; "
            "for a file of your own give its path, ending in .toml"
        )
    file = resources.files("htm_brian.models") / f"{given}.toml"
    return _parse(file.read_text(encoding="utf-8"), f"models/{given}.toml")


def _parse(text: str, file: str) -> Model:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not valid TOML: {error} ({file})") from None
    header = _parse_header(content.pop("model", None), file)
    if not content:
        raise InputError(f"no mechanism; a model needs a table beside [model] ({file})")
    tables = tuple(_parse_table(name, entries, file) for name, entries in content.items())
    return Model(**header, tables=tables, file=file)


def _parse_header(header: object, file: str) -> dict[str, Any]:
    if not isinstance(header, dict):
        raise InputError(f"missing table [model] with the keys {', '.join(_HEADER)} ({file})")
    where = f"({file}, [model])"
    _check_fields("key", header, _HEADER, _HEADER, where)
    for key, kind in _HEADER.items():
        value = header[key]
        if not isinstance(value, kind) or isinstance(value, bool) or value == "":
            wanted = "an integer from 0 to 3" if kind is int else "a non-empty text"
            raise InputError(f"{key} must be {wanted}, got {value!r} {where}")
    if not 0 <= header["level"] <= 3:
        raise InputError(f"level must lie in [0, 3], got {header['level']} {where}")
    if header["name"] != Path(file).stem:
        raise InputError(
            f"name must be that of the file, {Path(file).stem!r}, got {header['name']!r} {where}"
        )
    return header


def _parse_table(name: str, entries: object, file: str) -> Table:
    if not isinstance(entries, dict):
        raise InputError(f"{name} = {entries!r} stands outside a table; move it into one ({file})")
    parameters = []
    for key, fields in entries.items():
        where = f"({file}, [{name}])"
        if not isinstance(fields, dict):
            raise InputError(
                f"{key} must be written {{ value = ..., unit = ..., source = ..., low = ..., "
                f"high = ... }}, got {fields!r} {where}"
            )
        _check_fields(f"field of {key}:", fields, _REQUIRED, (*_REQUIRED, *_OPTIONAL), where)
        parameters.append(Parameter(table=name, key=key, file=file, **fields))
    return Table(name, tuple(parameters), file)


def _check_fields(
    what: str,
    given: Collection[str],
    required: Iterable[str],
    allowed: Collection[str],
    where: str,
) -> None:
    for field in given:
        if field not in allowed:
            raise InputError(f"unknown {what} {field}{_suggest(field, allowed)} {where}")
    for field in required:
        if field not in given:
            raise InputError(f"missing {what} {field} {where}")


def _suggest(word: str, known: Iterable[str]) -> str:
    """Return the nearest known name where there is one, else all of them."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(known)}"

"""What a model file holds: parameters with unit, range and source, in tables, in a model.

Each value checks itself; `htm_brian.parameters.files` makes them from a file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import NamedTuple, TypeAlias

from brian2.units.fundamentalunits import Quantity, have_same_dimensions

from htm_brian.errors import InputError, did_you_mean
from htm_brian.parameters.faults import FreeRange, parameter_faults
from htm_brian.units import parse_unit

Value: TypeAlias = Quantity | float | int


class ParameterRow(NamedTuple):
    """One parameter as a line of a report's table.

    Attributes
    ----------
    path : str
        ``table.key``.
    value, low, high : float or int
        The number and its physical range, in `unit`.
    unit, source, note : str
        As of `Parameter`.
    """

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
    same_as : str
        The parameter of another model that has the same value, ``"model:table.key"``; checked when
        the file is read.
    free : FreeRange, optional
        What a fit may choose among; a parameter without it is no fit's to change.
    file : str
        The file's name, for messages.

    Raises
    ------
    InputError
        If a text is empty or none, a number is not finite or out of its range, or the unit is
        unknown.
    """

    table: str
    key: str
    value: float | int
    unit: str
    source: str
    low: float
    high: float
    note: str = ""
    same_as: str = ""
    free: FreeRange | None = None
    file: str = ""

    def __post_init__(self) -> None:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        for fault in parameter_faults(**given):
            raise InputError(fault)

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
        """The same as a line of a table; its note tells of a link."""
        link = f"Same as {self.same_as}." if self.same_as else ""
        note = " ".join(text for text in (self.note, link) if text)
        return ParameterRow(
            self.path, self.value, self.unit, self.source, self.low, self.high, note
        )

    def with_value(self, value: object) -> Parameter:
        """Return a copy with another value, its unit and range checked.

        The copy's source says that the value was changed, and what the file had.

        Parameters
        ----------
        value : Quantity, float or int
            With a unit like that of the parameter.

        Returns
        -------
        Parameter
            With the same range.

        Raises
        ------
        InputError
            If it has another unit, is not one number, or lies outside of the range.
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
            except (TypeError, OverflowError):
                raise InputError(f"{self.path} must be one number, got {value!r}") from None
        source = f"set by the caller; {self.file or 'the file'} has {self.text} ({self.source})"
        return replace(self, value=value, source=source, same_as="")


@dataclass(frozen=True)
class Table(Mapping[str, Value]):
    """The parameters of one mechanism: ``table["leak_conductance"]`` is a Brian2 quantity.

    Parameters
    ----------
    name : str
        Of the table.
    parameters : tuple of Parameter
        In the order of the file.
    file : str
        The file's name, for messages.
    """

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
        """Return the parameter with its unit, source and range.

        Parameters
        ----------
        key : str
            Of the table.

        Returns
        -------
        Parameter
            Not its value alone.

        Raises
        ------
        KeyError
            If there is none.
        """
        for parameter in self.parameters:
            if parameter.key == key:
                return parameter
        raise KeyError(f"[{self.name}] of {self.file} has no {key!r}{did_you_mean(key, self)}")

    def require(self, keys: Mapping[str, Key]) -> Table:
        """Check that the table holds exactly `keys`, each of the declared dimension.

        Parameters
        ----------
        keys : mapping of str to Key
            Unit and meaning of each.

        Returns
        -------
        Table
            This table.

        Raises
        ------
        InputError
            The first fault that `faults` finds.
        """
        for fault in self.faults(keys):
            raise InputError(fault)
        return self

    def faults(self, keys: Mapping[str, Key], aside: Collection[str] = ()) -> Iterator[str]:
        """Yield what `require` finds, one line each; nothing about the keys that stand aside.

        Parameters
        ----------
        keys : mapping of str to Key
            Unit and meaning of each.
        aside : collection of str
            Keys to say nothing about.

        Yields
        ------
        str
            One line that names file, table and key.
        """
        where = f"({self.file}, [{self.name}])"
        missing = [key for key in keys if key not in self and key not in aside]
        for key in self:
            if key not in keys:
                yield f"unknown key {key}{did_you_mean(key, missing or keys)} {where}"
        for key, wanted in keys.items():
            if key in missing:
                yield f"missing key {key}: {wanted.meaning}, in a unit like {wanted.unit} {where}"
            elif key in self:
                unit = self.parameter(key).unit
                if not have_same_dimensions(parse_unit(unit), parse_unit(wanted.unit)):
                    yield f"{key} must have a unit like {wanted.unit}, got {unit!r} {where}"


@dataclass(frozen=True)
class Model:
    """A model file, read and checked: ``model["soma"]["leak_conductance"]``.

    Attributes
    ----------
    name, kind, description : str
        As of its table ``[model]``.
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
        raise KeyError(f"{self.file} has no table [{table}]{did_you_mean(table, names)}")

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

        Raises
        ------
        InputError
            The first fault that `faults` finds.
        """
        for fault in self.faults(mechanisms):
            raise InputError(fault)
        return self

    def faults(
        self,
        mechanisms: Mapping[str, Mapping[str, Key]],
        aside: Collection[str] = (),
        optional: Collection[str] = (),
    ) -> Iterator[str]:
        """Yield what `require` finds, one line each.

        Parameters
        ----------
        mechanisms : mapping of str to mapping of str to Key
            As for `require`.
        aside : collection of str
            Names of tables and paths of parameters, ``table.key``, to say nothing about.
        optional : collection of str
            Names of further tables that there are, to find what an unknown one is meant to be.

        Yields
        ------
        str
            One line that names file, table and key.
        """
        missing = [name for name in mechanisms if name not in self and name not in aside]
        for table in self.tables:
            if table.name not in mechanisms:
                absent = [*missing, *(name for name in optional if name not in self)]
                hint = did_you_mean(table.name, absent or mechanisms)
                yield f"unknown table [{table.name}]{hint} ({self.file})"
        for name, keys in mechanisms.items():
            if name in missing:
                yield f"missing table [{name}] with the keys {', '.join(keys)} ({self.file})"
            elif name in self:
                its = [path.partition(".")[2] for path in aside if path.startswith(f"{name}.")]
                yield from self[name].faults(keys, its)

    def with_values(self, changes: Mapping[str, object]) -> Model:
        """Return a copy with other values, each checked for unit and range.

        Parameters
        ----------
        changes : mapping of str to Quantity, float or int
            New values by path: ``{"soma.leak_conductance": 20*nS}``.

        Returns
        -------
        Model
            The sources of changed values say so.

        Raises
        ------
        InputError
            If there is no such parameter, or a value has another unit or lies outside of its range.
        """
        known = [row.path for row in self.rows()]
        for path in changes:
            if path not in known:
                hint = did_you_mean(path, known)
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

    def with_table(self, table: Table) -> Model:
        """Return a copy with a table in the place of its own of that name, or behind the others.

        Parameters
        ----------
        table : Table
            Of any name.

        Returns
        -------
        Model
            Of the same file.
        """
        others = tuple(each for each in self.tables if each.name != table.name)
        return replace(self, tables=(*others, table))

    def rows(self) -> list[ParameterRow]:
        """Return every parameter as (path, value, unit, source, low, high, note).

        Returns
        -------
        list of ParameterRow
            In the order of the file.
        """
        return [parameter.row for table in self.tables for parameter in table.parameters]

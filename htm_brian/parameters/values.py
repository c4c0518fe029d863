"""One number of a model file: a parameter with unit, range and source, which checks itself.

`htm_brian.parameters.tables` puts them together, and `htm_brian.parameters.files` makes them from a
file.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import NamedTuple, TypeAlias

from brian2.units.fundamentalunits import Quantity, have_same_dimensions

from htm_brian.errors import InputError
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

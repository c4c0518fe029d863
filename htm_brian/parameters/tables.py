"""What a model file holds: parameters in tables, one a mechanism, and tables in a model.

Each says what is wrong with it; `htm_brian.parameters.files` makes them from a file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from brian2.units.fundamentalunits import have_same_dimensions

from htm_brian.errors import InputError, did_you_mean
from htm_brian.parameters.values import Key, Parameter, ParameterRow, Value
from htm_brian.units import parse_unit


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

"""What a group of cells is made of, before there is a group."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from brian2.equations.equations import Equations, SingleEquation
from brian2.units.fundamentalunits import Quantity

from htm_brian.errors import InputError, did_you_mean
from htm_brian.mechanisms.interface import Regular
from htm_brian.mechanisms.mechanism import variable_name
from htm_brian.parameters import Model


@dataclass(frozen=True)
class Design:
    """What a `NeuronGroup` of these cells is made of.

    Attributes
    ----------
    equations : Equations
        All of the cell.
    threshold, reset : str or None
        None where the cell does not spike.
    variables : dict of str to str
        What each variable that is no parameter of the model file means.
    compartments : list of str
        Their names, the soma first.
    method : str or None
        Brian2's integration method; None is that of `htm_brian.engine.integration`.
    constants : dict of str to Quantity
        Values of parameters that are taken from the geometry.
    at_rest : dict of str to str or Quantity
        What the state variables are set to that are not 0 at rest, as `NeuronGroup` takes it.
    tables : tuple of str
        Tables of the model file whose parameters are variables of the group.
    regularly : tuple of Regular
        What is done apart from the equations.
    """

    equations: Equations
    threshold: str | None
    reset: str | None
    variables: dict[str, str]
    compartments: list[str]
    method: str | None
    constants: dict[str, Quantity] = field(default_factory=dict)
    at_rest: dict[str, str | Quantity] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    regularly: tuple[Regular, ...] = ()


def vary_by_cell(
    equations: Equations,
    model: Model,
    per_cell: Collection[str],
    geometry: Mapping[str, Collection[str]] | None = None,
) -> Equations:
    """Return the equations with some parameters declared for each cell, not for the group.

    Parameters
    ----------
    equations : Equations
        As the mechanisms return them.
    model : Model
        Whose parameters they are.
    per_cell : collection of str
        Paths, ``table.key``, of parameters that stand in the equations, or of the geometry.
    geometry : mapping of str to collection of str, optional
        By path, the variables that are taken from a parameter of the geometry.
    """
    if isinstance(per_cell, str):
        raise InputError(f"per_cell must be a list of parameters, got the text {per_cell!r}")
    names: dict[str, str] = {}
    for path in per_cell:
        derived = [name for name in (geometry or {}).get(path, ()) if name in equations]
        if derived:
            names |= dict.fromkeys(derived, path)
            continue
        table, _, key = path.partition(".")
        name = variable_name(table, key)
        if path not in {row.path for row in model.rows()} or name not in equations:
            known = [
                row.path for row in model.rows() if variable_name(*row.path.split(".")) in equations
            ]
            raise InputError(
                f"unknown parameter {path!r} in per_cell{did_you_mean(path, known)} ({model.file})"
            )
        names[name] = path
    varied = _depending(equations, set(names))
    return Equations(
        [_of_each_cell(each) if each.varname in varied else each for each in equations.values()]
    )


def _depending(equations: Equations, names: set[str]) -> set[str]:
    """Return `names` and the shared expressions that depend on them."""
    while True:
        more = {
            each.varname
            for each in equations.values()
            if "shared" in each.flags and each.expr is not None and each.identifiers & names
        }
        if more <= names:
            return names
        names = names | more


def _of_each_cell(equation: SingleEquation) -> SingleEquation:
    """Return a shared parameter or expression as one of each cell."""
    flags = [flag for flag in equation.flags if flag != "shared"]
    return SingleEquation(
        equation.type, equation.varname, equation.dim, equation.var_type, equation.expr, flags
    )

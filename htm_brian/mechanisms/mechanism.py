"""What every mechanism shares: how its parameters are named, declared, set and shown.

A mechanism is a module with

- ``TABLE`` and ``KEYS``: its table in a model file, and the keys that it needs there;
- ``VARIABLES``: what its state variables and currents mean;
- ``equations(parameters)``: a pure function, the table in, Brian2 `Equations` out;
- ``ON_SPIKE``, where a spike changes its state: the reset statements.

Parameters stand in the equations under their names, as ``(shared, constant)`` variables of the
group. So a user changes one with ``cells.leak_conductance = 20*nS``, and a sweep in C++ standalone
changes it without compiling again. `assign` gives them the model's values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from brian2.equations.equations import (
    DIFFERENTIAL_EQUATION,
    PARAMETER,
    SUBEXPRESSION,
    Equations,
)
from brian2.groups.group import VariableOwner
from brian2.units import second

from htm_brian.parameters import Key, Model, Table

NEVER = -1e4 * second
"""Time of an event that has not happened yet."""

_UNPREFIXED = ("soma", "branch")
_BLOCKS = {
    (DIFFERENTIAL_EQUATION, False): "State",
    (SUBEXPRESSION, False): "Currents and other expressions",
    (SUBEXPRESSION, True): "Expressions, the same for all cells of the group",
    (PARAMETER, False): "Variables of each cell",
    (PARAMETER, True): "Parameters, the same for all cells of the group",
}


def variable_name(table: str, key: str) -> str:
    """Return the name that a parameter has in a group.

    Examples
    --------
    >>> variable_name("soma", "leak_conductance"), variable_name("basal", "leak_conductance")
    ('leak_conductance', 'basal_leak_conductance')
    """
    return key if table in _UNPREFIXED else f"{table}_{key}"


def declare(table: str, keys: Mapping[str, Key]) -> Equations:
    """Return the equations that declare a table's parameters, shared by the cells of a group."""
    return Equations(
        "\n".join(
            f"{variable_name(table, key)} : {declared.unit} (shared, constant)"
            for key, declared in keys.items()
        )
    )


def assign(group: VariableOwner, table: Table) -> None:
    """Set the parameters of `group` to the values of `table`."""
    for key, value in table.items():
        setattr(group, variable_name(table.name, key), value)


def describe(equations: Equations, meanings: Mapping[str, str], model: Model) -> str:
    """Return equations as Brian2 text, each line with its unit and a comment.

    Parameters
    ----------
    equations : Equations
        As the mechanisms return them.
    meanings : mapping of str to str
        What each variable that is no parameter stands for.
    model : Model
        Gives the parameters' values and sources.
    """
    comments = dict(meanings)
    for table in model.tables:
        for parameter in table.parameters:
            name = variable_name(table.name, parameter.key)
            comments[name] = f"{parameter.text}; {parameter.source}"
    blocks: dict[str, list[str]] = {title: [] for title in _BLOCKS.values()}
    for equation in equations.values():
        title = _BLOCKS[equation.type, "shared" in equation.flags]
        line = re.sub(r"\s*([*/])\s*", r"\1", str(equation))
        if equation.varname in comments:
            line += f"  # {comments[equation.varname]}"
        blocks[title].append(line)
    return "\n\n".join(
        "\n".join((f"# {title}", *lines)) for title, lines in blocks.items() if lines
    )

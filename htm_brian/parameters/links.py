"""Links: ``same_as = "other_model:table.key"`` says that a value is that of another model.

A sentence that quotes another file's value goes stale; a link is checked whenever a file is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from brian2.units.fundamentalunits import have_same_dimensions

from htm_brian.errors import InputError, did_you_mean
from htm_brian.parameters.tables import Model
from htm_brian.parameters.values import Parameter
from htm_brian.units import parse_unit

Find = Callable[[str], Model]
"""Gives the model of a name, or raises an `InputError`."""

TOLERANCE = 1e-9
"""Relative; the same value in another unit differs by rounding."""


def link_faults(model: Model, find: Find) -> Iterator[tuple[str, str]]:
    """Yield the path of each parameter whose link does not hold, and why in one line.

    Parameters
    ----------
    model : Model
        Whose links are followed, to their end.
    find : function
        Gives the model that a link names.
    """
    for table in model.tables:
        for parameter in table.parameters:
            if parameter.same_as:
                try:
                    _follow(model, parameter, find)
                except InputError as error:
                    yield parameter.path, f"same_as of {parameter.key}: {error}{parameter.where}"


def _follow(model: Model, parameter: Parameter, find: Find) -> None:
    """Hold a parameter against the one it links to, and so on, until a link leads nowhere."""
    passed = [f"{model.name}:{parameter.path}"]
    while parameter.same_as:
        target = _target(parameter.same_as, find)
        _compare(parameter, target)
        if parameter.same_as in passed:
            raise InputError(f"goes round in a circle: {' -> '.join([*passed, parameter.same_as])}")
        passed.append(parameter.same_as)
        parameter = target


def _target(link: str, find: Find) -> Parameter:
    """Return the parameter that a link leads to."""
    name, colon, path = link.partition(":")
    table, dot, key = path.partition(".")
    if not (name and colon and table and dot and key):
        raise InputError(f"must be written model:table.key, got {link!r}")
    model = find(name)
    if table not in model:
        known = [each.name for each in model.tables]
        raise InputError(f"{name} has no table [{table}]{did_you_mean(table, known)}")
    if key not in model[table]:
        raise InputError(f"[{table}] of {name} has no {key!r}{did_you_mean(key, model[table])}")
    return model[table].parameter(key)


def _compare(parameter: Parameter, target: Parameter) -> None:
    ours, theirs = parse_unit(parameter.unit), parse_unit(target.unit)
    same = have_same_dimensions(ours, theirs) and math.isclose(
        parameter.value * float(ours), target.value * float(theirs), rel_tol=TOLERANCE
    )
    if not same:
        raise InputError(
            f"the value must be {target.text}, as {parameter.same_as} has it, got "
            f"{parameter.text}; a value of its own has no link"
        )

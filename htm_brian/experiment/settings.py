"""Parameters of a protocol from text: ``name=value``, checked against the default's type and unit.

``period=20 ms``, ``cells=8``, ``currents=100 pA,200 pA``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np
from brian2.units.fundamentalunits import Quantity, have_same_dimensions

from htm_brian.errors import InputError, did_you_mean
from htm_brian.experiment.parameter_checks import check_field, check_parameters
from htm_brian.parameters.faults import shortened
from htm_brian.units import parse_unit

P = TypeVar("P")
_QUANTITY = re.compile(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*\*?\s*([A-Za-z].*)")


def with_settings(parameters: P, settings: Iterable[str]) -> P:
    """Return the parameters (a dataclass instance) with some values replaced.

    Raises
    ------
    InputError
        In one line that names the parameter, what it must be, and what was given.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from brian2 import ms
    >>> from htm_brian.experiment.protocol import quantity
    >>> @dataclass(frozen=True)
    ... class Parameters:
    ...     period: Quantity = quantity(50 * ms)
    ...     cells: int = 8
    >>> with_settings(Parameters(), ["period=20 ms"])
    Parameters(period=20. * msecond, cells=8)
    """
    known = {each.name: each for each in fields(parameters)}  # type: ignore[arg-type]
    hints = get_type_hints(type(parameters))
    changes = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        if not equals:
            raise InputError(f"{setting!r} is not a setting; write it as name=value")
        if name not in known:
            raise InputError(f"unknown parameter {name!r}{did_you_mean(name, known)}")
        value = _parse(name, text.strip(), getattr(parameters, name), hints[name])
        check_field(known[name], value)
        changes[name] = value
    changed = replace(parameters, **changes)  # type: ignore[type-var]
    check_parameters(changed)
    return changed


def _parse(name: str, text: str, default: Any, hint: Any) -> Any:
    """Read `text` as what the default is; where that is None, as what the type hint allows."""
    if isinstance(default, Quantity) and default.ndim == 0:
        return _parse_quantity(name, text, default)
    if isinstance(default, tuple) and default:
        return tuple(_parse(name, part.strip(), default[0], None) for part in text.split(","))
    allowed = get_args(hint)
    if NoneType in allowed and text.lower() == "none":
        return None
    kinds = [type(default)] if default is not None else [k for k in allowed if k is not NoneType]
    for kind in kinds:
        try:
            if kind is bool:
                return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
            if kind in (int, float, str) or (isinstance(kind, type) and issubclass(kind, Path)):
                return kind(text)
        except (ValueError, KeyError):
            continue
    wanted = {bool: "true or false", int: "an integer", float: "a number"}.get(
        kinds[0] if kinds else NoneType
    )
    if wanted is None:
        raise InputError(f"{name} cannot be set from text")
    raise InputError(f"{name} must be {wanted}, got {shortened(text)}")


def _parse_quantity(name: str, text: str, default: Quantity) -> Quantity:
    unit = default.get_best_unit()
    match = _QUANTITY.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        with np.errstate(over="ignore"):  # the check of the field says that it is not finite
            value = float(match[1]) * parse_unit(match[2])
    except ValueError:
        raise InputError(
            f"{name} must be a number with a unit like {unit}, got {shortened(text)}"
        ) from None
    if not have_same_dimensions(value, default):
        raise InputError(f"{name} must have a unit like {unit}, got {shortened(text)}")
    return value

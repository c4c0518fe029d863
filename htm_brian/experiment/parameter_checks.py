"""Parameters of a protocol, checked before anything runs.

Whatever a protocol asks of its own parameters, these hold for all of them, by the default that a
parameter has:

- it is of the default's kind: an integer, a finite number, a quantity of the same dimension, ...;
- a count, a share or a time is not negative where its default is not;
- a number lies within a factor of 1000 of its default, so that a slip in the unit is found; a seed
  is one that Brian2 takes;
- where the default names a model of the package, it is a model of that kind and level, without
  fault.

`within` and `choice` declare narrower bounds.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import MISSING, Field, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from brian2.units import second
from brian2.units.fundamentalunits import Quantity, have_same_dimensions

from htm_brian.errors import InputError, did_you_mean, listed
from htm_brian.experiment.model_kinds import load_checked
from htm_brian.parameters import list_models, load_model
from htm_brian.parameters.faults import shortened

FAR = 1000.0
"""So many times its default a number may be, unless its bounds are declared."""

LARGEST_SEED = 2**32 - 1
LARGEST_INTEGER = 2**31 - 1

_CHOICES = {"codegen": ("auto", "cython", "numpy")}
"""Choices of the parameters that have the same name in every protocol."""


def within(default: Any, low: Any = None, high: Any = None) -> Any:
    """Give a dataclass field a default and bounds; None leaves that side as it is for all.

    Parameters
    ----------
    default : int, float, Quantity or tuple of such
        A tuple's bounds are those of its elements.
    low, high : same as the default, or None
        Both belong to what is allowed.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Parameters:
    ...     share: float = within(0.5, 0.1, 0.9)
    >>> check_parameters(Parameters(share=1.0))
    Traceback (most recent call last):
    ...
    htm_brian.errors.InputError: share must lie in [0.1, 0.9], got 1
    """
    metadata = {"low": low, "high": high}
    return field(default_factory=lambda: default, metadata=metadata)


def choice(default: str, *others: str) -> Any:
    """Give a dataclass field a default and the texts that are allowed beside it."""
    return field(default=default, metadata={"choices": (default, *others)})


def check_parameters(parameters: Any) -> None:
    """Check the fields of a dataclass instance by their defaults and what they declare.

    Raises
    ------
    InputError
        In one line that names the parameter, what it must be, and what was given.
    """
    for each in fields(parameters):
        check_field(each, getattr(parameters, each.name))


def default_of(each: Field[Any]) -> Any:
    """Return the default of a dataclass field, ``dataclasses.MISSING`` where it has none."""
    if each.default is not MISSING:
        return each.default
    return MISSING if each.default_factory is MISSING else each.default_factory()


def check_field(each: Field[Any], value: Any) -> None:
    """Check the value of one field, where that has a default."""
    name, bounds, default = each.name, each.metadata, default_of(each)
    if default is MISSING or value is default or (value is None and "None" in str(each.type)):
        return
    if isinstance(default, tuple) and default:
        _check_tuple(name, value, default, bounds)
    elif isinstance(default, Quantity) and default.ndim == 0:
        _check_quantity(name, value, default, bounds)
    elif isinstance(default, bool):
        if not isinstance(value, bool):
            raise InputError(f"{name} must be true or false, got {shortened(value)}")
    elif isinstance(default, int | float):
        _check_number(name, value, default, bounds)
    elif isinstance(default, str):
        _check_text(name, value, default, bounds)


def _check_tuple(
    name: str, value: Any, default: tuple[Any, ...], bounds: Mapping[str, Any]
) -> None:
    if isinstance(value, str) or np.ndim(value) != 1:
        raise InputError(f"{name} must be a list, got {shortened(value)}")
    if len(value) == 0:
        raise InputError(f"{name} must hold at least one value, got none")
    if not isinstance(default[0], str | bool | int | float | Quantity):
        return
    largest = default[0] if isinstance(default[0], str) else max(default, key=abs)
    for element in value:
        if isinstance(largest, Quantity):
            _check_quantity(name, element, largest, bounds)
        elif isinstance(largest, int | float):
            _check_number(name, element, largest, bounds)
        else:
            _check_text(name, element, largest, bounds)


def _check_quantity(name: str, value: Any, default: Quantity, bounds: Mapping[str, Any]) -> None:
    unit = default.get_best_unit()
    try:
        same = have_same_dimensions(value, default)
    except TypeError:
        same = False
    if not same:
        raise InputError(f"{name} must have a unit like {unit}, got {shortened(value)}")
    if getattr(value, "ndim", 0) != 0:
        raise InputError(f"{name} must be one quantity like {default}, got {shortened(value)}")
    # In the default's unit: Brian2's search for the best one overflows where the number is huge.
    shown = f"{float(value) / float(unit):g} {unit}"
    if not math.isfinite(float(value)):
        raise InputError(f"{name} must be a finite quantity like {default}, got {shown}")
    if _out_of_bounds(value, bounds):
        raise InputError(f"{name} must {_bounds_as_text(bounds)}, got {shown}")
    is_time = have_same_dimensions(value, second)
    if is_time and value < 0 * second <= default:
        raise InputError(f"{name} must not be negative, got {shown}")
    if is_time and name.endswith("time_step") and value <= 0 * second:
        raise InputError(f"{name} must be positive, got {shown}")
    if not _declares(bounds):
        _check_factor(name, float(value), float(default), shown, str(default))


def _check_number(name: str, value: Any, default: float, bounds: Mapping[str, Any]) -> None:
    if isinstance(default, int):
        value = _as_integer(name, value)
    else:
        value = _as_number(name, value)
    if name == "seed":
        bounds = {"low": 0, "high": LARGEST_SEED}
    if _out_of_bounds(value, bounds):
        shown = shortened(value) if isinstance(value, int) else f"{value:g}"
        raise InputError(f"{name} must {_bounds_as_text(bounds)}, got {shown}")
    if _declares(bounds):
        return
    if value < 0 <= default:
        raise InputError(f"{name} must not be negative, got {shortened(value)}")
    if isinstance(default, int):
        if value > LARGEST_INTEGER:
            raise InputError(f"{name} must be at most {LARGEST_INTEGER}, got {shortened(value)}")
    else:
        _check_factor(name, value, default, f"{value:g}", f"{default:g}")


def _as_integer(name: str, value: Any) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise InputError(f"{name} must be an integer, got {shortened(value)}") from None


def _as_number(name: str, value: Any) -> float:
    try:
        if isinstance(value, bool | str) or not have_same_dimensions(value, 1):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} must be a plain number, got {shortened(value)}") from None
    if not math.isfinite(number):
        raise InputError(f"{name} must be a finite number, got {number}")
    return number


def _check_text(name: str, value: Any, default: str, bounds: Mapping[str, Any]) -> None:
    if not isinstance(value, str | Path):
        raise InputError(f"{name} must be text, got {shortened(value)}")
    choices = bounds.get("choices", _CHOICES.get(name))
    if choices and value not in choices:
        hint = did_you_mean(str(value), choices, "it")
        close = hint if hint.startswith("; did") else ""
        raise InputError(f"{name} must be one of {listed(choices)}, got {str(value)!r}{close}")
    if default in list_models():
        needed = load_model(default)
        load_checked(value, needed.kind, needed.level)


def _check_factor(name: str, value: float, default: float, shown: str, shown_default: str) -> None:
    reference = abs(default) if default else 1.0
    too_small = name.endswith("time_step") and 0 < value < reference / FAR
    if (default or isinstance(default, float)) and abs(value) > FAR * reference:
        raise InputError(
            f"{name} = {shown} is more than {FAR:g} times its default, {shown_default}; "
            "is the unit right?"
        )
    if too_small:
        raise InputError(
            f"{name} = {shown} is less than a {FAR:g}th of its default, {shown_default}; "
            "is the unit right?"
        )


def _declares(bounds: Mapping[str, Any]) -> bool:
    return bounds.get("low") is not None or bounds.get("high") is not None


def _out_of_bounds(value: Any, bounds: Mapping[str, Any]) -> bool:
    low, high = bounds.get("low"), bounds.get("high")
    return bool((low is not None and value < low) or (high is not None and value > high))


def _bounds_as_text(bounds: Mapping[str, Any]) -> str:
    low, high = bounds.get("low"), bounds.get("high")
    if high is None:
        return f"be at least {low}"
    return f"be at most {high}" if low is None else f"lie in [{low}, {high}]"

"""Checks of arguments: each returns the checked value or raises one clear line.

Every message names the parameter, what it must be, and what was given.
"""

import math
import operator
from typing import TypeVar

from htm_brian.errors import InputError

T = TypeVar("T")


def check_integer(name: str, value: object, low: int | None = None, high: int | None = None) -> int:
    """Return `value` as an int inside [`low`, `high`]; None leaves that side open."""
    wanted = f"{name} must be an integer"
    if isinstance(value, bool):
        raise InputError(f"{wanted}, got {value!r}")
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InputError(f"{wanted}, got {value!r}") from None
    return int(_check_range(name, number, low, high))


def check_number(
    name: str, value: object, low: float | None = None, high: float | None = None
) -> float:
    """Return `value` as a finite float inside [`low`, `high`]; None leaves that side open."""
    wanted = f"{name} must be a finite number"
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(f"{wanted}, got {value!r}") from None
    if not math.isfinite(number):
        raise InputError(f"{wanted}, got {value!r}")
    return _check_range(name, number, low, high)


def check_choice(name: str, value: T, choices: tuple[T, ...]) -> T:
    """Return `value` if it is one of `choices`."""
    if value not in choices:
        wanted = ", ".join(repr(choice) for choice in choices)
        raise InputError(f"{name} must be one of {wanted}, got {value!r}")
    return value


def _check_range(name: str, value: float, low: float | None, high: float | None) -> float:
    if (low is not None and value < low) or (high is not None and value > high):
        if low is None:
            wanted = f"must be at most {high}"
        elif high is None:
            wanted = f"must be at least {low}"
        else:
            wanted = f"must lie in [{low}, {high}]"
        raise InputError(f"{name} {wanted}, got {value}")
    return value

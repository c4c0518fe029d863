"""Checks of arguments: each returns the checked value or raises one clear line.

Every message names the parameter, what it must be, and what was given. A number with a unit (a
Brian2 quantity) is never read as a plain one: it is refused with the unit that a plain number is
counted in, or, where a time or a rate is asked for, converted. Nothing here imports Brian2; a
quantity is known by its dimensions.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.errors import InputError

T = TypeVar("T")

_NO_NUMBERS = (str, bytes, bytearray, bool, np.bool_, np.datetime64, np.timedelta64)
"""What Python turns into a float, though nobody means it as a number."""

_LONGEST = 60
"""Characters of a value that a message shows."""

_DIMENSIONS = {"s": "s", "Hz": "s^-1"}
"""How Brian2 writes the dimensions of the units that plain numbers may be given in instead."""

_EXAMPLES = {
    "s": "a number of seconds or a time such as 5*ms",
    "Hz": "a number in Hz or a rate such as 5*Hz",
}


def shown(value: object) -> str:
    """Return a value as a message shows it: on one line, and not too long."""
    try:
        # Brian2 looks for the best unit of a quantity, where huge ones overflow.
        with np.errstate(over="ignore"):
            text = " ".join(repr(value).split())
    except Exception:  # whatever a stranger's repr does, the message is about the argument
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def has_unit(value: object) -> bool:
    """Whether `value`, or what a list or tuple holds, is a quantity with a unit.

    Brian2's quantities and state variables are known by `dim`, those of Pint and of Neo by
    `dimensionality`.
    """
    if isinstance(value, list | tuple):
        return any(has_unit(each) for each in value)
    return _dimensions(value) is not None


def _dimensions(value: object) -> str | None:
    """Return the dimensions of a quantity as text, None where it has none."""
    dim = getattr(value, "dim", None)
    if dim is not None and hasattr(dim, "is_dimensionless"):
        return None if dim.is_dimensionless else str(dim)
    text = str(getattr(value, "dimensionality", ""))
    return None if text in ("", "dimensionless") else text


def check_plain(name: str, value: T, unit: str = "1") -> T:
    """Return `value` unless it is a quantity with a unit.

    Parameters
    ----------
    name : str
        What an error calls it.
    value : object
        A number, or a list or array of numbers.
    unit : str
        What a plain number is counted in; ``"1"`` for nothing.

    Examples
    --------
    >>> check_plain("radius", 0.5, "hours")
    0.5
    """
    if has_unit(value):
        counted = "without a unit" if unit == "1" else f"in {unit}"
        raise InputError(f"{name} must be a plain number {counted}, got {shown(value)}")
    return value


def check_integer(name: str, value: object, low: int | None = None, high: int | None = None) -> int:
    """Return `value` as an int inside [`low`, `high`]; None leaves that side open."""
    wanted = f"{name} must be an integer"
    check_plain(name, value)
    if isinstance(value, bool | np.bool_):
        raise InputError(f"{wanted}, got {value!r}")
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InputError(f"{wanted}, got {shown(value)}") from None
    return int(_check_range(name, number, low, high))


def check_number(
    name: str,
    value: object,
    low: float | None = None,
    high: float | None = None,
    unit: str = "1",
) -> float:
    """Return `value` as a finite float inside [`low`, `high`]; None leaves that side open.

    A quantity is refused; `unit` is what the message then asks a plain number in.
    """
    number = _as_float(name, check_plain(name, value, unit), "a finite number")
    return _check_range(name, number, low, high)


def check_positive(name: str, value: object, high: float | None = None, unit: str = "1") -> float:
    """Return `value` as a finite float above zero and at most `high`."""
    number = check_number(name, value, unit=unit)
    if number <= 0 and high is None:
        raise InputError(f"{name} must be positive, got {shown(value)}")
    if number <= 0 or (high is not None and number > high):
        raise InputError(f"{name} must lie in (0, {high}], got {shown(value)}")
    return number


def check_time(
    name: str, value: object, low: float | None = None, high: float | None = None
) -> float:
    """Return a time in seconds, given so or as a quantity, inside [`low`, `high`] seconds.

    Examples
    --------
    >>> from brian2.units import ms
    >>> check_time("start", 0.05), check_time("start", 50 * ms)
    (0.05, 0.05)
    """
    return _check_quantity(name, value, "s", low, high)


def check_rate(
    name: str, value: object, low: float | None = None, high: float | None = None
) -> float:
    """Return a rate in Hz, given so or as a quantity, inside [`low`, `high`] Hz."""
    return _check_quantity(name, value, "Hz", low, high)


def _check_quantity(
    name: str, value: object, unit: str, low: float | None, high: float | None
) -> float:
    if _dimensions(value) not in (None, _DIMENSIONS[unit]) or isinstance(value, list | tuple):
        raise InputError(f"{name} must be {_EXAMPLES[unit]}, got {shown(value)}")
    return _check_range(name, _as_float(name, value, "a finite number"), low, high)


def _as_float(name: str, value: object, what: str) -> float:
    wanted = f"{name} must be {what}"
    try:
        if isinstance(value, _NO_NUMBERS) or np.ndim(value) > 0:  # type: ignore[arg-type]
            raise TypeError
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(f"{wanted}, got {shown(value)}") from None
    except OverflowError:
        raise InputError(f"{wanted}, got one that is too large") from None
    if not math.isfinite(number):
        raise InputError(f"{wanted}, got {number}")
    return number


def check_choice(name: str, value: T, choices: tuple[T, ...]) -> T:
    """Return `value` if it is one of `choices`."""
    if not any(isinstance(value, type(each)) and value == each for each in choices):
        wanted = ", ".join(repr(choice) for choice in choices)
        raise InputError(f"{name} must be one of {wanted}, got {shown(value)}")
    return value


def check_text(name: str, value: object) -> str:
    """Return `value` if it is text."""
    if not isinstance(value, str):
        raise InputError(f"{name} must be text, got {shown(value)}")
    return value


def check_truth(name: str, value: object) -> bool:
    """Return `value` if it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def check_mapping(name: str, value: object) -> Mapping[Any, Any]:
    """Return `value` if it is a dict or another mapping."""
    if not isinstance(value, Mapping):
        raise InputError(f"{name} must be a mapping such as a dict, got {shown(value)}")
    return value


def check_integers(
    name: str, values: ArrayLike, low: int | None = None, high: int | None = None
) -> NDArray[np.int64]:
    """Return a sequence of integers inside [`low`, `high`] as an array of shape (n,)."""
    array = _as_array(name, check_plain(name, values))
    if array.ndim != 1:
        raise InputError(f"{name} must have one dimension, got {array.ndim}")
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.dtype.kind not in "iu":
        raise InputError(f"{name} must hold integers, got {array.dtype}")
    for outside in (array.min(), array.max()):
        if (low is not None and outside < low) or (high is not None and outside > high):
            _check_range(name, int(outside), low, high)
    return array.astype(np.int64)


def check_numbers(
    name: str,
    values: ArrayLike,
    low: float | None = None,
    high: float | None = None,
    *,
    unit: str = "1",
    ndim: int | None = 1,
    finite: bool = True,
) -> NDArray[np.float64]:
    """Return an array of numbers inside [`low`, `high`].

    Parameters
    ----------
    name : str
        What an error calls them.
    values : array_like of float
        Without a unit; `unit` is what the message then asks plain numbers in.
    low, high : float, optional
        Bounds of each number that is not NaN.
    unit : str
        What plain numbers are counted in.
    ndim : int or None
        Dimensions that the array must have; None leaves them open.
    finite : bool
        Whether NaN and infinity are refused.
    """
    return _checked_numbers(name, check_plain(name, values, unit), low, high, ndim, finite)


def check_times(
    name: str,
    values: ArrayLike,
    *,
    ndim: int | None = 1,
    finite: bool = True,
) -> NDArray[np.float64]:
    """Return an array of times in seconds, given so or as quantities."""
    parts = values if isinstance(values, list | tuple) else [values]
    if any(_dimensions(part) not in (None, _DIMENSIONS["s"]) for part in parts):
        raise InputError(
            f"{name} must be times, in seconds or such as [5, 6]*ms, got {shown(values)}"
        )
    return _checked_numbers(name, values, None, None, ndim, finite)


def _checked_numbers(
    name: str,
    values: ArrayLike,
    low: float | None,
    high: float | None,
    ndim: int | None,
    finite: bool,
) -> NDArray[np.float64]:
    array = _as_array(name, values)
    if ndim is not None and array.ndim != ndim:
        dimensions = "one dimension" if ndim == 1 else f"{ndim} dimensions"
        raise InputError(f"{name} must have {dimensions}, got {array.ndim}")
    if array.size == 0:
        return np.empty(array.shape)
    if array.dtype.kind not in "iuf":
        raise InputError(f"{name} must hold numbers, got {array.dtype}")
    array = array.astype(np.float64)
    if finite and not np.isfinite(array).all():
        raise InputError(f"{name} must be finite, got {array[~np.isfinite(array)].flat[0]}")
    for bound, outside in ((low, array < (low or 0)), (high, array > (high or 0))):
        if bound is not None and outside.any():
            _check_range(name, float(array[outside].flat[0]), low, high)
    return array


def _as_array(name: str, values: ArrayLike) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} must be an array of numbers, got {shown(values)}") from None


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

"""Checks of a protocol's quantities: dimension and range, in one line that names the parameter."""

from __future__ import annotations

import numpy as np
from brian2.units.fundamentalunits import Quantity, have_same_dimensions

from htm_brian.errors import InputError


def check_quantity(
    name: str,
    value: Quantity,
    unit: Quantity,
    *,
    positive: bool = False,
    low: Quantity | None = None,
    high: Quantity | None = None,
) -> Quantity:
    """Return the quantity if it is one finite value in the range.

    Parameters
    ----------
    name : str
        Of the parameter.
    value : Quantity
        What was given.
    unit : Quantity
        Of the same dimension, for the message too.
    positive : bool
        Whether it must exceed zero.
    low, high : Quantity, optional
        Least and greatest value.

    Raises
    ------
    InputError
        If it has another dimension, is not finite, or lies outside the range.

    Examples
    --------
    >>> from brian2 import ms, mV, second
    >>> check_quantity("delay", 3 * ms, second, positive=True)
    3. * msecond
    >>> check_quantity("delay", 3 * mV, second)
    Traceback (most recent call last):
        ...
    htm_brian.errors.InputError: delay must have a unit like s, got 3. mV
    """
    if not have_same_dimensions(value, unit):
        raise InputError(f"{name} must have a unit like {unit}, got {value}")
    if np.ndim(value) != 0 or not np.isfinite(value):
        raise InputError(f"{name} must be one finite value, got {value}")
    if positive and not value > 0 * unit:
        raise InputError(f"{name} must be positive, got {value}")
    if low is not None and value < low:
        raise InputError(f"{name} must be at least {low}, got {value}")
    if high is not None and value > high:
        raise InputError(f"{name} must be at most {high}, got {value}")
    return value

"""Checks of what is given to the closed forms of `theory`, and the shape of what they return."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.log_probability import FloatArray


def result(log_probability: FloatArray, log10: bool) -> float | FloatArray:
    """Return probabilities, or their decimal logarithms, from natural logarithms."""
    with np.errstate(over="ignore"):
        value = log_probability / np.log(10.0) if log10 else np.exp(log_probability)
    return float(value) if value.ndim == 0 else value


def population(
    n: ArrayLike, a: ArrayLike, s: ArrayLike | None = None
) -> tuple[NDArray[np.int64], ...]:
    """Return cells, active ones and, if given, synapses, each checked against the others."""
    cells, active = integers("n", n), integers("a", a)
    require(active <= cells, "a must be at most n", active)
    if s is None:
        return cells, active
    synapses = integers("s", s)
    require(synapses <= cells, "s must be at most n", synapses)
    return cells, active, synapses


def integers(name: str, value: ArrayLike) -> NDArray[np.int64]:
    """Return integers of at least 0."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be an integer or an array of integers, got {value!r}")
    require(array >= 0, f"{name} must be at least 0", array)
    return array.astype(np.int64)


def probabilities(name: str, value: ArrayLike) -> FloatArray:
    """Return numbers in [0, 1]."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or an array of numbers, got {value!r}")
    require((array >= 0) & (array <= 1), f"{name} must lie in [0, 1]", array)
    return array.astype(np.float64)


def require(fulfilled: NDArray[np.bool_], wanted: str, value: NDArray[np.generic]) -> None:
    """Raise a ValueError that names the first value that does not fulfil what is wanted."""
    fulfilled, value = np.broadcast_arrays(fulfilled, value)
    if not fulfilled.all():
        raise ValueError(f"{wanted}, got {value[~fulfilled].flat[0]}")

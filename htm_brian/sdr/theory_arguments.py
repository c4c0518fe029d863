"""Checks of what is given to the closed forms of `theory`, and the shape of what they return."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_plain, shown
from htm_brian.errors import InputError
from htm_brian.sdr.log_probability import FloatArray

MAX_SYNAPSES = 10_000_000
"""Sums over the synapses of a segment have as many terms; more would take gigabytes."""


LARGEST = 2**53
"""Above, integers have no exact counterpart among the floats that sums are taken of."""


def result(log_probability: FloatArray, log10: bool) -> float | FloatArray:
    """Return probabilities, or their decimal logarithms, from natural logarithms."""
    with np.errstate(over="ignore"):
        value = log_probability / np.log(10.0) if log10 else np.exp(log_probability)
    return float(value) if value.ndim == 0 else value


def population(n: ArrayLike, a: ArrayLike, *s: ArrayLike) -> tuple[NDArray[np.int64], ...]:
    """Return cells, active ones and, if given, synapses, each checked against the others."""
    cells, active = integers("n", n), integers("a", a)
    if not s:
        check_shapes(n=cells, a=active)
        require(active <= cells, "a must be at most n", active)
        return cells, active
    synapses = integers("s", s[0])
    check_shapes(n=cells, a=active, s=synapses)
    require(active <= cells, "a must be at most n", active)
    require(synapses <= cells, "s must be at most n", synapses)
    return cells, active, synapses


def counts(s: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return all numbers of synapses that may be active, up to the largest `s`."""
    require(s <= MAX_SYNAPSES, f"s must be at most {MAX_SYNAPSES}", s)
    return np.arange(int(np.max(s, initial=0)) + 1)


def integers(name: str, value: ArrayLike) -> NDArray[np.int64]:
    """Return integers of at least 0."""
    wanted = f"{name} must be an integer or an array of integers"
    array = _array(name, wanted, value)
    if array.dtype.kind not in "iu":
        raise InputError(f"{wanted}, got {_shown(value, array)}")
    require(array >= 0, f"{name} must be at least 0", array)
    require(array <= LARGEST, f"{name} must be at most {LARGEST}", array)
    return array.astype(np.int64)


def numbers(name: str, value: ArrayLike) -> FloatArray:
    """Return numbers, whatever they are."""
    wanted = f"{name} must be a number or an array of numbers"
    array = _array(name, wanted, value)
    if array.dtype.kind not in "iuf":
        raise InputError(f"{wanted}, got {_shown(value, array)}")
    return array.astype(np.float64)


def probabilities(name: str, value: ArrayLike) -> FloatArray:
    """Return numbers in [0, 1]."""
    array = numbers(name, value)
    require((array >= 0) & (array <= 1), f"{name} must lie in [0, 1]", np.asarray(value))
    return array


def check_shapes(**arrays: NDArray[np.generic]) -> None:
    """Raise an InputError that names all arguments where they do not broadcast."""
    try:
        np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} of shape {array.shape}" for name, array in arrays.items())
        raise InputError(f"{shapes} do not broadcast") from None


def _array(name: str, wanted: str, value: ArrayLike) -> NDArray[Any]:
    try:
        return np.asarray(check_plain(name, value))
    except InputError:
        raise
    except ValueError:
        raise InputError(f"{wanted}, got lists of unequal length") from None


def _shown(value: ArrayLike, array: NDArray[np.generic]) -> str:
    return shown(value) if array.ndim == 0 else f"an array of {array.dtype}"


def require(fulfilled: NDArray[np.bool_], wanted: str, value: NDArray[np.generic]) -> None:
    """Raise an InputError that names the first value that does not fulfil what is wanted."""
    fulfilled, value = np.broadcast_arrays(fulfilled, value)
    if not fulfilled.all():
        raise InputError(f"{wanted}, got {value[~fulfilled].flat[0]}")

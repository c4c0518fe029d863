"""The parameters that a fit may choose, between bounds that it may not touch.

They are those with a range ``free`` in the model file. A search sees each as a number from 0 to 1
between its bounds, on a logarithmic scale where these are a factor of ten or more apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.errors import InputError
from htm_brian.parameters import Model
from htm_brian.units import parse_unit

Array = NDArray[np.float64]

DECADE = 10.0
EDGE = 0.01
"""Share of a range: a fitted value nearer than this to a bound is at the bound."""
CHANGE = 0.1
"""Share of its value by which each parameter is changed to see what survives."""


@dataclass(frozen=True)
class Free:
    """One parameter that a fit may choose.

    Attributes
    ----------
    path, unit : str
    value, low, high : float
        Of the model, and the bounds, in `unit`.
    least, most : float
        The physical range, in `unit`.
    source : str
        Of the bounds.
    """

    path: str
    unit: str
    value: float
    low: float
    high: float
    least: float
    most: float
    source: str

    @property
    def logarithmic(self) -> bool:
        """Whether the search takes its logarithm."""
        return self.low > 0 and self.high >= DECADE * self.low

    @property
    def scale(self) -> float:
        """The unit in SI units."""
        return 1.0 if self.unit == "1" else float(parse_unit(self.unit))

    def at(self, share: ArrayLike) -> Array:
        """Return values, in `unit`, for shares of the range."""
        x = np.asarray(share, dtype=np.float64)
        if self.logarithmic:
            return np.asarray(self.low * (self.high / self.low) ** x)
        return np.asarray(self.low + (self.high - self.low) * x)

    def share(self, value: ArrayLike) -> Array:
        """Return where values, in `unit`, lie in the range: 0 at the low end, 1 at the high."""
        v = np.asarray(value, dtype=np.float64)
        if self.logarithmic:
            return np.asarray(np.log(v / self.low) / np.log(self.high / self.low))
        return np.asarray((v - self.low) / (self.high - self.low))


def free_parameters(model: Model) -> tuple[Free, ...]:
    """Return the parameters of a model that a fit may choose, in the order of the file.

    Raises
    ------
    InputError
        If there is none.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> free_parameters(load_model("l5_thick_tufted"))[0].path
    'soma.membrane_capacitance'
    """
    found = tuple(
        Free(p.path, p.unit, p.value, p.free.low, p.free.high, p.low, p.high, p.free.source)
        for table in model.tables
        for p in table.parameters
        if p.free is not None
    )
    if not found:
        raise InputError(
            f"{model.name} has no parameter that a fit may choose; give one a range: "
            f'free = {{ low = ..., high = ..., source = "..." }} ({model.file})'
        )
    return found


def values_at(free: Sequence[Free], shares: Array) -> dict[str, Array]:
    """Return values in SI units, by path, for candidates.

    Parameters
    ----------
    free : sequence of Free
    shares : ndarray of shape (n_candidates, n_free)
    """
    return {each.path: each.scale * each.at(shares[:, k]) for k, each in enumerate(free)}


def own_values(free: Sequence[Free]) -> dict[str, Array]:
    """Return the model's own values in SI units, by path, as one candidate."""
    return {each.path: np.array([each.scale * each.value]) for each in free}


def at_bounds(free: Sequence[Free], shares: Array) -> list[Free]:
    """Return the parameters of one candidate that are within 1 % of a bound."""
    return [each for each, x in zip(free, shares, strict=True) if not EDGE <= float(x) <= 1 - EDGE]


def neighbours(free: Sequence[Free], values: Mapping[str, Array], rest: float) -> dict[str, Array]:
    """Return the candidates and all cells that differ from them by 10 % of one parameter.

    Potentials change by 10 % of their distance from rest; nothing leaves its physical range.

    Parameters
    ----------
    free : sequence of Free
    values : mapping of str to ndarray of shape (n_candidates,)
        In SI units.
    rest : float
        The resting potential in volts.

    Returns
    -------
    dict of str to ndarray of shape (n_candidates * (1 + 2 n_free),)
        Each candidate, then its neighbours: the first parameter lowered and raised, and so on.
    """
    found = {
        path: np.repeat(its[:, None], 1 + 2 * len(free), axis=1) for path, its in values.items()
    }
    for k, each in enumerate(free):
        its = found[each.path]
        origin = rest if each.unit.endswith("V") else 0.0
        step = CHANGE * (its[:, 0] - origin)
        low, high = each.scale * each.least, each.scale * each.most
        its[:, 1 + 2 * k] = np.clip(its[:, 0] - step, low, high)
        its[:, 2 + 2 * k] = np.clip(its[:, 0] + step, low, high)
    return {path: its.ravel() for path, its in found.items()}


def survival(holding: NDArray[np.bool_], n_free: int) -> Array:
    """Return in what share of its neighbours each check of a candidate holds.

    Parameters
    ----------
    holding : ndarray of shape (n_candidates * (1 + 2 n_free), n_targets)
        In the order of `neighbours`.
    n_free : int

    Returns
    -------
    ndarray of shape (n_candidates, n_targets)
    """
    by_candidate = holding.reshape(-1, 1 + 2 * n_free, holding.shape[1])
    return np.asarray(by_candidate[:, 1:].mean(axis=1))

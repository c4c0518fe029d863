"""What new synapses are given: variables with their units, delays, numbers of contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2.synapses.synapses import Synapses, SynapticPathway
from brian2.units.allunits import second
from brian2.units.fundamentalunits import (
    DIMENSIONLESS,
    Dimension,
    Quantity,
    get_unit,
    have_same_dimensions,
)
from numpy.typing import NDArray

from htm_brian.arguments import shown
from htm_brian.engine.arrays import ends, raw
from htm_brian.engine.rewired_pathway import pathways
from htm_brian.engine.slots_in_use import IN_USE
from htm_brian.errors import InputError, did_you_mean
from htm_brian.synapses.plasticity.online import OnlineRule

NOW = "t"
"""What a rule calls the present in its first state."""

LAST_UPDATE = "lastupdate"
"""Time up to which Brian2 has integrated the event-driven equations of a synapse."""


def new_state(
    synapses: Synapses, names: Sequence[str], number: int, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return for each variable its values at new synapses, without units.

    Parameters
    ----------
    synapses : Synapses
    names : sequence of str
        The variables that each synapse has a value of.
    number : int
        How many new synapses there are.
    given : mapping of str to Quantity, number or array
        By variable; what is left out is what the rule of the synapses begins with, if they have
        one, or 0, and `LAST_UPDATE` the time now.

    Raises
    ------
    InputError
        Where there is no such variable, or a value has another unit or number.
    """
    for name in given:
        if name not in names:
            hint = did_you_mean(name, names, "variables of each synapse")
            raise InputError(f"{synapses.name} has no variable {name!r}{hint}")
    values: dict[str, Any] = dict.fromkeys(names, 0)
    now = raw(synapses, "t").item()
    rule = getattr(synapses, "rule", None)
    first = rule.initial_state() if isinstance(rule, OnlineRule) else {}
    for name, value in {LAST_UPDATE: NOW, **first}.items():
        if name in values:
            values[name] = now if isinstance(value, str) else float(value)
    for name, value in given.items():
        values[name] = _plain(name, value, synapses.variables[name].dim, number)
    return values


def set_delays(
    synapses: Synapses, number: int, given: Quantity | Mapping[str, Quantity] | None
) -> list[tuple[SynapticPathway, Any]]:
    """Return the delays of new synapses in seconds, for each pathway that has one for each.

    Raises
    ------
    InputError
        Where a pathway does not exist or has one delay for all, or a delay is not one.
    """
    by_name = {"pre": given} if given is not None and not isinstance(given, Mapping) else given
    known = {pathway.objname: pathway for pathway in pathways(synapses)}
    varied = {name: each for name, each in known.items() if not each.variables["delay"].scalar}
    delays: dict[str, Any] = dict.fromkeys(varied, 0.0)
    for name, value in (by_name or {}).items():
        if name not in varied:
            wanted = "has one delay for all synapses" if name in known else "does not exist"
            raise InputError(f"delay must be of pathways with one for each, but {name!r} {wanted}")
        delays[name] = _plain(f"delay of {name}", value, second.dim, number)
        if np.any(~(np.asarray(delays[name]) >= 0)):
            raise InputError(f"delay of {name} must be at least 0 s, got {shown(value)}")
    return [(varied[name], value) for name, value in delays.items()]


def contact_numbers(
    synapses: Synapses, slots: NDArray[np.int32], pre: NDArray[np.int32], post: NDArray[np.int32]
) -> list[int]:
    """Return for each new synapse the lowest number that no other of its two cells has.

    Parameters
    ----------
    synapses : Synapses
        With a multisynaptic index.
    slots, pre, post : ndarray of int, shape (n_synapses,)
        Where the new synapses come, and their cells as Brian2 counts them.
    """
    used = raw(synapses, IN_USE).copy()
    used[slots] = False
    others = np.flatnonzero(used)
    its_pre, its_post = (each[others] for each in ends(synapses))
    near = np.isin(its_pre, pre)
    numbers = raw(synapses, synapses.multisynaptic_index)[others[near]]
    taken: dict[tuple[int, int], set[int]] = {}
    for i, j, number in zip(its_pre[near], its_post[near], numbers, strict=True):
        taken.setdefault((int(i), int(j)), set()).add(int(number))
    found = []
    for i, j in zip(pre, post, strict=True):
        there = taken.setdefault((int(i), int(j)), set())
        lowest = next(number for number in range(len(there) + 1) if number not in there)
        there.add(lowest)
        found.append(lowest)
    return found


def _plain(name: str, value: Any, dimension: Dimension, number: int) -> Any:
    """Return a value without its unit, or an array of one for each synapse."""
    if not have_same_dimensions(value, get_unit(dimension)):
        plain = dimension is DIMENSIONLESS
        unit = "a plain number" if plain else f"in a unit like {get_unit(dimension)!r}"
        raise InputError(f"{name} must be {unit}, got {shown(value)}")
    array = np.asarray(value)
    if array.ndim > 1 or (array.ndim == 1 and len(array) != number):
        raise InputError(
            f"{name} must be one number or {number}, one for each synapse, got shape {array.shape}"
        )
    return array

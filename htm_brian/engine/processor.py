"""Two things that processors are slow at, and how a group keeps clear of them.

At full HTM size an array has 2^16 numbers, and all arrays begin at the same place of a page of
memory. The numbers of one cell then compete for the same few lines of the cache: a loop over ten
arrays, such as a state update, takes a third longer than it must.

What decays ends as a subnormal number, below 2e-308, and stays there, since its next step is
rounded away. Arithmetic with such numbers takes many times as long; a cell gets there within some
hundred elements of silence.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from brian2.core.variables import ArrayVariable, DynamicArrayVariable
from brian2.devices.device import get_device
from brian2.groups.group import VariableOwner
from numpy.typing import NDArray

from htm_brian.engine.versions import objection

PAGE = 4096
_STRIDE = 7 * 64  # some lines of the cache
_FADED = 1e-200


def keep_apart(group: VariableOwner) -> None:
    """Move the variables of `group` so that they share no cache lines; runtime device only.

    Parameters
    ----------
    group : VariableOwner
        Before its first run. Arrays that were taken from it earlier are no longer its own.
    """
    if objection():
        return
    arrays = get_device().arrays
    own = [
        variable
        for variable in group.variables.values()
        if isinstance(variable, ArrayVariable)
        and not isinstance(variable, DynamicArrayVariable)
        and not variable.scalar
        and variable.owner is not None
        and variable.owner.name == group.name
    ]
    for number, variable in enumerate(own):
        arrays[variable] = moved(arrays[variable], number * _STRIDE % PAGE)


def drop_faded(group: VariableOwner, names: Iterable[str]) -> None:
    """Set to zero what is smaller than any quantity in any unit, and not subnormal yet.

    Parameters
    ----------
    group : VariableOwner
    names : iterable of str
        Variables that decay towards zero.
    """
    for name in names:
        values = group.variables[name].get_value()
        values[np.abs(values) < _FADED] = 0.0


def moved(array: NDArray, offset: int) -> NDArray:
    """Return a copy that begins `offset` bytes behind the beginning of a page of memory."""
    room = np.empty(array.nbytes + 2 * PAGE, dtype=np.uint8)
    start = -room.ctypes.data % PAGE + offset
    copy: NDArray = room[start : start + array.nbytes].view(array.dtype)
    copy[:] = array
    return copy

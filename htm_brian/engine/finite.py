"""Stop a run whose state is no longer finite, and say which group, variable, cell and time."""

from __future__ import annotations

import numpy as np
from brian2.core.operations import NetworkOperation
from brian2.groups.neurongroup import NeuronGroup
from brian2.units import ms
from brian2.units.fundamentalunits import Quantity

from htm_brian.engine.arrays import raw
from htm_brian.errors import NotFiniteError


class FiniteGuard(NetworkOperation):
    """Look at all state variables of a group from time to time; raise where one is not finite.

    For runtime mode: C++ standalone runs no Python.

    Parameters
    ----------
    group : NeuronGroup
        Its differential equations' variables are looked at.
    dt : Quantity
        From one look to the next.

    Raises
    ------
    NotFiniteError
        In the run, at the first look that finds such a value. It is a `FloatingPointError`.

    Examples
    --------
    >>> from brian2 import Network, NeuronGroup, ms
    >>> cells = NeuronGroup(2, "dx/dt = x**2/ms : 1", method="euler", name="cells")
    >>> cells.x = [0, 1e200]
    >>> import numpy
    >>> with numpy.errstate(all="ignore"):
    ...     Network(cells, FiniteGuard(cells)).run(5*ms)    # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    htm_brian.errors.NotFiniteError: x of cells[1] is inf at 0 ms; ...
    """

    def __init__(self, group: NeuronGroup, dt: Quantity = 1 * ms) -> None:
        self._group = group
        super().__init__(lambda: require_finite(group), dt=dt, when="end")


def require_finite(group: NeuronGroup) -> None:
    """Look at all state variables of a group.

    Parameters
    ----------
    group : NeuronGroup
        Its differential equations' variables are looked at.

    Raises
    ------
    NotFiniteError
        Where one is not finite.
    """
    for name in sorted(group.equations.diff_eq_names):
        values = raw(group, name)
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(values.sum()):  # which takes a fifth of the time
                continue
        finite = np.isfinite(values)
        if not finite.all():
            cell, now = int(np.argmin(finite)), float(raw(group, "t")[0])
            raise NotFiniteError(
                f"{name} of {group.name}[{cell}] is {values[cell]} at {now * 1e3:g} ms; take a "
                f"shorter time step than {group.clock.dt}, or weaker input"
            )

"""Stop a run whose state is no longer finite, and say which group, variable, cell and time."""

from __future__ import annotations

import numpy as np
from brian2.core.operations import NetworkOperation
from brian2.groups.neurongroup import NeuronGroup
from brian2.units import ms
from brian2.units.fundamentalunits import Quantity

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
        names = group.equations.diff_eq_names
        self._values = {name: group.variables[name] for name in sorted(names)}
        super().__init__(self._look, dt=dt, when="end")

    def _look(self, t: Quantity) -> None:
        for name, variable in self._values.items():
            values = variable.get_value()
            if not np.isfinite(values).all():
                cell = int(np.argmin(np.isfinite(values)))
                raise NotFiniteError(
                    f"{name} of {self._group.name}[{cell}] is {values[cell]} at {t / ms:g} ms; "
                    f"take a shorter time step than {self._group.clock.dt}, or weaker input"
                )

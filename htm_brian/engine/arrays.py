"""The memory behind a group's variables, for what Brian2 has no public way to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from brian2.core.clocks import Clock
from brian2.core.variables import DynamicArrayVariable
from brian2.groups.group import VariableOwner
from brian2.monitors.spikemonitor import EventMonitor
from brian2.synapses.synapses import Synapses
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray


def raw(group: VariableOwner, name: str) -> NDArray[Any]:
    """Return the array of a variable, without its unit; what is written to it is the variable's.

    Parameters
    ----------
    group : VariableOwner
        Of Brian2's runtime device.
    name : str
        One of its variables that has an array.

    Returns
    -------
    ndarray
        Until the variable is resized: a monitor's by the next run, that of synapses when synapses
        are made. After that the memory may be another's, so do not keep it.
    """
    values: NDArray[Any] = group.variables[name].get_value()
    return values


def ends(synapses: Synapses) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the cells that each synapse comes from and goes to, writable.

    They are counted from the first cell of the whole group, also where source or target is a
    subgroup. A spike queue of Brian2's does not notice what is written here.
    """
    return raw(synapses, "_synaptic_pre"), raw(synapses, "_synaptic_post")


def per_synapse(synapses: Synapses) -> list[str]:
    """Return the names of the variables that have a value for each synapse, but not its cells."""
    # Brian2 calls the cells i and j, too.
    cells = {synapses.variables["_synaptic_pre"], synapses.variables["_synaptic_post"]}
    registered = set(synapses._registered_variables) - cells
    return sorted(
        name
        for name, variable in synapses.variables.items()
        if variable in registered and not name.startswith("_")
    )


def enlarge(synapses: Synapses, number: int) -> None:
    """Make room for `number` synapses, from cell 0 to cell 0 and with zeros for values."""
    synapses._resize(number)


def note_sizes(group: VariableOwner) -> None:
    """Let the variables of a group know how long their arrays are, before they are stored.

    From Brian2 2.10 on compiled monitors make their arrays longer themselves and do not say so;
    what is stored then cannot be restored.
    """
    for variable in group.variables.values():
        if isinstance(variable, DynamicArrayVariable):
            shape = np.shape(variable.get_value())
            variable.size = shape[0] if len(shape) == 1 else shape


def empty(monitor: EventMonitor) -> None:
    """Let a monitor forget the events that it recorded, but not their count by cell."""
    monitor.resize(0)
    raw(monitor, "N")[0] = 0


def sum_with(synapses: Synapses, clock: Clock) -> None:
    """Let the summed variables of `synapses` be summed at the end of the time steps of `clock`.

    Brian2 sums at the time steps of the target.
    """
    for updater in synapses.summed_updaters.values():
        updater._clock, updater.when = clock, "end"


def set_clocks(clocks: Iterable[Clock], time: Quantity) -> None:
    """Set clocks to their first time step at `time` or after it.

    Brian2 makes a text for its log each time, with the units of time and step, which takes longer
    than all else; it is left to do so where the step has changed.
    """
    seconds = float(time)
    for clock in clocks:
        if type(clock) is not Clock or clock._old_dt not in (None, clock.dt_):
            clock._set_t_update_dt(target_t=time)
            continue
        step = clock._calc_timestep(seconds)
        clock.variables["timestep"].set_value(step)
        clock.variables["t"].set_value(step * clock.dt_)

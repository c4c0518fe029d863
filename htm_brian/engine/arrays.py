"""The memory behind a group's variables, for what Brian2 has no public way to do."""

from __future__ import annotations

from typing import Any

from brian2.core.clocks import Clock
from brian2.groups.group import VariableOwner
from brian2.monitors.spikemonitor import EventMonitor
from brian2.synapses.synapses import Synapses
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


def enlarge(synapses: Synapses, number: int) -> None:
    """Make room for `number` synapses, from cell 0 to cell 0 and with zeros for values."""
    synapses._resize(number)


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

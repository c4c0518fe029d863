"""Time that passes without time steps, where nothing happens in it.

A network whose cells are at rest and whose synapses compute at events only has nothing to do for
hours of an experiment, and Brian2 would step through them. `leap` sets its clocks ahead instead.
What has closed forms between events finds the time passed when it is looked at next; what Brian2
integrates at time steps stays as it is.
"""

from __future__ import annotations

import numpy as np
from brian2.core.network import Network
from brian2.devices.device import RuntimeDevice, get_device
from brian2.input.spikegeneratorgroup import SpikeGeneratorGroup
from brian2.synapses.synapses import SynapticPathway
from brian2.units.fundamentalunits import Quantity

from htm_brian.arguments import check_time
from htm_brian.engine.arrays import raw, set_clocks
from htm_brian.engine.running import in_a_run
from htm_brian.engine.spike_queue import RewiredQueue
from htm_brian.errors import InputError


def leap(network: Network, duration: Quantity) -> None:
    """Set a network ahead in time, between two runs.

    Parameters
    ----------
    network : Network
        For Brian2's runtime device.
    duration : Quantity

    Raises
    ------
    InputError
        Where something would happen meanwhile: a spike is under way, or a `SpikeGeneratorGroup`
        has one in that time; where the network is running, or the device is a standalone one.

    Examples
    --------
    >>> from brian2 import NeuronGroup, Synapses, ms, prefs, second
    >>> prefs.codegen.target = "numpy"
    >>> cells = NeuronGroup(1, "v : 1", threshold="v > 1", reset="v = 0")
    >>> trace = "dw/dt = -w/(3600*second) : 1 (event-driven)"
    >>> synapses = Synapses(cells, cells, trace, on_pre="w += 0")
    >>> synapses.connect()
    >>> synapses.w = 1
    >>> network = Network(cells, synapses)
    >>> network.run(1 * ms)
    >>> leap(network, 7200 * second)
    >>> cells.v = 2                 # a spike brings the synapse to the present
    >>> network.run(1 * ms)
    >>> synapses.w[:].round(4)
    array([0.1353])
    """
    seconds = check_time("duration", duration, low=0)
    if not isinstance(get_device(), RuntimeDevice):
        raise InputError("a network leaps on Brian2's runtime device only, not in standalone")
    if in_a_run():
        raise InputError("a network leaps between two runs, not while it is running")
    until = network.t_ + seconds
    for item in network.sorted_objects:
        if isinstance(item, SynapticPathway) and _under_way(item):
            raise InputError(
                f"spikes are under way on {item.name}; run the network until they have arrived"
            )
        if isinstance(item, SpikeGeneratorGroup):
            times = raw(item, "spike_time")
            inside = times[(times >= network.t_ - 1e-9) & (times < until - 1e-9)]
            if inside.size:
                raise InputError(f"{item.name} has a spike at {inside.min():g} s; run until then")
    network.t_ = until
    set_clocks({item.clock for item in network.sorted_objects}, network.t)


def _under_way(pathway: SynapticPathway) -> bool:
    """Return whether the queue of a pathway holds spikes."""
    queue = pathway.queue
    if isinstance(queue, RewiredQueue):
        return not queue.idle
    # Brian2 stores a queue as its position, or time step, and the spikes by time step.
    _, spikes, *_ = queue._full_state()
    return any(np.size(due) > 0 for due in spikes)

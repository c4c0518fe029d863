"""Burst of a cell that spikes while its basal dendrites are in a plateau, as an event.

A spike that finds the basal compartment above `dendritic_threshold` is followed by a second one
after `interval`. What makes it, a dendritic current that outlasts perisomatic inhibition, is not
simulated at level 1: like the plateau itself, the second spike is an event. So a predicted cell
tells its targets twice what an unpredicted one tells once.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.cells.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "burst"
KEYS = {
    "interval": Key("second", "from the first spike of a burst to the second"),
    "dendritic_threshold": Key("volt", "basal potential from which a spike starts a burst"),
}
VARIABLES = {"burst_spike_due": "when the second spike of a burst is due"}

NOT_DUE = "1e9*second"
THRESHOLD = "t + dt >= burst_spike_due"
ON_SPIKE = f"""
starts_burst = int(v_basal > burst_dendritic_threshold)*int(t + dt < burst_spike_due)
burst_spike_due = starts_burst*(t + burst_interval) + (1 - starts_burst)*{NOT_DUE}
"""


def equations(parameters: Table) -> Equations:
    """Return the variables that `THRESHOLD` and `ON_SPIKE` need.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    """
    parameters.require(KEYS)
    return Equations("burst_spike_due : second") + declare(TABLE, KEYS)

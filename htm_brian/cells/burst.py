"""Burst of a cell that spikes while its dendrites are in a plateau, as an event.

A spike that finds the basal compartment above `dendritic_threshold` is followed by a second one
after `interval`: a predicted cell tells its targets twice what an unpredicted one tells once. A
spike that finds the apical compartment above `apical_threshold` is followed by `apical_spikes`, at
the same interval: it has set off a calcium spike. What makes these bursts, dendritic currents that
outlast perisomatic inhibition, is not simulated at level 1: like the plateau itself, the further
spikes are events.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.cells.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "burst"
KEYS = {
    "interval": Key("second", "from one spike of a burst to the next"),
    "dendritic_threshold": Key("volt", "basal potential from which a spike starts a burst of two"),
    "apical_threshold": Key("volt", "apical potential from which a spike starts a longer burst"),
    "apical_spikes": Key("1", "spikes that follow the first of this longer burst"),
}
VARIABLES = {
    "burst_spike_due": "when the next spike of a burst is due",
    "burst_spikes_left": "how many are still to come",
}

NOT_DUE = "1e9*second"
THRESHOLD = "t + dt >= burst_spike_due"
ON_SPIKE = f"""
in_burst = int(t + dt >= burst_spike_due)
basal_burst = int(v_basal > burst_dendritic_threshold)
apical_burst = burst_apical_spikes*int(v_apical > burst_apical_threshold)
new_burst = clip(apical_burst, basal_burst, inf)
burst_spikes_left = in_burst*(burst_spikes_left - 1) + (1 - in_burst)*new_burst
burst_goes_on = int(burst_spikes_left > 0.5)
burst_spike_due = burst_goes_on*(t + burst_interval) + (1 - burst_goes_on)*{NOT_DUE}
"""


def equations(parameters: Table) -> Equations:
    """Return the variables that `THRESHOLD` and `ON_SPIKE` need.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    """
    parameters.require(KEYS)
    return Equations(
        """
        burst_spike_due : second
        burst_spikes_left : 1
        """
    ) + declare(TABLE, KEYS)

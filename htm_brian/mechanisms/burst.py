"""Burst of a cell that spikes while its dendrites are in a plateau, as an event.

A spike that finds the basal compartment above `dendritic_threshold` is followed by a second one
after `interval`: a predicted cell tells its targets twice what an unpredicted one tells once. Up to
`apical_spikes` more, each an interval after the one before, come if the apical compartment is above
`apical_threshold` when they are due: the first has set off a calcium spike, for which input to the
tuft need not be there yet. With `apical_recovery` that threshold rises while the compartment is
above it, as a calcium spike opens potassium channels: a plateau does not make bursts for long. What
makes these bursts, dendritic currents that outlast perisomatic inhibition, is not simulated at
level 1: like the plateau itself, the further spikes are events.
"""

from __future__ import annotations

from brian2.equations.equations import Equations
from brian2.units import second

from htm_brian.mechanisms.interface import IN_SOMA, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "burst"
KEYS = {
    "interval": Key("second", "from one spike of a burst to the next"),
    "dendritic_threshold": Key("volt", "basal potential from which a spike starts a burst of two"),
    "apical_threshold": Key("volt", "apical potential from which a spike starts a longer burst"),
    "apical_spikes": Key("1", "spikes that follow the first of this longer burst"),
    "apical_recovery": Key("1", "rise of the apical threshold by the depolarisation above it"),
    "recovery_time_constant": Key("second", "of that rise, and of its fall"),
}
VARIABLES = {
    "burst_spike_due": "when a further spike of a burst would come",
    "burst_spikes_left": "how many come for certain",
    "apical_spikes_left": "how many may come out of an apical plateau",
    "apical_threshold_rise": "by what has been above the apical threshold lately",
}

STATE = """
burst_spike_due : second
burst_spikes_left : 1
apical_spikes_left : 1
"""
RECOVERY = """
dapical_threshold_rise/dt = (burst_apical_recovery
    *clip(v_apical - burst_apical_threshold, 0*mV, 1*volt) - apical_threshold_rise)
    /burst_recovery_time_constant : volt
"""


def threshold(parameters: Table) -> str:
    """Return the condition on which a spike of a burst comes: in the step nearest to its time.

    Times are sums of floating-point numbers, so nothing here may hang on their last bits:
    a time halfway between two steps is near enough to both, and the earlier one has the spike.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    """
    rise = " - apical_threshold_rise" if recovers(parameters) else ""
    return (
        "abs(t - burst_spike_due) < 0.501*dt and (burst_spikes_left > 0.5"
        f" or (apical_spikes_left > 0.5 and v_apical{rise} > burst_apical_threshold))"
    )


def on_spike(parameters: Table, site: Site = IN_SOMA) -> str:
    """Return what a spike does to the burst: it begins one, or goes on with it."""
    return f"""
in_burst = int({threshold(parameters)})
basal_burst = int(v_basal > burst_dendritic_threshold)
burst_spikes_left = in_burst*(burst_spikes_left - 1) + (1 - in_burst)*basal_burst
apical_spikes_left = in_burst*(apical_spikes_left - 1) + (1 - in_burst)*burst_apical_spikes
burst_spike_due = t + burst_interval
"""


def recovers(parameters: Table) -> bool:
    """Return whether the apical threshold rises."""
    return bool(parameters["apical_recovery"] > 0)


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the variables that `threshold` and `on_spike` need.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always the whole cell.
    """
    parameters.require(KEYS)
    state = STATE + (RECOVERY if recovers(parameters) else "")
    return Equations(state) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        level=1,
        required=True,
        equations=equations,
        variables=VARIABLES,
        threshold=threshold,
        on_spike=on_spike,
        at_rest={"burst_spike_due": 1e9 * second},
    ),
)

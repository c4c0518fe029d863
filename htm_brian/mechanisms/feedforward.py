"""Feedforward drive: a decaying excitatory conductance on the proximal compartment.

A thalamic volley adds `volley_conductance`. A spike ends the volley: the back-propagated spike
resets the proximal compartment, and of the conductance only `share_after_spike` is left.

Where `slow_share` is above 0, NMDA receptors follow: a second conductance, which opens as the first
decays, to that share of it, and closes with `slow_time_constant`. Depolarisation of the proximal
compartment lifts their block, e-fold with each `unblocking_potential`; from `UNBLOCKED` on it lifts
no more, as spikes are not followed there.
"""

from __future__ import annotations

from brian2.equations.equations import Equations
from brian2.units import mV

from htm_brian.mechanisms.interface import IN_SOMA, SYNAPTIC, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "feedforward"
KEYS = {
    "reversal_potential": Key("volt", "reversal of the conductance"),
    "time_constant": Key("second", "decay of the conductance"),
    "volley_conductance": Key("siemens", "what one volley adds"),
    "share_after_spike": Key("1", "share of the conductance that a spike leaves"),
    "slow_share": Key("1", "of NMDA receptors at rest, in what the volley adds; 0: none"),
    "slow_time_constant": Key("second", "decay of their conductance"),
    "unblocking_potential": Key("volt", "depolarisation that opens e times as many"),
}
VARIABLES = {
    "feedforward_conductance": "excitatory conductance of the proximal compartment",
    "slow_feedforward_conductance": "that of NMDA receptors, as at rest",
    "feedforward_unblocked": "by how much depolarisation raises it",
    "feedforward_current": "of the proximal compartment, inward",
}
ON_SPIKE = """
v_proximal = spike_reset_potential
feedforward_conductance *= feedforward_share_after_spike
"""
SLOW_ON_SPIKE = "slow_feedforward_conductance *= feedforward_share_after_spike\n"

UNBLOCKED = 25 * mV
FAST = """
dfeedforward_conductance/dt = -feedforward_conductance/feedforward_time_constant : siemens
"""
CURRENT = """
feedforward_current = feedforward_conductance*(feedforward_reversal_potential - v_proximal) : amp
"""
SLOW = f"""
dslow_feedforward_conductance/dt =
    feedforward_slow_share*feedforward_conductance/feedforward_time_constant
    - slow_feedforward_conductance/feedforward_slow_time_constant : siemens
feedforward_unblocked = exp(clip(v_proximal - resting_potential, 0*mV, {float(UNBLOCKED)!r}*volt)
    /feedforward_unblocking_potential) : 1
feedforward_current = (feedforward_conductance
    + slow_feedforward_conductance*feedforward_unblocked)
    *(feedforward_reversal_potential - v_proximal) : amp
"""


def has_slow(parameters: Table) -> bool:
    """Return whether NMDA receptors follow a volley."""
    return bool(parameters["slow_share"] > 0)


def on_spike(parameters: Table, site: Site = IN_SOMA) -> str:
    """Return what a spike does to the drive."""
    return ON_SPIKE + (SLOW_ON_SPIKE if has_slow(parameters) else "")


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the feedforward conductance and its current.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always the proximal compartment.
    """
    parameters.require(KEYS)
    current = SLOW if has_slow(parameters) else CURRENT
    return Equations(FAST + current) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        level=1,
        required=True,
        kinds=("proximal",),
        equations=equations,
        variables=VARIABLES,
        currents={"proximal": "feedforward_current"},
        on_spike=on_spike,
        order=SYNAPTIC,
    ),
)

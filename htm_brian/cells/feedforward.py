"""Feedforward drive: a decaying excitatory conductance on the proximal compartment.

A thalamic volley adds `volley_conductance`. A spike ends the volley: the back-propagated spike
resets the proximal compartment, and of the conductance only `share_after_spike` is left.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.cells.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "feedforward"
KEYS = {
    "reversal_potential": Key("volt", "reversal of the conductance"),
    "time_constant": Key("second", "decay of the conductance"),
    "volley_conductance": Key("siemens", "what one volley adds"),
    "share_after_spike": Key("1", "share of the conductance that a spike leaves"),
}
VARIABLES = {
    "feedforward_conductance": "excitatory conductance of the proximal compartment",
    "feedforward_current": "of the proximal compartment, inward",
}
ON_SPIKE = """
v_proximal = spike_reset_potential
feedforward_conductance *= feedforward_share_after_spike
"""


def equations(parameters: Table) -> Equations:
    """Return the equations of the feedforward conductance and its current.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    """
    parameters.require(KEYS)
    return Equations(
        """
        dfeedforward_conductance/dt = -feedforward_conductance/feedforward_time_constant : siemens
        feedforward_current = feedforward_conductance
            *(feedforward_reversal_potential - v_proximal) : amp
        """
    ) + declare(TABLE, KEYS)

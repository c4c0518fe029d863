"""Perisomatic inhibition: a decaying conductance on the soma and the proximal compartment.

A presynaptic spike adds to `g_inhibition`. With a reversal at rest it shunts: it moves a resting
cell nowhere and takes the drive from an active one.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import IN_SOMA, SYNAPTIC, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "inhibition"
KEYS = {
    "reversal_potential": Key("volt", "reversal of the conductance"),
    "time_constant": Key("second", "decay of the conductance"),
    "pulse_conductance": Key("siemens", "what one inhibitory volley adds"),
    "proximal_share": Key("1", "conductance on the proximal compartment per that on the soma"),
}
VARIABLES = {
    "g_inhibition": "inhibitory conductance of the soma",
    "inhibition_current": "of the soma, inward",
    "proximal_inhibition_current": "of the proximal compartment, inward",
}


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the inhibitory conductance and its two currents.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always soma and proximal compartment.
    """
    parameters.require(KEYS)
    return Equations(
        """
        dg_inhibition/dt = -g_inhibition/inhibition_time_constant : siemens
        inhibition_current = g_inhibition*(inhibition_reversal_potential - v) : amp
        proximal_inhibition_current = inhibition_proximal_share*g_inhibition
            *(inhibition_reversal_potential - v_proximal) : amp
        """
    ) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        level=1,
        required=True,
        kinds=("soma", "proximal"),
        equations=equations,
        variables=VARIABLES,
        currents={"soma": "inhibition_current", "proximal": "proximal_inhibition_current"},
        order=SYNAPTIC,
    ),
)

"""Tonic inhibition of the dendrite: a conductance that stays open.

Lives in the dendrite of `htm_brian.mechanisms.active_dendrite`. It stands for interneurons that
target dendrites and fire all the time, as in quiet wakefulness. It adds to the leak, so that
dendritic input has less effect, and draws the potential towards its reversal.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import IN_SOMA, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "tonic_inhibition"
KEYS = {
    "conductance": Key("siemens", "that stays open"),
    "reversal_potential": Key("volt", "of the conductance"),
}
VARIABLES = {"tonic_inhibition_current": "into the dendrite"}


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equation of the current.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always the dendrite.
    """
    parameters.require(KEYS)
    return Equations(
        """
        tonic_inhibition_current = tonic_inhibition_conductance
            *(tonic_inhibition_reversal_potential - v_dendrite) : amp
        """
    ) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        needs=("dendrite",),
        kinds=("dendrite",),
        equations=equations,
        variables=VARIABLES,
        currents={"dendrite": "tonic_inhibition_current"},
    ),
)

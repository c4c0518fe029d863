"""Metabotropic persistence: calcium from the stores opens a slow cation current of the soma.

Lives in the soma. A presynaptic volley onto group-I metabotropic glutamate receptors does
``metabotropic_calcium += metabotropic_calcium_per_volley``; each spike of the cell itself adds a
little too. Calcium above `half_calcium` opens the current's gate, at a rate that goes with its
square; the gate closes over seconds, and the current goes with the square of the gate. So one
volley opens next to nothing and volleys far apart do not help each other, while some that come
within the calcium's decay leave a depolarisation of seconds.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import IN_SOMA, SOMATIC, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "metabotropic"
KEYS = {
    "calcium_per_volley": Key("mmolar", "what one presynaptic volley releases from the stores"),
    "calcium_per_spike": Key("mmolar", "what a spike of the cell itself lets in"),
    "calcium_time_constant": Key("second", "clearance of that calcium"),
    "half_calcium": Key("mmolar", "at which the gate is half open in the long run"),
    "closing_rate": Key("1/second", "of the gate without calcium"),
    "conductance": Key("siemens", "of the cation current, gate fully open"),
    "reversal_potential": Key("volt", "of the cation current"),
}
VARIABLES = {
    "metabotropic_calcium": "calcium near the channels; a presynaptic volley adds to it",
    "metabotropic_gate": "opens the cation current with its square",
    "metabotropic_current": "into the soma",
}
ON_SPIKE = "metabotropic_calcium += metabotropic_calcium_per_spike"


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of calcium, gate and cation current.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always the soma.
    """
    parameters.require(KEYS)
    return Equations(
        """
        dmetabotropic_calcium/dt = -metabotropic_calcium/metabotropic_calcium_time_constant
            : mmolar
        dmetabotropic_gate/dt = metabotropic_closing_rate
            *((metabotropic_calcium/metabotropic_half_calcium)**2*(1 - metabotropic_gate)
            - metabotropic_gate) : 1
        metabotropic_current = metabotropic_conductance*metabotropic_gate**2
            *(metabotropic_reversal_potential - v) : amp
        """
    ) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        equations=equations,
        variables=VARIABLES,
        currents={"soma": "metabotropic_current"},
        on_spike=ON_SPIKE,
        order=SOMATIC,
    ),
)

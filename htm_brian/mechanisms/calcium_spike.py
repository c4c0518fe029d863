"""The apical calcium spike: a regenerative inward current of the nexus, ended by an outward one.

Lives in the nexus. `calcium_activation` follows a sigmoid of the potential and opens the calcium
conductance with its square; `calcium_recovery` follows the activation more slowly and opens a
potassium conductance. Above a threshold the first outruns the leak: the nexus goes to a plateau,
which the second ends after some tens of milliseconds. Its conductances are 0 in cells that lack it.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import IN_SOMA, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "calcium_spike"
COMPARTMENT = "nexus"
KEYS = {
    "conductance": Key("siemens", "largest calcium conductance"),
    "reversal_potential": Key("volt", "of calcium"),
    "half_activation": Key("volt", "potential at which the sigmoid is at its half"),
    "activation_slope": Key("volt", "width of the sigmoid"),
    "activation_time_constant": Key("second", "of the calcium conductance"),
    "potassium_conductance": Key("siemens", "largest conductance of what ends the spike"),
    "potassium_reversal_potential": Key("volt", "of potassium"),
    "recovery_time_constant": Key("second", "of the potassium conductance"),
}
VARIABLES = {
    "calcium_steady_activation": "what the activation tends to at the present potential",
    "calcium_activation": "opens the calcium conductance of the nexus, with its square",
    "calcium_recovery": "opens the potassium conductance that ends the spike",
    "calcium_spike_current": "both currents together, into the nexus",
}


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the calcium spike.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always the nexus.
    """
    parameters.require(KEYS)
    return Equations(
        """
        calcium_steady_activation = 1/(1 + exp((calcium_spike_half_activation - v_nexus)
            /calcium_spike_activation_slope)) : 1 (constant over dt)
        dcalcium_activation/dt = (calcium_steady_activation - calcium_activation)
            /calcium_spike_activation_time_constant : 1
        dcalcium_recovery/dt = (calcium_activation - calcium_recovery)
            /calcium_spike_recovery_time_constant : 1
        calcium_spike_current = calcium_spike_conductance*calcium_activation**2
                *(calcium_spike_reversal_potential - v_nexus)
            + calcium_spike_potassium_conductance*calcium_recovery
                *(calcium_spike_potassium_reversal_potential - v_nexus) : amp
        """
    ) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        needs=(COMPARTMENT,),
        kinds=(COMPARTMENT,),
        single=True,
        equations=equations,
        variables=VARIABLES,
        currents={COMPARTMENT: "calcium_spike_current"},
    ),
)

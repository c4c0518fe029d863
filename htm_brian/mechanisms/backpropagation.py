"""The back-propagated action potential: a pulse of sodium conductance in trunk and nexus.

Lives in the trunk and the nexus. The spike of the soma is an event; what it does to the apical
dendrite is a conductance towards the sodium reversal, `delay` after the event and for `duration`.
The pulse begins and ends between steps: a step counts by the part of it that the pulse covers.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import IN_SOMA, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.mechanisms.spike import pulse
from htm_brian.parameters import Key, Table

TABLE = "backpropagation"
COMPARTMENTS = ("trunk", "nexus")
KEYS = {
    "trunk_conductance": Key("siemens", "of the trunk during the pulse"),
    "nexus_conductance": Key("siemens", "of the nexus during the pulse"),
    "reversal_potential": Key("volt", "of sodium"),
    "delay": Key("second", "from the spike to the pulse"),
    "duration": Key("second", "of the pulse"),
}
VARIABLES = {
    "backpropagation_on": "share of the step that the pulse covers",
    **{f"backpropagation_current_{name}": f"into the {name}" for name in COMPARTMENTS},
}


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the back-propagated action potential.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always trunk and nexus.
    """
    parameters.require(KEYS)
    currents = "\n".join(
        f"backpropagation_current_{name} = backpropagation_{name}_conductance*backpropagation_on"
        f"*(backpropagation_reversal_potential - v_{name}) : amp"
        for name in COMPARTMENTS
    )
    return Equations(
        f"""
        backpropagation_on = {pulse("backpropagation_delay", "backpropagation_duration")}
            : 1 (constant over dt)
        {currents}
        """
    ) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        needs=("spike", *COMPARTMENTS),
        kinds=COMPARTMENTS,
        single=True,
        equations=equations,
        variables=VARIABLES,
        currents={name: f"backpropagation_current_{name}" for name in COMPARTMENTS},
    ),
)

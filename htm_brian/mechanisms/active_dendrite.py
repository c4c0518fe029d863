"""The whole apical dendrite as one compartment with a calcium spike (Naud & Sprekeler 2018).

Above a threshold, a sigmoid of its potential feeds back on the dendrite, and sends the soma a
current. A slower outward current, in proportion to the depolarisation, ends the event. A spike of
the soma comes back as a pulse of current, whose begin and end may lie between two steps. Soma and
dendrite exchange nothing else: below threshold the soma does not see the dendrite. As in the
original, the soma of such a cell is held at its reset throughout the refractory period.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import IN_SOMA, Compartment, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.mechanisms.spike import pulse
from htm_brian.parameters import Key, Table

TABLE = "dendrite"
COMPARTMENT = "dendrite"
KEYS = {
    "capacitance": Key("farad", "of the dendrite"),
    "leak_conductance": Key("siemens", "of the dendrite"),
    "half_activation": Key("volt", "potential at which the sigmoid is at its half"),
    "activation_slope": Key("volt", "width of the sigmoid"),
    "regenerative_current": Key("amp", "into the dendrite, of the full sigmoid"),
    "current_to_soma": Key("amp", "into the soma, of the full sigmoid"),
    "recovery_conductance": Key("siemens", "outward current per depolarisation, at length"),
    "recovery_time_constant": Key("second", "of the outward current"),
    "backpropagation_current": Key("amp", "into the dendrite, after a spike"),
    "backpropagation_delay": Key("second", "from the spike to that current"),
    "backpropagation_duration": Key("second", "of that current"),
}
VARIABLES = {
    "v_dendrite": "potential of the dendrite",
    "dendrite_activation": "sigmoid of that potential",
    "dendrite_recovery": "outward current that ends the calcium spike",
    "dendrite_backpropagation": "share of the step that the back-propagated spike covers",
    "dendrite_current": "into the soma",
    "injected_current_dendrite": "from an electrode, into the dendrite",
}


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the dendrite.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Its currents into the dendrite charge it.
    """
    parameters.require(KEYS)
    returning = pulse("dendrite_backpropagation_delay", "dendrite_backpropagation_duration")
    return Equations(
        f"""
        dv_dendrite/dt = (dendrite_leak_conductance*(resting_potential - v_dendrite)
            + dendrite_regenerative_current*dendrite_activation
            + dendrite_backpropagation_current*dendrite_backpropagation
            - dendrite_recovery + injected_current_dendrite{site.charging(COMPARTMENT)})
            /dendrite_capacitance : volt
        ddendrite_recovery/dt = (dendrite_recovery_conductance*(v_dendrite - resting_potential)
            - dendrite_recovery)/dendrite_recovery_time_constant : amp
        dendrite_activation = 1/(1 + exp((dendrite_half_activation - v_dendrite)
            /dendrite_activation_slope)) : 1 (constant over dt)
        dendrite_backpropagation = {returning} : 1 (constant over dt)
        dendrite_current = dendrite_current_to_soma*dendrite_activation : amp
        injected_current_dendrite : amp
        """
    ) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        needs=("spike",),
        kinds=(COMPARTMENT,),
        brings=(Compartment(COMPARTMENT, COMPARTMENT),),
        equations=equations,
        variables=VARIABLES,
        currents={"soma": "dendrite_current"},
        holds=True,
    ),
)

"""The delayed rectifier: a potassium current of the soma that depolarisation and spikes open.

Lives in the soma. The gate follows a sigmoid of the potential and opens the conductance with its
square (Korngreen & Sakmann 2000; K_Pst of Hay et al. 2011). What a spike does to it is not in the
potential of a cell that is reset, so each spike opens a share of what is shut: ``n`` spikes at once
leave ``1 - (1 - share)**n`` open. What is open then hyperpolarises the soma and shunts it, most of
all soon after a spike; under strong currents, between spikes too, so that rates saturate.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import IN_SOMA, SOMATIC, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "delayed_rectifier"
KEYS = {
    "conductance": Key("siemens", "of all channels, all open"),
    "half_activation": Key("volt", "potential at which the gate is half open in the long run"),
    "activation_slope": Key("volt", "width of that sigmoid"),
    "time_constant": Key("second", "of the gate"),
    "spike_share": Key("1", "share of what is shut that a spike opens, from 0 to 1"),
    "reversal_potential": Key("volt", "of potassium"),
}
STEADY = "1/(1 + exp((delayed_rectifier_half_activation - v)/delayed_rectifier_activation_slope))"
VARIABLES = {
    "rectifier_steady_gate": "what the gate tends to at the present potential",
    "rectifier_gate": "opens the conductance, with its square",
    "delayed_rectifier_current": "into the soma",
}
ON_SPIKE = "rectifier_gate += delayed_rectifier_spike_share*(1 - rectifier_gate)"


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of gate and current.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always the soma.
    """
    parameters.require(KEYS)
    return Equations(
        f"""
        rectifier_steady_gate = {STEADY} : 1 (constant over dt)
        drectifier_gate/dt = (rectifier_steady_gate - rectifier_gate)
            /delayed_rectifier_time_constant : 1
        delayed_rectifier_current = delayed_rectifier_conductance*rectifier_gate**2
            *(delayed_rectifier_reversal_potential - v) : amp
        """
    ) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        needs=("spike",),
        equations=equations,
        variables=VARIABLES,
        currents={"soma": "delayed_rectifier_current"},
        at_rest={"rectifier_gate": STEADY},
        on_spike=ON_SPIKE,
        order=SOMATIC,
    ),
)

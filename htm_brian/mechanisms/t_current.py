"""The T-type calcium current of relay cells: inactivated at rest, it makes bursts when it is not.

Lives in the soma. Its conductance goes with the square of the activation, and with the
inactivation gate, both of which follow sigmoids of the potential. Above some -70 mV the gate is
shut. Below, it opens with the time constant `deinactivation_time_constant`, so that it takes a
hyperpolarisation of some 100 ms to open it; a depolarisation then activates the current before
`inactivation_time_constant` has shut the gate again, and the calcium spike that follows carries a
burst of sodium spikes. Without its conductance the cell only fires one by one.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import IN_SOMA, SOMATIC, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "t_current"
KEYS = {
    "conductance": Key("siemens", "largest conductance"),
    "reversal_potential": Key("volt", "of calcium"),
    "half_activation": Key("volt", "potential at which the activation is at its half"),
    "activation_slope": Key("volt", "width of that sigmoid"),
    "activation_time_constant": Key("second", "of the activation"),
    "half_inactivation": Key("volt", "potential at which the gate is half open in the long run"),
    "inactivation_slope": Key("volt", "width of that sigmoid"),
    "inactivation_time_constant": Key("second", "of the gate when depolarised"),
    "deinactivation_time_constant": Key("second", "of the gate when hyperpolarised"),
    "half_time_constant": Key("volt", "potential half-way between the two time constants"),
    "time_constant_slope": Key("volt", "width of that sigmoid"),
}
VARIABLES = {
    "t_steady_activation": "what the activation tends to at the present potential",
    "t_steady_inactivation": "what the gate tends to at the present potential",
    "t_gate_time_constant": "of the gate at the present potential",
    "t_activation": "opens the conductance with its square",
    "t_inactivation": "the gate: 1 is open, 0 inactivated",
    "t_current": "into the soma",
}
ACTIVATION = "1/(1 + exp((t_current_half_activation - v)/t_current_activation_slope))"
INACTIVATION = "1/(1 + exp((v - t_current_half_inactivation)/t_current_inactivation_slope))"
AT_REST = {"t_activation": ACTIVATION, "t_inactivation": INACTIVATION}
"""Where the gates stand in a cell that rests."""


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the T-current.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always the soma.
    """
    parameters.require(KEYS)
    # Computed once in a step: the integration would else take the exponentials of sums apart, into
    # factors that overflow.
    return Equations(
        f"""
        t_steady_activation = {ACTIVATION} : 1 (constant over dt)
        t_steady_inactivation = {INACTIVATION} : 1 (constant over dt)
        t_gate_time_constant = t_current_inactivation_time_constant
            + (t_current_deinactivation_time_constant - t_current_inactivation_time_constant)
            /(1 + exp((v - t_current_half_time_constant)/t_current_time_constant_slope))
            : second (constant over dt)
        dt_activation/dt = (t_steady_activation - t_activation)
            /t_current_activation_time_constant : 1
        dt_inactivation/dt = (t_steady_inactivation - t_inactivation)/t_gate_time_constant : 1
        t_current = t_current_conductance*t_activation**2*t_inactivation
            *(t_current_reversal_potential - v) : amp
        """
    ) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        equations=equations,
        variables=VARIABLES,
        currents={"soma": "t_current"},
        at_rest=AT_REST,
        order=SOMATIC,
    ),
)

"""NMDA receptors: a conductance that rises and decays, blocked by magnesium below some -30 mV.

Lives in any compartment `c`; a presynaptic spike does ``nmda_c += nmda_unitary_conductance``, and
the conductance ``nmda_open_c`` follows with a rise and a decay, to a peak of that size. What
conducts is its unblocked share (Jahr & Stevens 1990)::

    1/(1 + [Mg]/block_concentration*exp(-v/block_potential))

Since the share grows with the potential, enough of them take a thin branch from one stable
potential to another: the NMDA spike.
"""

from __future__ import annotations

from collections.abc import Sequence

from brian2.equations.equations import Equations

from htm_brian.mechanisms.dendrite import potential
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "nmda"
KEYS = {
    "unitary_conductance": Key("siemens", "peak conductance of one synapse, unblocked"),
    "rise_time_constant": Key("second", "rise of the conductance"),
    "decay_time_constant": Key("second", "decay of the conductance"),
    "reversal_potential": Key("volt", "reversal of the conductance"),
    "magnesium": Key("mmolar", "concentration outside the cell"),
    "block_concentration": Key("mmolar", "that halves the conductance at 0 mV"),
    "block_potential": Key("volt", "depolarisation that eases the block e-fold"),
}
SHARED = {"nmda_rise_scale": "so that one spike's conductance peaks at what the spike added"}


def variables(compartment: str) -> dict[str, str]:
    """Return what the variables in a compartment mean."""
    return {
        f"nmda_{compartment}": "what presynaptic spikes have added and has not yet opened",
        f"nmda_open_{compartment}": "NMDA conductance, as if there were no block",
        f"nmda_unblocked_{compartment}": "share that magnesium leaves unblocked",
        f"nmda_current_{compartment}": f"into {compartment}",
    }


def current(compartment: str) -> str:
    """Return the variable of the current into a compartment."""
    return f"nmda_current_{compartment}"


def equations(parameters: Table, compartments: Sequence[str]) -> Equations:
    """Return the equations of the NMDA conductances of some compartments.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    compartments : sequence of str
        Names of the compartments, ``"soma"`` among them if the soma has such synapses.
    """
    parameters.require(KEYS)
    # The difference of exponentials peaks at q**(q/(1 - q)) - q**(1/(1 - q)), q = rise/decay.
    shared = Equations(
        """
        nmda_rise_scale = (nmda_decay_time_constant/nmda_rise_time_constant - 1)
            /((nmda_rise_time_constant/nmda_decay_time_constant)
                **(nmda_rise_time_constant/(nmda_decay_time_constant - nmda_rise_time_constant))
            - (nmda_rise_time_constant/nmda_decay_time_constant)
                **(nmda_decay_time_constant/(nmda_decay_time_constant - nmda_rise_time_constant)))
            : 1 (shared, constant over dt)
        """
    )
    each = "\n".join(
        f"""
        dnmda_{name}/dt = -nmda_{name}/nmda_rise_time_constant : siemens
        dnmda_open_{name}/dt = (nmda_rise_scale*nmda_{name} - nmda_open_{name})
            /nmda_decay_time_constant : siemens
        nmda_unblocked_{name} = 1/(1 + nmda_magnesium/nmda_block_concentration
            *exp(-{potential(name)}/nmda_block_potential)) : 1 (constant over dt)
        nmda_current_{name} = nmda_open_{name}*nmda_unblocked_{name}
            *(nmda_reversal_potential - {potential(name)}) : amp
        """
        for name in compartments
    )
    return shared + Equations(each) + declare(TABLE, KEYS)

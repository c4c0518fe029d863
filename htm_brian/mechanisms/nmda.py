"""NMDA receptors: a conductance that rises and decays, blocked by magnesium below some -30 mV.

Lives in any compartment `c`; a presynaptic spike does ``nmda_c += nmda_unitary_conductance``, and
the conductance ``nmda_open_c`` follows with a rise and a decay, to a peak of that size. What
conducts is its unblocked share (Jahr & Stevens 1990)::

    1/(1 + [Mg]/block_concentration*exp(-v/block_potential))

Since the share grows with the potential, enough of them take a thin branch from one stable
potential to another: the NMDA spike.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.dendrite import potential
from htm_brian.mechanisms.interface import IN_SOMA, SYNAPTIC, Mechanism, Site
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
KINDS = ("soma", "basal", "oblique", "tuft")
"""Kinds of compartments that have them. The soma has those of dendrites not simulated."""

SHARED = {"nmda_rise_scale": "so that one spike's conductance peaks at what the spike added"}


def variables(site: Site) -> dict[str, str]:
    """Return what the variables mean."""
    meanings = dict(SHARED)
    for name in site.names:
        meanings |= {
            f"nmda_{name}": "what presynaptic spikes have added and has not yet opened",
            f"nmda_open_{name}": "NMDA conductance, as if there were no block",
            f"nmda_unblocked_{name}": "share that magnesium leaves unblocked",
            f"nmda_current_{name}": f"into {name}",
        }
    return meanings


def currents(site: Site) -> dict[str, str]:
    """Return the currents into the compartments."""
    return {name: f"nmda_current_{name}" for name in site.names}


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the NMDA conductances.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Compartments with such synapses; by default the soma.
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
        for name in site.names
    )
    return shared + Equations(each) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        needs=("ampa",),
        kinds=KINDS,
        equations=equations,
        variables=variables,
        currents=currents,
        order=SYNAPTIC,
    ),
)

"""GABA-A receptors: a conductance that each presynaptic spike steps up and that decays.

Lives in any compartment `c`; a spike does ``gaba_c += gaba_unitary_conductance``. At the soma it is
what fast-spiking cells do, in dendrites what somatostatin cells do. The equations are those of
`htm_brian.mechanisms.receptor`.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms import receptor
from htm_brian.mechanisms.interface import IN_SOMA, Site
from htm_brian.parameters import Key, Table

TABLE = "gaba"
KEYS = {
    "unitary_conductance": Key("siemens", "peak conductance of one connection"),
    "time_constant": Key("second", "decay of the conductance"),
    "reversal_potential": Key("volt", "reversal of the conductance"),
}


RECEPTOR = "GABA-A"


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the GABA-A conductances.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Compartments with such synapses; by default the soma.
    """
    return receptor.equations(parameters, KEYS, site)


MECHANISMS = (receptor.mechanism(TABLE, KEYS, RECEPTOR),)

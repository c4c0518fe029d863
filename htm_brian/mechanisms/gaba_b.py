"""GABA-B receptors: a slow potassium conductance that each presynaptic spike steps up.

Lives in any compartment `c`; a spike does ``gaba_b_c += gaba_b_unitary_conductance``. It outlasts
the spikes by some hundred milliseconds and so holds a cell below its resting potential for that
long. Of the receptor's kinetics (Destexhe & Sejnowski 1995: a G protein opens the channel with its
fourth power) only the decay is here: single spikes open it, too, in proportion. The equations are
those of `htm_brian.mechanisms.receptor`.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms import receptor
from htm_brian.mechanisms.gaba import KEYS
from htm_brian.mechanisms.interface import IN_SOMA, Site
from htm_brian.parameters import Table

TABLE = "gaba_b"
RECEPTOR = "GABA-B"


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the GABA-B conductances.

    Parameters
    ----------
    parameters : Table
        See `htm_brian.mechanisms.gaba.KEYS`.
    site : Site
        Compartments with such synapses; by default the soma.
    """
    return receptor.equations(parameters, KEYS, site)


MECHANISMS = (receptor.mechanism(TABLE, KEYS, RECEPTOR),)

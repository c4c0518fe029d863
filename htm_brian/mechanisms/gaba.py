"""GABA-A receptors: a conductance that each presynaptic spike steps up and that decays.

Lives in any compartment `c`; a spike does ``gaba_c += gaba_unitary_conductance``. At the soma it is
what fast-spiking cells do, in dendrites what somatostatin cells do. The equations are those of
`htm_brian.mechanisms.receptor`.
"""

from __future__ import annotations

from collections.abc import Sequence

from brian2.equations.equations import Equations

from htm_brian.mechanisms import receptor
from htm_brian.parameters import Key, Table

TABLE = "gaba"
KEYS = {
    "unitary_conductance": Key("siemens", "peak conductance of one connection"),
    "time_constant": Key("second", "decay of the conductance"),
    "reversal_potential": Key("volt", "reversal of the conductance"),
}


def variables(compartment: str) -> dict[str, str]:
    """Return what the variables in a compartment mean."""
    return receptor.variables(TABLE, "GABA-A", compartment)


def current(compartment: str) -> str:
    """Return the variable of the current into a compartment."""
    return receptor.current(TABLE, compartment)


def equations(parameters: Table, compartments: Sequence[str]) -> Equations:
    """Return the equations of the GABA-A conductances of some compartments.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    compartments : sequence of str
        Names of the compartments, ``"soma"`` among them if it has such synapses.
    """
    return receptor.equations(parameters, KEYS, compartments)

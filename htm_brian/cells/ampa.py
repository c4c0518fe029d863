"""AMPA receptors: a conductance that each presynaptic spike steps up and that decays.

Lives in any compartment `c`; a spike does ``ampa_c += ampa_unitary_conductance``. Its charge per
spike at a held potential is ``g tau (E - v)``, whatever the time step: with the method
``exponential_euler`` the conductance stands still over a step, and is corrected by its mean there.
"""

from __future__ import annotations

from collections.abc import Sequence

from brian2.equations.equations import Equations

from htm_brian.cells.dendrite import potential
from htm_brian.cells.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "ampa"
KEYS = {
    "unitary_conductance": Key("siemens", "peak conductance of one synapse"),
    "time_constant": Key("second", "decay of the conductance"),
    "reversal_potential": Key("volt", "reversal of the conductance"),
}


def variables(compartment: str) -> dict[str, str]:
    """Return what the variables in a compartment mean."""
    return {
        f"ampa_{compartment}": "AMPA conductance; a presynaptic spike adds to it",
        f"ampa_current_{compartment}": f"into {compartment}",
    }


def current(compartment: str) -> str:
    """Return the variable of the current into a compartment."""
    return f"ampa_current_{compartment}"


def equations(parameters: Table, compartments: Sequence[str]) -> Equations:
    """Return the equations of the AMPA conductances of some compartments.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    compartments : sequence of str
        Names of the compartments, ``"soma"`` among them if the soma has such synapses.
    """
    parameters.require(KEYS)
    shared = Equations(
        "ampa_step_mean = (1 - exp(-dt/ampa_time_constant))*ampa_time_constant/dt"
        " : 1 (shared, constant over dt)"
    )
    each = "\n".join(
        f"""
        dampa_{name}/dt = -ampa_{name}/ampa_time_constant : siemens
        ampa_current_{name} = ampa_step_mean*ampa_{name}
            *(ampa_reversal_potential - {potential(name)}) : amp
        """
        for name in compartments
    )
    return shared + Equations(each) + declare(TABLE, KEYS)


SHARED = {"ampa_step_mean": "mean of a decaying conductance over a step, per its start"}

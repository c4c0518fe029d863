"""GABA-A receptors: a conductance that each presynaptic spike steps up and that decays.

Lives in any compartment `c`; a spike does ``gaba_c += gaba_unitary_conductance``. At the soma it is
what fast-spiking cells do, in dendrites what somatostatin cells do. Its charge per spike at a held
potential is ``g tau (E - v)``, see `htm_brian.cells.ampa`.
"""

from __future__ import annotations

from collections.abc import Sequence

from brian2.equations.equations import Equations

from htm_brian.cells.dendrite import potential
from htm_brian.cells.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "gaba"
KEYS = {
    "unitary_conductance": Key("siemens", "peak conductance of one connection"),
    "time_constant": Key("second", "decay of the conductance"),
    "reversal_potential": Key("volt", "reversal of the conductance"),
}
SHARED = {"gaba_step_mean": "mean of a decaying conductance over a step, per its start"}


def variables(compartment: str) -> dict[str, str]:
    """Return what the variables in a compartment mean."""
    return {
        f"gaba_{compartment}": "GABA-A conductance; a presynaptic spike adds to it",
        f"gaba_current_{compartment}": f"into {compartment}",
    }


def current(compartment: str) -> str:
    """Return the variable of the current into a compartment."""
    return f"gaba_current_{compartment}"


def equations(parameters: Table, compartments: Sequence[str]) -> Equations:
    """Return the equations of the GABA-A conductances of some compartments.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    compartments : sequence of str
        Names of the compartments, ``"soma"`` among them if it has such synapses.
    """
    parameters.require(KEYS)
    shared = Equations(
        "gaba_step_mean = (1 - exp(-dt/gaba_time_constant))*gaba_time_constant/dt"
        " : 1 (shared, constant over dt)"
    )
    each = "\n".join(
        f"""
        dgaba_{name}/dt = -gaba_{name}/gaba_time_constant : siemens
        gaba_current_{name} = gaba_step_mean*gaba_{name}
            *(gaba_reversal_potential - {potential(name)}) : amp
        """
        for name in compartments
    )
    return shared + Equations(each) + declare(TABLE, KEYS)

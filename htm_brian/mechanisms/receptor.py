"""What AMPA and GABA-A receptors share: a conductance that spikes step up and that decays.

A presynaptic spike adds to the conductance of a compartment. The charge of a spike at a held
potential is ``g tau (E - v)``; with the method of `htm_brian.engine.integration`, which takes the
mean of a conductance over the step, whatever the time step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from brian2.equations.equations import Equations

from htm_brian.mechanisms.dendrite import potential
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table


def variables(table: str, receptor: str, compartment: str) -> dict[str, str]:
    """Return what the variables in a compartment mean; `receptor` is written there."""
    return {
        f"{table}_{compartment}": f"{receptor} conductance; a presynaptic spike adds to it",
        current(table, compartment): f"into {compartment}",
    }


def current(table: str, compartment: str) -> str:
    """Return the variable of the current into a compartment."""
    return f"{table}_current_{compartment}"


def equations(parameters: Table, keys: Mapping[str, Key], compartments: Sequence[str]) -> Equations:
    """Return the equations of the conductances of some compartments.

    Parameters
    ----------
    parameters : Table
        Its name begins those of the variables.
    keys : mapping of str to Key
        What it must hold.
    compartments : sequence of str
        Names of the compartments, ``"soma"`` among them if the soma has such synapses.
    """
    parameters.require(keys)
    table = parameters.name
    each = "\n".join(
        f"""
        d{table}_{name}/dt = -{table}_{name}/{table}_time_constant : siemens
        {current(table, name)} = {table}_{name}
            *({table}_reversal_potential - {potential(name)}) : amp
        """
        for name in compartments
    )
    return Equations(each) + declare(table, keys)

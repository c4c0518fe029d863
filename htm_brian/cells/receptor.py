"""What AMPA and GABA-A receptors share: a conductance that spikes step up and that decays.

A presynaptic spike adds to the conductance of a compartment. The charge of a spike at a held
potential is ``g tau (E - v)``, whatever the time step: with the method ``exponential_euler`` the
conductance stands still over a step, and is corrected by its mean there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from brian2.equations.equations import Equations

from htm_brian.cells.dendrite import potential
from htm_brian.cells.mechanism import declare
from htm_brian.parameters import Key, Table


def shared(table: str) -> dict[str, str]:
    """Return what the variables mean that all compartments share."""
    return {f"{table}_step_mean": "mean of a decaying conductance over a step, per its start"}


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
    mean = Equations(
        f"{table}_step_mean = (1 - exp(-dt/{table}_time_constant))*{table}_time_constant/dt"
        " : 1 (shared, constant over dt)"
    )
    each = "\n".join(
        f"""
        d{table}_{name}/dt = -{table}_{name}/{table}_time_constant : siemens
        {current(table, name)} = {table}_step_mean*{table}_{name}
            *({table}_reversal_potential - {potential(name)}) : amp
        """
        for name in compartments
    )
    return mean + Equations(each) + declare(table, keys)

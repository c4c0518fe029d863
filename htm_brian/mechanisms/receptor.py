"""What AMPA and GABA-A receptors share: a conductance that spikes step up and that decays.

A presynaptic spike adds to the conductance of a compartment. The charge of a spike at a held
potential is ``g tau (E - v)``; with the method of `htm_brian.engine.integration`, which takes the
mean of a conductance over the step, whatever the time step.
"""

from __future__ import annotations

from collections.abc import Mapping

from brian2.equations.equations import Equations

from htm_brian.mechanisms.dendrite import potential
from htm_brian.mechanisms.interface import SYNAPTIC, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table


def mechanism(table: str, keys: Mapping[str, Key], receptor: str) -> Mechanism:
    """Return the mechanism of a table, in all compartments; `receptor` is for people."""

    def variables(site: Site) -> dict[str, str]:
        meanings = {}
        for name in site.names:
            meanings[f"{table}_{name}"] = f"{receptor} conductance; a presynaptic spike adds to it"
            meanings[current(table, name)] = f"into {name}"
        return meanings

    return Mechanism(
        table,
        keys,
        kinds=None,
        equations=lambda parameters, site: equations(parameters, keys, site),
        variables=variables,
        currents=lambda site: {name: current(table, name) for name in site.names},
        order=SYNAPTIC,
    )


def current(table: str, compartment: str) -> str:
    """Return the variable of the current into a compartment."""
    return f"{table}_current_{compartment}"


def equations(parameters: Table, keys: Mapping[str, Key], site: Site) -> Equations:
    """Return the equations of the conductances of some compartments.

    Parameters
    ----------
    parameters : Table
        Its name begins those of the variables.
    keys : mapping of str to Key
        What it must hold.
    site : Site
        Compartments with such synapses.
    """
    parameters.require(keys)
    table = parameters.name
    each = "\n".join(
        f"""
        d{table}_{name}/dt = -{table}_{name}/{table}_time_constant : siemens
        {current(table, name)} = {table}_{name}
            *({table}_reversal_potential - {potential(name)}) : amp
        """
        for name in site.names
    )
    return Equations(each) + declare(table, keys)

"""The drive that dendritic branches give to the compartment they sit on.

`basal_conductance` and `apical_conductance` are plain variables of each cell. Synapses from
`DendriticBranches` write them as a sum (``basal_conductance_post = conductance_pre : siemens
(summed)``); without branches they stay as they are set.

Branches have no potential of their own. If all share that of the compartment (`saturation` 1),
several plateaus saturate: towards the reversal potential, the second adds a sixth of the first. If
none feels what another one does (0), each adds the same current, and the compartment's potential is
the sum of what each branch would have. At level 2 plateaus of different branches nearly add.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "plateau"
BRANCHED = ("basal", "apical")
"""Compartments that carry branches."""

KEYS = {
    "reversal_potential": Key("volt", "reversal of the NMDA conductance"),
    "saturation": Key("1", "share of the compartment's depolarisation that a plateau feels"),
}


def variables(site: Site) -> dict[str, str]:
    """Return what the variables mean."""
    meanings = {}
    for name in site.names:
        meanings[f"{name}_conductance"] = f"NMDA conductance, summed over the {name} branches"
        meanings[f"{name}_plateau_current"] = f"of the {name} compartment, inward"
    return meanings


def currents(site: Site) -> dict[str, str]:
    """Return the currents into the compartments."""
    return {name: f"{name}_plateau_current" for name in site.names}


def equations(parameters: Table, site: Site) -> Equations:
    """Return the equations of the drive of each compartment that carries branches.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Compartments that carry branches.
    """
    parameters.require(KEYS)
    drives = "\n".join(
        f"""
        {name}_conductance : siemens
        {name}_plateau_current = {name}_conductance*(plateau_reversal_potential - v_{name}
            + (1 - plateau_saturation)*(v_{name} - resting_potential)) : amp
        """
        for name in site.names
    )
    return Equations(drives) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        level=1,
        required=True,
        kinds=BRANCHED,
        equations=equations,
        variables=variables,
        currents=currents,
    ),
)

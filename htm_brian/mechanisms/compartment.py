"""A dendritic compartment: capacitance, leak, and a conductance that couples it to the soma.

At rest, with a conductance `g` towards ``E_r`` in a compartment of leak ``g_l`` and coupling
``g_c``, both potentials follow from two linear equations; the tests solve them.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import BODY, IN_SOMA, Compartment, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

COMPARTMENTS = ("proximal", "basal", "apical")
"""Compartments of the reduced cell beside its soma."""

KEYS = {
    "capacitance": Key("farad", "capacitance of the compartment"),
    "leak_conductance": Key("siemens", "leak of the compartment"),
    "coupling_conductance": Key("siemens", "between compartment and soma"),
}


def variables(name: str) -> dict[str, str]:
    """Return what the variables of the compartment `name` mean."""
    return {
        f"v_{name}": f"potential of the {name} compartment",
        f"{name}_coupling_current": f"from the {name} compartment into the soma",
    }


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the compartment that the table is named after.

    Parameters
    ----------
    parameters : Table
        See `KEYS`; its name is the compartment's.
    site : Site
        Its currents into the compartment charge it, beside leak and coupling.
    """
    parameters.require(KEYS)
    name = parameters.name
    return Equations(
        f"""
        dv_{name}/dt = ({name}_leak_conductance*(resting_potential - v_{name})
            - {name}_coupling_current{site.charging(name)})/{name}_capacitance : volt
        {name}_coupling_current = {name}_coupling_conductance*(v_{name} - v) : amp
        """
    ) + declare(name, KEYS)


MECHANISMS = tuple(
    Mechanism(
        name,
        KEYS,
        level=1,
        required=True,
        kinds=(name,),
        brings=(Compartment(name, name, "soma", f"{name}_coupling_conductance"),),
        equations=equations,
        variables=variables(name),
        currents={"soma": f"{name}_coupling_current"},
        order=BODY,
    )
    for name in COMPARTMENTS
)

"""A dendritic compartment of level 2: membrane, leak, and the currents along the dendrite.

Lives in every compartment but the soma. ``C dv/dt = g_leak (E - v) + sum of g (v_next - v) +
injected + inward``, with the constants that `htm_brian.cells.tree.cable` takes from the geometry.
They are the group's, one set for each kind of dendrite, and can be changed there:
``cells.basal_leak_conductance = 3*nS``.
"""

from __future__ import annotations

from collections.abc import Sequence

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import Compartment

UNITS = {
    "capacitance": "farad",
    "leak_conductance": "siemens",
    "root_conductance": "siemens",
    "axial_conductance": "siemens",
    "area": "metre**2",
}
MEANINGS = {
    "capacitance": "of one compartment; specific capacitance x area",
    "leak_conductance": "of one compartment; area / specific resistance",
    "root_conductance": "from a branch's first compartment to what it grows from",
    "axial_conductance": "between neighbouring compartments of a branch",
    "area": "of one compartment's membrane",
}


def variables(part: Compartment) -> dict[str, str]:
    """Return what the variables of a compartment mean."""
    return {
        f"v_{part.name}": f"potential of {part.name}",
        f"axial_current_{part.name}": f"from {part.name} to {part.parent}",
        f"injected_current_{part.name}": f"from an electrode, into {part.name}",
    }


def potential(name: str) -> str:
    """Return the variable of a compartment's potential: ``v`` for the soma."""
    return "v" if name == "soma" else f"v_{name}"


def equations(part: Compartment, charging: str = "") -> Equations:
    """Return the equations of one compartment.

    Parameters
    ----------
    part : Compartment
        Of `htm_brian.cells.tree.compartments`.
    charging : str
        The currents that charge it beside leak and electrode, those of the compartments that grow
        from it among them, as `htm_brian.mechanisms.interface.Site.charging` writes them.
    """
    name = part.name
    return Equations(
        f"""
        dv_{name}/dt = ({part.kind}_leak_conductance*(resting_potential - v_{name})
            - axial_current_{name} + injected_current_{name}{charging})
            /{part.kind}_capacitance : volt
        axial_current_{name} = {part.link}*(v_{name} - {potential(part.parent)}) : amp
        injected_current_{name} : amp
        """
    )


def declare_constants(kind: str, constants: Sequence[str]) -> Equations:
    """Return the declarations of what the geometry gives one kind of dendrite."""
    return Equations(
        "\n".join(f"{kind}_{name} : {UNITS[name]} (shared, constant)" for name in constants)
    )

"""The h-current of the apical dendrite: hyperpolarisation opens it, depolarisation shuts it.

Lives in trunk, nexus and tuft, denser with distance from the soma. Its gate, per compartment `c`::

    d hcn_gate_c/dt = (1/(1 + exp((v_c - half_activation)/slope)) - hcn_gate_c)/time_constant

What the channels carry at the resting potential is taken to be balanced there, so that the cell
rests where its model file says; only what they carry more or less counts. So they pull towards
rest, with several times the conductance that is open: a slow input to the tuft reaches the soma
much attenuated (Berger, Larkum & Luescher 2001). A calcium spike is far above where they can pull.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "hcn"
KINDS = ("trunk", "nexus", "tuft")
KEYS = {
    **{
        f"{kind}_density": Key("siemens/metre**2", f"of all channels of the {kind}, all open")
        for kind in KINDS
    },
    "half_activation": Key("volt", "potential at which half of them are open in the long run"),
    "activation_slope": Key("volt", "width of that sigmoid"),
    "time_constant": Key("second", "of the gate"),
    "reversal_potential": Key("volt", "of the current"),
}
SHARED = {"hcn_gate_at_rest": "share of the channels that is open at rest"}
GATE = "1/(1 + exp(({potential} - hcn_half_activation)/hcn_activation_slope))"


def variables(site: Site) -> dict[str, str]:
    """Return what the variables mean."""
    meanings = dict(SHARED)
    for name in site.names:
        meanings |= {
            f"hcn_steady_gate_{name}": "what the gate tends to at the present potential",
            f"hcn_gate_{name}": "share of the channels that is open",
            f"hcn_current_{name}": f"into {name}, less that at rest",
        }
    return meanings


def equations(parameters: Table, site: Site) -> Equations:
    """Return the equations of the gates and currents.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Compartments of `KINDS`. The cell has the area of those of each kind.
    """
    parameters.require(KEYS)
    lines = [f"hcn_gate_at_rest = {GATE.format(potential='resting_potential')} : 1 (shared)"]
    for part in site.places:
        name, gate = part.name, GATE.format(potential=f"v_{part.name}")
        lines.append(
            f"""
            hcn_steady_gate_{name} = {gate} : 1 (constant over dt)
            dhcn_gate_{name}/dt = (hcn_steady_gate_{name} - hcn_gate_{name})/hcn_time_constant : 1
            hcn_current_{name} = hcn_{part.kind}_density*{part.kind}_area*(
                hcn_gate_{name}*(hcn_reversal_potential - v_{name})
                - hcn_gate_at_rest*(hcn_reversal_potential - resting_potential)) : amp
            """
        )
    return Equations("\n".join(lines)) + declare(TABLE, KEYS)


def currents(site: Site) -> dict[str, str]:
    """Return the currents into the compartments."""
    return {name: f"hcn_current_{name}" for name in site.names}


def at_rest(site: Site) -> dict[str, str]:
    """Return where the gates stand in a cell that rests."""
    return {f"hcn_gate_{name}": "hcn_gate_at_rest" for name in site.names}


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        needs=KINDS,
        kinds=KINDS,
        geometry=("area",),
        equations=equations,
        variables=variables,
        currents=currents,
        at_rest=at_rest,
    ),
)

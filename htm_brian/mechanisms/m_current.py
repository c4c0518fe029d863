"""The M-current: a potassium current that depolarisation opens slowly, and nothing inactivates.

Lives in soma and tuft. Its gate opens and closes at rates that go with the potential, e-fold each
way over the same span (Adams, Brown & Constanti 1982), here twice `activation_slope`. So with
``u = (v - half_activation)/activation_slope``::

    steady gate = 1/(1 + exp(-u)),    time constant = 1/(2 rate cosh(u/2))

It is shut at rest. Near threshold it opens over some tens of milliseconds: it takes more
current to make the cell spike, and weak currents make it spike less often.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.dendrite import potential
from htm_brian.mechanisms.interface import IN_SOMA, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "m_current"
KINDS = ("soma", "tuft")
KEYS = {
    "soma_conductance": Key("siemens", "of all channels of the soma, all open"),
    "tuft_density": Key("siemens/metre**2", "of all channels of the tuft, all open"),
    "half_activation": Key("volt", "potential at which half of them are open in the long run"),
    "activation_slope": Key("volt", "width of that sigmoid"),
    "rate": Key("1/second", "of opening, and of closing, at half activation"),
    "reversal_potential": Key("volt", "of potassium"),
}
STEADY = "1/(1 + exp((m_current_half_activation - {v})/m_current_activation_slope))"


def variables(site: Site) -> dict[str, str]:
    """Return what the variables mean."""
    meanings: dict[str, str] = {}
    for name in site.names:
        meanings |= {
            f"m_steady_gate_{name}": "what the gate tends to at the present potential",
            f"m_gate_time_constant_{name}": "of the gate at the present potential",
            f"m_gate_{name}": "share of the channels that is open",
            f"m_current_{name}": f"into {name}",
        }
    return meanings


def currents(site: Site) -> dict[str, str]:
    """Return the currents into the compartments."""
    return {name: f"m_current_{name}" for name in site.names}


def at_rest(site: Site) -> dict[str, str]:
    """Return where the gates stand in a cell that rests."""
    return {f"m_gate_{name}": STEADY.format(v=potential(name)) for name in site.names}


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the gates and currents.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Compartments of `KINDS`; by default the soma. The cell has the area of those of the tuft.
    """
    parameters.require(KEYS)
    lines = []
    for place in site.places:
        name, v = place.name, potential(place.name)
        soma = place.kind == "soma"
        conductance = "m_current_soma_conductance" if soma else "m_current_tuft_density*tuft_area"
        lines.append(
            f"""
            m_steady_gate_{name} = {STEADY.format(v=v)} : 1 (constant over dt)
            m_gate_time_constant_{name} = 1/(m_current_rate
                *(exp(({v} - m_current_half_activation)/(2*m_current_activation_slope))
                + exp((m_current_half_activation - {v})/(2*m_current_activation_slope))))
                : second (constant over dt)
            dm_gate_{name}/dt = (m_steady_gate_{name} - m_gate_{name})
                /m_gate_time_constant_{name} : 1
            m_current_{name} = {conductance}*m_gate_{name}*(m_current_reversal_potential - {v})
                : amp
            """
        )
    return Equations("\n".join(lines)) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        needs=("tuft",),
        kinds=KINDS,
        geometry=("area",),
        equations=equations,
        variables=variables,
        currents=currents,
        at_rest=at_rest,
    ),
)

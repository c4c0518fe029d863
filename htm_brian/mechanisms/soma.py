"""The soma: one capacitance, its leak, and the currents that other mechanisms send into it.

``C dv/dt = g (E - v) + injected_current + inward``. With nothing but the leak, a current step `I`
takes the soma to ``E + I/g`` with time constant ``C/g``.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import FIRST, IN_SOMA, SOMA, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.mechanisms.spike import HOLD
from htm_brian.parameters import Key, Table

TABLE = "soma"
KEYS = {
    "membrane_capacitance": Key("farad", "capacitance of the soma"),
    "leak_conductance": Key("siemens", "leak of the soma"),
    "resting_potential": Key("volt", "leak reversal of every compartment"),
}
VARIABLES = {
    "v": "potential of the soma",
    "membrane_current": "all that charges the soma",
    "injected_current": "from an electrode, into the soma",
}


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the soma's equations.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Its currents into the soma charge it. Where the soma is held, they do so in the share of a
        step that lies behind the refractory period.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> print(equations(load_model("l5_reduced")["soma"])["v"].expr)
    membrane_current/membrane_capacitance
    """
    parameters.require(KEYS)
    factor = f"{HOLD}*" if site.held else ""
    return Equations(
        f"""
        dv/dt = {factor}membrane_current/membrane_capacitance : volt
        membrane_current = leak_conductance*(resting_potential - v) + injected_current
            {site.charging("soma")} : amp
        injected_current : amp
        """
    ) + declare(TABLE, KEYS)


MECHANISMS = tuple(
    Mechanism(
        TABLE,
        KEYS,
        level=level,
        required=True,
        brings=(SOMA,),
        equations=equations,
        variables=VARIABLES,
        order=FIRST,
    )
    for level in (1, 2)
)

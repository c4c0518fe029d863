"""Spike-frequency adaptation: an outward current that each spike steps up and that decays.

After `n` spikes a period `T` apart it stands at ``b (1 - q**n) / (1 - q)``, ``q = exp(-T/tau)``; at
a rate `f` its mean is ``b tau f``. A cell may have a second one, ``[slow_adaptation]``: recorded
layer-5 cells adapt over tens of milliseconds to seconds (Pozzorini et al. 2013).
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.mechanisms.interface import IN_SOMA, SOMATIC, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE, SLOW_TABLE = "adaptation", "slow_adaptation"
KEYS = {
    "increment": Key("amp", "what a spike adds to the current"),
    "time_constant": Key("second", "decay of the current"),
}


def variables(table: str = TABLE) -> dict[str, str]:
    """Return what the variable of a table means: it is named like the table."""
    return {table: "adaptation current, outward"}


def on_spike(table: str = TABLE) -> str:
    """Return what a spike does."""
    return f"{table} += {table}_increment"


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the adaptation current, which is named like the table.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always the soma.
    """
    parameters.require(KEYS)
    name = parameters.name
    return Equations(f"d{name}/dt = -{name}/{name}_time_constant : amp") + declare(name, KEYS)


MECHANISMS = tuple(
    Mechanism(
        table,
        KEYS,
        level=level,
        required=level == 1,
        needs=("spike",),
        equations=equations,
        variables=variables(table),
        currents={"soma": f"-{table}"},
        on_spike=on_spike(table),
        order=SOMATIC,
    )
    for level, table in ((1, TABLE), (2, TABLE), (2, SLOW_TABLE))
)

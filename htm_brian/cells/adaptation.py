"""Spike-frequency adaptation: an outward current that each spike steps up and that decays.

After `n` spikes a period `T` apart it stands at ``b (1 - q**n) / (1 - q)``, ``q = exp(-T/tau)``; at
a rate `f` its mean is ``b tau f``.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.cells.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "adaptation"
KEYS = {
    "increment": Key("amp", "what a spike adds to the current"),
    "time_constant": Key("second", "decay of the current"),
}
VARIABLES = {"adaptation": "adaptation current, outward"}
ON_SPIKE = "adaptation += adaptation_increment"


def equations(parameters: Table) -> Equations:
    """Return the equations of the adaptation current.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    """
    parameters.require(KEYS)
    return Equations("dadaptation/dt = -adaptation/adaptation_time_constant : amp") + declare(
        TABLE, KEYS
    )

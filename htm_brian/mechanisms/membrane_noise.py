"""Membrane noise: the fluctuation of the soma's potential in an intact, awake brain.

A current, an Ornstein-Uhlenbeck process of every cell's own, flows into the soma. Its strength is
given as what is recorded: the standard deviation of the potential of a resting cell that does not
spike. The conductance that turns one into the other follows from the whole cell, see
`htm_brian.cells.fluctuations`. The process is taken over a step of any length exactly, as that of
`htm_brian.mechanisms.background` is, and holds its value meanwhile::

    x <- x exp(-h/tau) + sigma sqrt(1 - exp(-2 h/tau)) randn()

A standard deviation of 0 switches it off: the cell's equations are then the same as without it.
"""

from __future__ import annotations

from brian2.equations.equations import Equations
from brian2.units import ms
from brian2.units.fundamentalunits import Quantity

from htm_brian.mechanisms.interface import IN_SOMA, Mechanism, Regular, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "membrane_noise"
STEP = 0.5 * ms
"""From one value to the next, where the cell's own step is not longer: a tenth of 5 ms."""

KEYS = {
    "standard_deviation": Key("volt", "of the resting soma's potential; 0: no noise"),
    "time_constant": Key("second", "over which the current is correlated"),
}
DEVIATION, CONDUCTANCE = f"{TABLE}_deviation", f"{TABLE}_conductance"
VARIABLES = {
    DEVIATION: "the process; the potential has its standard deviation",
    f"{TABLE}_current": "into the soma",
    CONDUCTANCE: "current for each volt of the process, follows from the cell",
}


def is_off(parameters: Table) -> bool:
    """Return whether the cell has no noise."""
    return bool(parameters["standard_deviation"] == 0)


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the current.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always the soma.
    """
    parameters.require(KEYS)
    return Equations(
        f"""
        {TABLE}_current = {CONDUCTANCE}*{DEVIATION} : amp
        {DEVIATION} : volt
        {CONDUCTANCE} : siemens (shared, constant)
        """
    ) + declare(TABLE, KEYS)


def update(step: Quantity) -> str:
    """Return what is to be done at the start of each step of the noise.

    Parameters
    ----------
    step : Quantity
        From one value to the next.
    """
    ratio = f"{float(step)!r}*second/{TABLE}_time_constant"
    return (
        f"{DEVIATION} = {DEVIATION}*exp(-{ratio})"
        f" + {TABLE}_standard_deviation*sqrt(1 - exp(-2*{ratio}))*randn()"
    )


MECHANISMS = tuple(
    Mechanism(
        TABLE,
        KEYS,
        level=level,
        equations=equations,
        variables=VARIABLES,
        currents={"soma": f"{TABLE}_current"},
        regularly=Regular(STEP, update),
        off=is_off,
    )
    for level in (1, 2)
)

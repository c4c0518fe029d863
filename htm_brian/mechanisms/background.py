"""Background input: a fluctuating current, what thousands of unseen synapses add up to.

Lives in a compartment `c`, whose table is ``[c_background]``. An Ornstein-Uhlenbeck process of
every cell's own: normal with the given mean and standard deviation, and correlated over the time
constant. `update` takes it over a step of any length exactly::

    x <- x exp(-dt/tau) + sigma sqrt(1 - exp(-2 dt/tau)) randn()

It is done apart from the differential equations. So it goes with any integration method, whereas
Brian2's ``xi`` rules out exponential Euler, and under Euler has a variance that depends on the step
(2.6 % too much for a step of a twentieth of the time constant). And it has a clock of its own: with
finer steps of the cell the noise is the same, number by number, so that spikes can be compared.
"""

from __future__ import annotations

from functools import partial

from brian2.equations.equations import Equations
from brian2.units import ms
from brian2.units.fundamentalunits import Quantity

from htm_brian.mechanisms.interface import IN_SOMA, Mechanism, Regular, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

PLACES = ("soma", "nexus", "dendrite")
"""Where it may flow into."""

SUFFIX = "_background"
STEP = 0.2 * ms
"""From one value to the next, where the cell's own step is not longer: a tenth of 2 ms."""

KEYS = {
    "mean": Key("amp", "mean of the current"),
    "standard_deviation": Key("amp", "of the current, over time and over cells"),
    "time_constant": Key("second", "over which the current is correlated"),
}


def table(compartment: str) -> str:
    """Return the name of a compartment's table."""
    return compartment + SUFFIX


def variables(compartment: str) -> dict[str, str]:
    """Return what the variables in a compartment mean."""
    name = table(compartment)
    return {
        f"{name}_deviation": "of the background from its mean",
        f"{name}_current": f"into the {compartment}",
    }


def current(compartment: str) -> str:
    """Return the variable of the current into a compartment."""
    return f"{table(compartment)}_current"


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the current into the compartment that the table is named after.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        The compartment that the table is named after.
    """
    parameters.require(KEYS)
    name = parameters.name
    return Equations(
        f"""
        {name}_current = {name}_mean + {name}_deviation : amp
        {name}_deviation : amp
        """
    ) + declare(name, KEYS)


def update(compartment: str, step: Quantity) -> str:
    """Return what is to be done at the start of each step of the background.

    Parameters
    ----------
    compartment : str
        Whose background it is.
    step : Quantity
        From one value to the next, in multiples of which the statement is carried out.

    Examples
    --------
    >>> print(update("soma", STEP).partition(" = ")[0])
    soma_background_deviation
    """
    name = table(compartment)
    ratio = f"{float(step)!r}*second/{name}_time_constant"
    return (
        f"{name}_deviation = {name}_deviation*exp(-{ratio})"
        f" + {name}_standard_deviation*sqrt(1 - exp(-2*{ratio}))*randn()"
    )


MECHANISMS = tuple(
    Mechanism(
        table(place),
        KEYS,
        needs=(place,),
        kinds=(place,),
        single=True,
        equations=equations,
        variables=variables(place),
        currents={place: current(place)},
        regularly=Regular(STEP, partial(update, place)),
    )
    for place in PLACES
)

"""Release of transmitter: each spike is transmitted, or fails, at each synapse on its own.

A connection with several release sites, each of which releases a vesicle with
`release_probability`, transmits a spike with the probability 1 - (1 - release_probability)^sites.
One quantum already saturates the receptors of a reduced synapse, so a transmitted spike has unit
size.
"""

from __future__ import annotations

from htm_brian.arguments import check_integer, check_number
from htm_brian.parameters import Key, Table

RELEASE_KEYS = {
    "sites": Key("1", "number of release sites of a connection"),
    "release_probability": Key("1", "probability that a site releases a vesicle at a spike"),
}

RELEASE_EQUATIONS = """
transmission_probability : 1 (shared, constant)  # of a spike, at each synapse on its own
"""

ARRIVAL = "arrival = int(rand() < transmission_probability)\n"
"""Draws whether a spike is transmitted; the first statement of a pathway that releases."""


def transmission_probability(sites: int, release_probability: float) -> float:
    """Return the probability that at least one of `sites` releases.

    Parameters
    ----------
    sites : int
        Release sites of the connection, at least one.
    release_probability : float
        Of one site, in [0, 1].

    Examples
    --------
    >>> round(transmission_probability(5, 0.37), 4)
    0.9008
    """
    sites = check_integer("sites", sites, low=1)
    probability = check_number("release_probability", release_probability, low=0, high=1)
    return float(1.0 - (1.0 - probability) ** sites)


def transmission_of(table: Table) -> float:
    """Return the transmission probability of a model's release table."""
    table.require(RELEASE_KEYS)
    sites, probability = table["sites"], table["release_probability"]
    return transmission_probability(int(sites), float(probability))

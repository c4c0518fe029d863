"""Release of transmitter: each spike is transmitted, or fails, at each synapse on its own.

A connection with several release sites, each of which releases a vesicle with
`release_probability`, transmits a spike with the probability 1 - (1 - release_probability)^sites
(`htm_brian.sdr.theory.burst_transmission`).
One quantum already saturates the receptors of a reduced synapse, so a transmitted spike has unit
size.
"""

from __future__ import annotations

from htm_brian.arguments import check_integer, check_number
from htm_brian.parameters import Key, Table
from htm_brian.sdr.theory import burst_transmission

RELEASE_KEYS = {
    "sites": Key("1", "number of release sites of a connection"),
    "release_probability": Key("1", "probability that a site releases a vesicle at a spike"),
}

RELEASE_EQUATIONS = """
transmission_probability : 1 (shared, constant)  # of a spike, at each synapse on its own
"""

ARRIVAL = "arrival = int(rand() < transmission_probability)\n"
"""Draws whether a spike is transmitted; the first statement of a pathway that releases."""


def transmission_of(table: Table) -> float:
    """Return the transmission probability of a model's release table."""
    table.require(RELEASE_KEYS)
    given = check_number("sites", table["sites"])
    sites = check_integer("sites", int(given) if given.is_integer() else given, low=1)
    return float(burst_transmission(float(table["release_probability"]), sites))

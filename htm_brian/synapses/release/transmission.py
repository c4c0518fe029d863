"""Release of transmitter: each spike is transmitted, or fails, at each synapse on its own.

A connection with several release sites, each of which releases a vesicle with
`release_probability`, transmits a spike with the probability 1 - (1 - release_probability)^sites
(`htm_brian.sdr.theory.burst_transmission`).
One quantum already saturates the receptors of a reduced synapse, so a transmitted spike has unit
size.

A strong connection has more sites than a weak one, each of which releases no more readily (Loebel
et al. 2009, Front Comput Neurosci 3:27, pairs of layer-5 cells). So the number of sites grows with
the permanence, from the threshold of a connected synapse on: with ``g`` times the sites at
permanence 1, a fully grown connection fails with the `g`-th power of the probability with which one
fails that is just connected.
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
sites_per_permanence : 1 (shared, constant)  # relative growth of its sites once it is connected
"""

CHANCE = """grown = 1 + sites_per_permanence * clip(permanence - connected_permanence, 0, 1)
chance = 1 - (1 - transmission_probability)**grown
"""
"""Probability that a spike is transmitted at a synapse with a `permanence`."""

ARRIVAL = CHANCE + "arrival = int(rand() < chance)\n"
"""Draws whether a spike is transmitted; the first statements of a pathway that releases."""


def sites_per_permanence(growth: float, connected_permanence: float) -> float:
    """Return how the relative number of sites rises with the permanence.

    Parameters
    ----------
    growth : float
        Sites at permanence 1 over those of a synapse that is just connected.
    connected_permanence : float

    Examples
    --------
    >>> sites_per_permanence(2.0, 0.5)
    2.0
    """
    beyond = 1 - connected_permanence
    return (growth - 1) / beyond if beyond > 0 else 0.0


def check_site_growth(table: Table) -> float:
    """Return the growth of the number of sites in the table of a model.

    Raises
    ------
    InputError
        If a strong connection had fewer sites than a weak one.
    """
    return float(check_number("site_growth", table["site_growth"], low=1))


def transmission_of(table: Table) -> float:
    """Return the transmission probability of a model's release table."""
    table.require(RELEASE_KEYS)
    given = check_number("sites", table["sites"])
    sites = check_integer("sites", int(given) if given.is_integer() else given, low=1)
    return float(burst_transmission(float(table["release_probability"]), sites))

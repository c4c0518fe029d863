"""Kinds of synapse, with the variation of their potentials."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

DETERMINISTIC = "deterministic"


class Synapse(NamedTuple):
    """A kind of synapse: release sites, and the probability that one of them releases."""

    name: str
    sites: int
    release_probability: float

    @property
    def widening(self) -> float:
        """What the range should be, in units of the deterministic synapse's."""
        variance = (1 - self.release_probability) / (self.sites * self.release_probability)
        return float(np.sqrt(1 + variance))


SYNAPSES = (
    Synapse(DETERMINISTIC, 1, 1.0),
    Synapse("1 site, p = 0.7", 1, 0.7),
    Synapse("1 site, p = 0.5", 1, 0.5),
    Synapse("1 site, p = 0.3", 1, 0.3),
    Synapse("5 sites, p = 0.37", 5, 0.37),
)
"""p = 0.5 is what about half of all spikes releasing nothing means (the review); 0.7 with one site
is the mean of BioNumbers 111652 (Harris et al. 2012), and five sites with 0.37 the default of the
networks of this package (models/minicolumns.toml)."""

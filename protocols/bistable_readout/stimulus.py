"""Kinds of synapse, trials, and the bits that are on in each mixture of two SDRs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from htm_brian.protocols.bistable_readout import BistableReadoutParameters

DETERMINISTIC = "deterministic"


class Synapse(NamedTuple):
    """A kind of synapse: release sites, and the probability that one of them releases."""

    name: str
    sites: int
    release_probability: float


SYNAPSES = (
    Synapse(DETERMINISTIC, 1, 1.0),
    Synapse("1 site, p = 0.5", 1, 0.5),
    Synapse("5 sites, p = 0.37", 5, 0.37),
)
"""About half of all spikes release nothing (Rusakov, Savtchenko & Latham 2020, Trends Neurosci,
PMC7902755); five sites with 0.37 are the default of the networks (models/minicolumns.toml)."""


class Trials(NamedTuple):
    """Kind of synapse, network and number of A's bits of every trial, as indices."""

    synapse: NDArray[np.int64]
    network: NDArray[np.int64]
    level: NDArray[np.int64]


def list_trials(parameters: BistableReadoutParameters) -> Trials:
    """Return all trials; most of them show the ambiguous SDR."""
    rows = []
    for kind, synapse in enumerate(SYNAPSES):
        for network in range(parameters.networks):
            for level, bits in enumerate(parameters.bits_of_a):
                control = synapse.name == DETERMINISTIC
                count = parameters.control_trials if control else parameters.trials
                if 2 * bits != parameters.bits:
                    count = parameters.other_trials
                rows += count * [(kind, network, level)]
    return Trials(*np.array(rows).T)


def bits_on(parameters: BistableReadoutParameters) -> NDArray[np.bool_]:
    """Return the bits of either SDR that are on, shape (mixtures, 2, bits)."""
    of_a = np.array(parameters.bits_of_a)
    number = np.stack((of_a, parameters.bits - of_a), axis=1)
    return np.arange(parameters.bits) < number[:, :, None]

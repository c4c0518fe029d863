"""What failures cost a sequence memory that does not learn, in closed form.

Two thresholds stand in series. A cell is predicted when enough of its segment's synapses transmit;
a symbol is predicted when enough of its columns hold a predicted cell. And prediction feeds itself:
a predicted cell fires a burst, which its synapses transmit more often than the single spike of a
column that was not predicted. The number of predicted columns is thus a Markov chain; it starts at
none, since nothing predicts the first element of a sequence.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from htm_brian.arguments import check_integer, check_number
from htm_brian.protocols.network_release.stimulus import Condition
from htm_brian.sdr.theory import burst_transmission
from htm_brian.streams.sequence_task import ELEMENTS, PREDICTED_SHARE, SEQUENCES

if TYPE_CHECKING:
    from htm_brian.protocols.network_release import NetworkReleaseParameters


def closed_form(p: NetworkReleaseParameters) -> NDArray[np.float64]:
    """Return the share of transitions missed without learning, by condition and transmission."""
    per_sequence = ELEMENTS // len(SEQUENCES) - 1

    def share(condition: Condition, probability: float) -> float:
        memory = condition.memory(p.columns, p.cells_per_column)
        missed = missed_transitions(
            probability,
            condition.n_active,
            memory.activation_threshold,
            condition.bursts,
            per_sequence,
            PREDICTED_SHARE,
        )
        return float(missed.mean())

    return np.array(
        [[share(c, probability) for probability in p.transmission] for c in p.conditions]
    )


BURST_SPIKES = 2


def predicted_share(
    transmission: float, n_synapses: int, threshold: int, bursts: bool
) -> NDArray[np.float64]:
    """Return the probability that a cell is predicted, by how many of its inputs were predicted.

    Parameters
    ----------
    transmission : float
        Probability that a synapse transmits a spike.
    n_synapses : int
        Of a segment: one from each active column.
    threshold : int
        Synapses that start a plateau.
    bursts : bool
        Whether predicted cells fire twice.

    Returns
    -------
    ndarray of float, shape (n_synapses + 1,)

    Examples
    --------
    >>> predicted_share(0.4, 20, 8, True)[[0, 20]].round(3)
    array([0.584, 0.992])
    """
    check_number("transmission", transmission, low=0, high=1)
    check_integer("threshold", threshold, low=1, high=check_integer("n_synapses", n_synapses, 1))
    strong = float(burst_transmission(transmission, BURST_SPIKES)) if bursts else transmission
    share = np.empty(n_synapses + 1)
    for k in range(n_synapses + 1):
        of_bursts = binom.pmf(np.arange(k + 1), k, strong)
        of_spikes = binom.pmf(np.arange(n_synapses - k + 1), n_synapses - k, transmission)
        share[k] = np.convolve(of_bursts, of_spikes)[threshold:].sum()
    return np.clip(share, 0, 1)


def missed_transitions(
    transmission: float,
    n_synapses: int,
    threshold: int,
    bursts: bool,
    transitions: int,
    needed_share: float,
) -> NDArray[np.float64]:
    """Return the probability that each transition of a sequence is missed.

    Parameters
    ----------
    transmission, n_synapses, threshold, bursts
        As of `predicted_share`.
    transitions : int
        Of a sequence.
    needed_share : float
        Share of a symbol's columns that must hold a predicted cell.

    Examples
    --------
    >>> missed_transitions(0.3, 20, 8, True, 4, 0.5).round(2)
    array([0.99, 0.74, 0.39, 0.19])
    """
    share = predicted_share(transmission, n_synapses, threshold, bursts)
    columns = np.arange(n_synapses + 1)
    step = binom.pmf(columns[None, :], n_synapses, share[:, None])
    state = (columns == 0).astype(np.float64)
    missed = np.empty(check_integer("transitions", transitions, low=1))
    for transition in range(transitions):
        state = state @ step
        missed[transition] = state[: math.ceil(needed_share * n_synapses)].sum()
    return missed

"""Stored transitions between SDRs, and noisy presentations of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from htm_brian.sdr.synaptic_readout import Floats, move_bits, random_patterns

if TYPE_CHECKING:
    from htm_brian.protocols.scalar_vs_binary import ScalarVsBinaryParameters

TRANSITIONS = 16
"""Of one sequence."""
RELIABILITIES = ("reliable", "unreliable")


@dataclass(frozen=True)
class Store:
    """Sequences of SDRs, and the transitions that they are made of."""

    sequences: NDArray[np.bool_]

    @property
    def before(self) -> NDArray[np.bool_]:
        """The SDR of each transition that comes first."""
        return self.sequences[:, :-1].reshape(-1, self.sequences.shape[-1])

    @property
    def after(self) -> NDArray[np.bool_]:
        """The SDR of each transition that comes second."""
        return self.sequences[:, 1:].reshape(-1, self.sequences.shape[-1])


def make_store(
    parameters: ScalarVsBinaryParameters, sparsity: float, load: float, rng: np.random.Generator
) -> Store:
    """Return a store of `load` transitions a cell."""
    n_sequences = round(load * parameters.size / TRANSITIONS)
    patterns = random_patterns(
        n_sequences * (TRANSITIONS + 1), parameters.size, round(sparsity * parameters.size), rng
    )
    return Store(patterns.reshape(n_sequences, TRANSITIONS + 1, -1))


def generator(
    parameters: ScalarVsBinaryParameters, number: int, sparsity: float, load: float
) -> np.random.Generator:
    """Return the random generator of a store."""
    place = (parameters.sparsities.index(sparsity), parameters.loads.index(load))
    return np.random.default_rng([parameters.seed, number, *place])


def transmitted(
    store: Store,
    parameters: ScalarVsBinaryParameters,
    probability: float,
    rng: np.random.Generator,
) -> Floats:
    """Return one noisy presentation of every SDR, without the spikes that fail.

    For a cell its synapses fail one by one; the cells that are measured share the draws, since each
    is judged by itself.
    """
    noisy = move_bits(store.before, parameters.noise, rng)
    if probability < 1:
        noisy &= rng.random(noisy.shape, dtype=np.float32) < probability
    return noisy.astype(np.float32)

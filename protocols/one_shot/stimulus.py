"""Pairs of random SDRs, how they are shown, and the ways in which nothing should be stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from brian2 import ms, second
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.randomness import stream

if TYPE_CHECKING:
    from htm_brian.protocols.one_shot import OneShotParameters

Bits = NDArray[np.int64]
PLATEAU = "plateau"
LEARNS = "a plateau, half a second after the volley"


@dataclass(frozen=True)
class Showing:
    """One way to show pairs.

    Parameters
    ----------
    rule : str
        Which of the two rules the synapses have: "plateau" or "pairs".
    delay : Quantity
        From the volley of the cue to the spikes of the target.
    plateau : bool
        Whether the target's cells have a plateau beside their spikes.
    """

    rule: str
    delay: Quantity
    plateau: bool = True


SHOWINGS = {
    LEARNS: Showing(PLATEAU, 500 * ms),
    "no plateau": Showing(PLATEAU, 500 * ms, plateau=False),
    "a plateau ten seconds after the volley": Showing(PLATEAU, 10 * second),
    "pairs of spikes, 10 ms apart": Showing("pairs", 10 * ms),
    "pairs of spikes, 500 ms apart": Showing("pairs", 500 * ms),
}
"""All but the first are controls."""


@dataclass(frozen=True)
class Pairs:
    """Cues, targets, and SDRs that are never stored.

    Parameters
    ----------
    cues, unseen : ndarray of int, shape (n_pairs, n_active), (n_unseen, n_active)
    targets : ndarray of int, shape (n_pairs, n_target)
    """

    cues: Bits
    targets: Bits
    unseen: Bits


def draw_pairs(parameters: OneShotParameters, seed: int) -> Pairs:
    """Draw all SDRs of a run."""
    p, rng = parameters, stream(parameters.seed, "pairs", seed)

    def sdrs(n: int, size: int, active: int) -> Bits:
        return np.array([np.sort(rng.choice(size, active, replace=False)) for _ in range(n)])

    n_pairs = max(*p.pairs, p.reader_pairs)
    return Pairs(
        sdrs(n_pairs, p.inputs, p.active),
        sdrs(n_pairs, p.cells, p.target),
        sdrs(max(p.unseen, p.shown), p.inputs, p.active),
    )

"""Elements that no branch decides by a hair: every overlap is well away from the threshold.

A branch of level 2 has no threshold in synapses, but a membrane. Where a segment has about as many
active synapses as a plateau takes, a little more or less of anything decides, and the abstract
memory, which counts, need not agree. How far levels agree elsewhere is another question, and this
tells which elements are elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.permanence import EPSILON
from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.comparison.recording import Recording

SYNAPSES = 2
"""How far from the threshold is well away."""


@dataclass(frozen=True)
class Margin:
    """What overlaps are counted with.

    Parameters
    ----------
    segments : SegmentTable
        Those that both levels hold.
    threshold : int
        Synapses from which a segment predicts.
    connected_permanence : float
    """

    segments: SegmentTable
    threshold: int
    connected_permanence: float

    def clear_steps(self, reference: Recording) -> NDArray[np.bool_]:
        """Return the steps that are clear: every overlap of theirs and of the step before.

        The overlaps of a step make its prediction, those of the step before its active cells.

        Parameters
        ----------
        reference : Recording
            Of the abstract memory; what was before its first step is not known, and that step is
            judged by its own overlaps.
        """
        clear = np.array(
            [
                bool((np.abs(self.overlaps(active) - self.threshold) >= SYNAPSES).all())
                for active in reference["active_cells"]
            ],
            dtype=np.bool_,
        )
        return clear & np.concatenate([[True], clear[:-1]]) if len(clear) else clear

    def overlaps(self, active: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return how many connected synapses of each segment are active."""
        table = self.segments
        on = np.zeros(table.n_inputs, dtype=np.bool_)
        on[active] = True
        connected = table.permanence >= np.float32(self.connected_permanence - EPSILON)
        segment = np.repeat(np.arange(table.n_segments), np.diff(table.indptr))
        counted = segment[on[table.presynaptic] & connected]
        return np.bincount(counted, minlength=table.n_segments)

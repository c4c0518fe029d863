# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""Compiled halves of a step of the memories with apical segments; see `kernels` for the form."""

import numpy as np
from numba import njit

from htm_brian.abstract.kernels import activity_kernels, learning_kernels, segment_kernels
from htm_brian.abstract.kernels.store_kernels import SOURCES


def _entry_points(sources):
    """Return the functions that Python calls."""

    @njit(cache=True)
    def reach(store, inputs, active, connected_permanence, minimum, potential, found, connected):
        """List the segments that `inputs` reach, and their connected overlaps."""
        assert sources >= 0
        n = activity_kernels.find_matching(store, inputs, minimum, potential, found)
        activity_kernels.connected_overlaps(
            store, found[:n], active, connected_permanence, np.inf, connected
        )
        return n

    @njit(cache=True)
    def learn(
        store,
        segments,
        wanted,
        wrong,
        new_cells,
        new_wanted,
        active,
        candidates,
        keep,
        gain_active,
        gain_inactive,
        prune_below,
        predicted_decrement,
        initial_permanence,
        lowest_index,
        iteration,
    ):
        """Adapt and grow segments, punish wrong ones, create new ones."""
        assert sources >= 0
        learning_kernels.adapt_segments(
            store, segments, active, keep, gain_active, gain_inactive, prune_below
        )
        learning_kernels.grow_segments(
            store, segments, wanted, candidates, initial_permanence, lowest_index
        )
        if predicted_decrement > 0.0:
            learning_kernels.adapt_segments(
                store, wrong, active, 1.0, -predicted_decrement, 0.0, prune_below
            )
        if len(candidates) > 0 and len(new_cells) > 0:
            created = np.empty(len(new_cells), dtype=np.int32)
            segment_kernels.create_segments(store, new_cells, iteration, created)
            all_wanted = np.full(len(new_cells), new_wanted, dtype=np.int32)
            learning_kernels.grow_segments(
                store, created, all_wanted, candidates, initial_permanence, lowest_index
            )

    return reach, learn


reach, learn = _entry_points(SOURCES)

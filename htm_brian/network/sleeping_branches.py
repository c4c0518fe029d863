"""Branches that sleep: those on which no synapse counts and nothing is left take no time steps.

A branch is awake while a synapse counts on it, while depolarisation is left, and while a plateau is
on. Of all others no variable changes, and none drives its cell, so the network does exactly what it
does when every branch is stepped.
"""

# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from brian2.core.base import BrianObject
from brian2.synapses.synapses import Synapses
from numba import njit
from numpy.typing import NDArray

from htm_brian.engine.arrays import ends, raw
from htm_brian.engine.awake import AWAKE, AwakeList
from htm_brian.mechanisms.branch import DendriticBranches

NAME = "sleeping_branches"
BLOCK = 64
FADED = 1e-12
"""Synapses' worth of depolarisation that is set to none."""


def can_sleep(branches: DendriticBranches) -> bool:
    """Return whether nothing is left of an input after a while: graded plateaus never quite end."""
    return branches.fading == ("depolarisation",)


class SleepingBranches(BrianObject):
    """Keeps the list of the branches on which something happens.

    Parameters
    ----------
    branches : DendriticBranches
    axis : Synapses
        From each branch to its cell, in the order of the branches.

    Attributes
    ----------
    awake : AwakeList
    """

    def __init__(self, branches: DendriticBranches, axis: Synapses) -> None:
        super().__init__(clock=branches.clock, when="start", name=NAME)
        self._branches, self._axis = branches, axis
        self.awake = AwakeList(branches)
        self.awake.sums(axis)

    def owners(self) -> NDArray[np.int32]:
        """Return the cell of each branch that is awake."""
        return np.asarray(ends(self._axis)[1][self.awake.members])

    def run(self) -> None:
        """Put those branches on the list on which something happens in this time step."""
        if not self.awake.in_force:
            return
        tally, depolarisation, end = (
            raw(self._branches, name)
            for name in ("potential_tally", "depolarisation", "plateau_end")
        )
        now = float(raw(self.clock, "t")[0])
        _keep_busy(raw(self._branches, AWAKE), tally, depolarisation, end, now)


@njit(cache=True)
def _keep_busy(awake, tally, depolarisation, end, now):
    before = awake[: awake[-1]].copy()
    n = 0
    # Nearly all tallies are 0; of whole numbers the compiler looks at many at once.
    bits = tally.view(np.uint64)
    for start in range(0, len(tally), BLOCK):
        stop = min(start + BLOCK, len(tally))
        any_bit = np.uint64(0)
        for branch in range(start, stop):
            any_bit |= bits[branch]
        if any_bit == 0:
            continue
        for branch in range(start, stop):
            if tally[branch] > 0:
                awake[n] = branch
                n += 1
    counting = n
    for branch in before:
        if tally[branch] > 0:
            continue
        if depolarisation[branch] < FADED:
            depolarisation[branch] = 0.0
        if depolarisation[branch] > 0 or end[branch] > now:
            awake[n] = branch
            n += 1
    if n > counting:
        awake[:n].sort()
    awake[-1] = n

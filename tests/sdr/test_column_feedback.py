"""Who was first in a column that burst, told by the wait for inhibition alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.sdr.column_feedback import LATENCY, Axons, feedback, waited_longest
from htm_brian.sdr.readout import BranchState, Events

TIMES = st.one_of(st.just(np.inf), st.floats(0.001, 0.04))


@given(st.lists(TIMES, min_size=12, max_size=12))
def test_the_longest_wait_is_that_of_the_first_cell_of_a_column_that_burst(times: list) -> None:
    spike = np.array(times)
    found = waited_longest(spike, feedback(spike, 4)).reshape(3, 4)
    for column, mine in zip(spike.reshape(3, 4), found, strict=True):
        if np.isfinite(column).sum() <= 2:
            assert not mine.any()
        else:
            assert mine[column.argmin()]
            assert (column[mine] <= column.min() + 2e-9).all()


def test_an_axon_offers_itself_when_its_cell_was_first_or_in_a_plateau() -> None:
    before = BranchState(
        *(0.0, np.array([6], dtype=np.int32), np.array([-0.04]), np.array([0.01]), np.zeros(1))
    )
    spikes = np.array([0, 1, 2, 6, 7]), np.array([0.011, 0.010, 0.012, 0.004, 0.020])
    axons = Axons.silent(8)
    axons = axons.after(axons.seen(Events(0.0, 0.05, *spikes), 4), before)
    assert np.flatnonzero(np.isfinite(axons.last_offer)).tolist() == [1, 6]
    assert np.flatnonzero(np.isfinite(axons.last_spike)).tolist() == [0, 1, 2, 6, 7]
    seen = axons.seen(Events(0.05, 0.1, np.array([0]), np.array([0.06])), 4)
    assert seen.last_spike[0] == 0.011 and seen.spike[0] == 0.06 and LATENCY > 0

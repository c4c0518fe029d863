"""For how long a synapse that released counts, when a burst gives it several chances."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Clock, Quantity, ms, mV

from htm_brian.abstract.permanence import UpDown
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, TWO_CLOCKS
from htm_brian.network.dendrites import DistalDendrites
from htm_brian.network.distal_synapses import DistalParameters
from htm_brian.parameters import load_model
from htm_brian.synapses.plasticity.between_elements import BetweenElements

DELAY, WINDOW, INTERVAL = 2, 20, 10


class Branch:
    """One synapse of a cell that fires when told."""

    def __init__(self, window: Quantity = WINDOW * ms) -> None:
        model = load_model("l5_reduced")
        self.cells = PyramidalCells(2, model, clock=Clock(0.25 * ms))
        self.dendrites = DistalDendrites(
            self.cells,
            model,
            DistalParameters(1.0, DELAY * ms, window, connected_permanence=0.5),
            BetweenElements(UpDown()),
            activation_threshold=4,
            match_threshold=3,
            clock=Clock(1 * ms),
            branches=1,
            synapses=2,
        )
        self.dendrites.set_owners(np.array([1]))
        self.dendrites.distal.connect(np.array([0]), np.array([0]), np.array([0]))
        self.dendrites.permanences(1)[0] = 0.5
        self.network = SteppedNetwork(self.cells, *self.dendrites.objects)
        self.network.expected_warnings = [
            ORDER_OF_EXECUTION,
            *(TWO_CLOCKS.format(name=f"distal_synapses_{end}") for end in ("release", "withdraw")),
        ]

    def spike(self, transmitted: bool) -> None:
        """Fire cell 0 in the next step; the draw comes when the spike arrives."""
        self.cells.v = [-45, -70] * mV
        self.network.advance(1 * ms)
        self.dendrites.distal.synapses.transmission_probability = float(transmitted)
        self.network.advance(3 * ms)

    def tally(self) -> tuple[float, float]:
        """Return connected synapses that count, and all that do."""
        branches = self.dendrites.branches
        return float(branches.tally[0]), float(branches.potential_tally[0])


def tallies(transmitted: list[bool], times: list[int], window: Quantity = WINDOW * ms) -> list:
    """Return what counts at `times` (ms after the first spike)."""
    branch = Branch(window)
    found, now = {}, 0
    spikes = {k * INTERVAL: arrives for k, arrives in enumerate(transmitted)}
    for moment in sorted({*times, *spikes}):
        branch.network.advance((moment - now) * ms)
        now = moment
        found[moment] = branch.tally()
        if moment in spikes:
            branch.spike(spikes[moment])
            now = moment + 4
    return [found[time] for time in times]


def test_a_late_release_counts_for_its_whole_window() -> None:
    """The window of the spike that failed does not end it."""
    end = INTERVAL + DELAY + WINDOW
    times = [INTERVAL, INTERVAL + 5, WINDOW + DELAY + 3, end - 1, end + 1]
    assert tallies([False, True], times) == [(0, 0), (1, 1), (1, 1), (1, 1), (0, 0)]


def test_a_synapse_counts_once_and_from_its_first_release() -> None:
    end = DELAY + WINDOW
    assert tallies([True, True], [INTERVAL, INTERVAL + 5, end - 1, end + 1]) == [
        (1, 1),
        (1, 1),
        (1, 1),
        (0, 0),
    ]


@pytest.mark.parametrize("window", [20.1, 20.126])
def test_a_window_between_two_time_steps_ends_too(window: float) -> None:
    assert tallies([True], [20, 24], window * ms) == [(1, 1), (0, 0)]


@pytest.mark.parametrize("growth", [1.0, 2.0])
def test_a_strong_synapse_has_more_sites_and_fails_less(growth: float) -> None:
    """With as many times the sites, it fails with that power of the probability."""
    permanence, n, transmitted = np.array([0.2, 0.5, 0.75, 1.0]), 2000, 0.7
    model = load_model("l5_reduced")
    cells = PyramidalCells(2, model, clock=Clock(0.25 * ms))
    dendrites = DistalDendrites(
        cells,
        model,
        DistalParameters(transmitted, DELAY * ms, WINDOW * ms, 0.5, growth),
        BetweenElements(UpDown()),
        activation_threshold=10 * n,
        match_threshold=10 * n,
        clock=Clock(1 * ms),
        branches=4,
        synapses=4 * n,
    )
    dendrites.set_owners(np.ones(4, dtype=int))
    slots = np.arange(4 * n)
    dendrites.distal.connect(slots, np.zeros(4 * n, dtype=int), slots // n)
    dendrites.permanences(4 * n)[: 4 * n] = permanence[slots // n]
    network = SteppedNetwork(cells, *dendrites.objects)
    network.expected_warnings = [
        ORDER_OF_EXECUTION,
        *(TWO_CLOCKS.format(name=f"distal_synapses_{end}") for end in ("release", "withdraw")),
    ]
    cells.v = [-45, -70] * mV
    network.advance(6 * ms)
    sites = np.array([1, 1, 1 + (growth - 1) / 2, growth])
    expected = 1 - (1 - transmitted) ** sites
    error = 4 * np.sqrt(expected * (1 - expected) / n)
    assert dendrites.branches.potential_tally / n == pytest.approx(expected, abs=error.max())

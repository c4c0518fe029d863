"""The rule in closed form at single synapses, and as the one rule of a network."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Clock, ms, mV, prefs

from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, TWO_CLOCKS
from htm_brian.errors import InputError
from htm_brian.network.dendrites import DistalDendrites
from htm_brian.network.distal_synapses import DistalParameters
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.network.wiring import SegmentWiring
from htm_brian.parameters import load_model
from htm_brian.synapses.plasticity.eligibility_trace import EligibilityTrace

N_CELLS, WINDOW = 12, 20
EARLY, LATE, SILENT = 4, [0, 1, 2], 3


def learned(rule: EligibilityTrace, transmission: float = 1.0) -> tuple[dict[int, float], float]:
    """Let one cell fire, 10 ms later three more, all onto one branch: return what changed.

    Returns
    -------
    change : dict
        Of the permanence, by presynaptic cell.
    onset : float
        Of the plateau, seconds.
    """
    model = load_model("l5_reduced")
    cells = PyramidalCells(N_CELLS, model, clock=Clock(0.25 * ms))
    dendrites = DistalDendrites(
        cells,
        model,
        DistalParameters(transmission, 2 * ms, WINDOW * ms, connected_permanence=0.4),
        rule,
        activation_threshold=4,
        match_threshold=3,
        clock=Clock(1 * ms),
        branches=2,
        synapses=8,
    )
    network = SteppedNetwork(cells, *dendrites.objects)
    network.expected_warnings = [
        ORDER_OF_EXECUTION,
        *(TWO_CLOCKS.format(name=f"distal_synapses_{k}") for k in ("release", "withdraw", "plat")),
        TWO_CLOCKS.format(name="distal_synapses_plateau"),
    ]
    store = SegmentStore(N_CELLS)
    wiring = SegmentWiring(store, dendrites)
    (segment,) = store.create([9])
    store.grow([segment], range(5), 5, 0.5, "lowest_index")
    wiring.follow()
    for firing in ([EARLY], LATE):
        cells.v = np.where(np.isin(np.arange(N_CELLS), firing), -45, -70) * mV
        network.advance(10 * ms)
    presynaptic, permanence = store.synapses(segment)
    onset = float(dendrites.branches.plateau_onset[0] / ms) / 1000
    return dict(zip(presynaptic.tolist(), (permanence - 0.5).tolist(), strict=True)), onset


def test_permanences_follow_the_trace_of_each_synapses_own_releases() -> None:
    rule = EligibilityTrace(time_constant=15 * ms, gain=0.3, loss=0.05)
    change, onset = learned(rule)
    # A cell above its threshold spikes in the first time step; the spike takes 2 ms.
    early, late = 0.002, 0.012
    assert 0.012 <= onset < 0.0135
    assert change[SILENT] == pytest.approx(-0.05, abs=1e-6)
    assert change[EARLY] == pytest.approx(0.3 * np.exp((early - onset) / 0.015) - 0.05, abs=1e-6)
    for cell in LATE:
        assert change[cell] == pytest.approx(0.3 * np.exp((late - onset) / 0.015) - 0.05, abs=1e-6)


def test_a_synapse_that_fails_to_release_is_no_different_from_a_silent_one() -> None:
    change, onset = learned(EligibilityTrace(), transmission=0.0)
    assert onset < 0, "no release, no plateau"
    assert set(change.values()) == {0.0}


def network_learns(target: str) -> list[float]:
    prefs.codegen.target = target
    tm = SpikingTemporalMemory(
        *(32, 4, 4, 3), max_new_synapses=6, seed=3, release="reliable", rule=EligibilityTrace()
    )
    rng = np.random.default_rng(0)
    sequence = [np.sort(rng.choice(32, 6, replace=False)) for _ in range(4)]
    for _ in range(2):
        for columns in sequence:
            tm.compute(columns)
        tm.reset()
    online = tm.export_segments().permanence
    assert (online > 0.5).any() and len(np.unique(online)) > 2, "learned online"
    anomaly = []
    for columns in sequence:
        tm.compute(columns, learn=False)
        anomaly.append(tm.anomaly)
    return anomaly


def test_a_network_learns_a_sequence_by_it_with_nothing_else_touched() -> None:
    assert network_learns("numpy") == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.slow
def test_and_so_it_does_in_cython() -> None:
    assert network_learns("cython") == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"time_constant": 0 * ms}, "time_constant must be above 0 s"),
        ({"gain": 1.5}, r"gain must lie in \[0.0, 1.0\], got 1.5"),
        ({"loss": -0.1}, r"loss must lie in \[0.0, 1.0\], got -0.1"),
    ],
)
def test_wrong_values_are_refused(values: dict, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        EligibilityTrace(**values)

"""A network that does not work fails the comparison, whatever its plateaus predict.

Each break leaves release, branches and plateaus alone: only what the somata do is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest
from brian2 import ms, nS, pA

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.comparison import table as comparison
from htm_brian.comparison.ladder import MemoryParameters, run_abstract
from htm_brian.comparison.recording import Recorder, Recording, record
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.parameters import load_model
from htm_brian.sdr.ragged import Ragged

COLUMNS, CELLS = 64, 4
PARAMETERS = asdict(MemoryParameters.for_size(COLUMNS, CELLS, active=8))
SOURCE = "these tests"
CELL = load_model("l5_reduced")

Break = Callable[[], SpikingTemporalMemory]


def spiking(cell_model: object = CELL) -> SpikingTemporalMemory:
    return SpikingTemporalMemory(
        **PARAMETERS, seed=0, cell_model=cell_model, release="reliable", unchecked=True
    )


def without_inhibition() -> SpikingTemporalMemory:
    return spiking(CELL.with_values({"inhibition.pulse_conductance": 0 * nS}))


def without_lead() -> SpikingTemporalMemory:
    """Plateaus that hardly depolarise: no predicted cell is ahead of the others."""
    return spiking(CELL.with_values({"branch.plateau_conductance": 1 * nS}))


def in_noise() -> SpikingTemporalMemory:
    """A current into the somata that moves their potential by some 4 mV."""
    tm = spiking()
    cells = tm.layer.cells
    tm.network.add(
        cells.run_regularly(
            "injected_current = 0.905*injected_current + 0.426*strength*randn()", dt=0.5 * ms
        )
    )
    cells.namespace["strength"] = 270 * pA
    return tm


N = 90


@pytest.fixture(scope="module")
def stream() -> Ragged:
    """A sequence that comes again and again; every ninth element is a new one."""
    rng = np.random.default_rng(1)

    def drawn() -> np.ndarray:
        return np.sort(rng.choice(COLUMNS, 8, replace=False))

    patterns = [drawn() for _ in range(4)]
    return Ragged.from_sets(patterns[step % 4] if step % 9 else drawn() for step in range(N))


def abstract(seed: int) -> TemporalMemory:
    return TemporalMemory(**PARAMETERS, seed=seed, predict_first=True)


def over(memory: SpikingTemporalMemory, stream: Ragged, learn: bool) -> Recording:
    recorder = Recorder(COLUMNS, CELLS)
    record(memory, stream, recorder, learn=learn)
    return recorder.recording()


def transplanted(memory: SpikingTemporalMemory, stream: Ragged) -> list[comparison.Row]:
    donor = abstract(0)
    segments = run_abstract(donor, stream, lambda done: True).segments
    copy = abstract(0)
    copy.import_segments(segments)
    memory.import_segments(segments)
    part = stream.part(-26)
    expected = run_abstract(copy, part, lambda done: True, learn=False).recording
    return comparison.reliable_rows(expected, over(memory, part, learn=False), SOURCE)


def apart(memory: SpikingTemporalMemory, stream: Ragged) -> list[comparison.Row]:
    references = [
        run_abstract(abstract(seed), stream, lambda done: True).recording.part(N // 2)
        for seed in (0, 1)
    ]
    return comparison.apart_rows(references, over(memory, stream, learn=True).part(N // 2), SOURCE)


def failed(rows: list[comparison.Row]) -> set[str]:
    return {row.quantity for row in rows if row.check is not None and not row.check.passed}


TELLING = {"predicted columns: Jaccard", "anomaly: mean absolute difference"}
"""Of spikes; the intact network passes them on so few elements."""


def test_the_network_as_it_is_passes(stream: Ragged) -> None:
    assert failed(transplanted(spiking(), stream)) == set()
    assert failed(apart(spiking(), stream)) & TELLING == set()


@pytest.mark.parametrize("broken", [without_inhibition, without_lead, in_noise])
def test_a_broken_network_fails_as_a_transplant(stream: Ragged, broken: Break) -> None:
    assert "reliable release: steps with the same cells" in failed(transplanted(broken(), stream))


@pytest.mark.parametrize("broken", [without_inhibition, without_lead, in_noise])
def test_a_broken_network_fails_trained_apart_by_what_its_spikes_show(
    stream: Ragged, broken: Break
) -> None:
    lost = failed(apart(broken(), stream))
    assert lost >= TELLING, f"failed: {lost}"

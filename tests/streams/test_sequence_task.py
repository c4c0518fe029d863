"""The task's score, by hand; and that the abstract memory solves it."""

from __future__ import annotations

from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pytest

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.protocols.network_release import NetworkReleaseParameters
from htm_brian.protocols.network_release.stimulus import DEFAULT, symbol_columns
from htm_brian.streams.sequence_task import present, transition_error


def test_the_error_of_a_transition_is_the_peers_distance() -> None:
    columns = np.arange(40).reshape(4, 10)

    def error(*predicted: int) -> float:
        memory = SimpleNamespace(cells_per_column=2, predictive_cells=np.array(predicted, int) * 2)
        return transition_error(memory, columns, target=1)

    assert error() == 1.0
    assert error(*range(10, 20)) == 0.0
    assert error(*range(10, 15)) == 0.0
    assert error(*range(10, 14)) == 1.0
    assert error(*range(20, 30)) == pytest.approx(np.sqrt(2))
    assert error(*range(10, 30)) == 1.0


def test_the_abstract_memory_solves_the_task() -> None:
    p = NetworkReleaseParameters()
    memory = TemporalMemory(**asdict(DEFAULT.memory(p.columns, p.cells_per_column)), seed=p.seed)
    error = present(memory, symbol_columns(p, DEFAULT), 24, True, lambda _: True).error
    assert error.shape == (24, 24)
    assert (error[0] == 1.0).all()
    assert (error[-4:] == 0.0).all()

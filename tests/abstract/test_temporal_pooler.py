"""The temporal pooler: what it learns, when it falls silent, what fails, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.abstract.permanence import UpDown
from htm_brian.abstract.temporal_pooler import TemporalPooler
from htm_brian.errors import InputError

SEQUENCES = np.arange(240).reshape(2, 6, 20)
"""Two sequences of six elements; no input is in two of them."""


def pooler(**options: object) -> TemporalPooler:
    given: dict[str, object] = {"cells": 200, "active": 10, "seed": 3}
    return TemporalPooler(240, **(given | options))  # type: ignore[arg-type]


def taught(showings: int = 2, **options: object) -> TemporalPooler:
    made = pooler(**options)
    for _ in range(showings):
        for sequence in SEQUENCES:
            made.reset()
            for element in sequence:
                made.compute(element)
    return made


def alone(made: TemporalPooler, element: np.ndarray) -> list[int]:
    made.reset()
    made.compute(element, learn=False)
    return made.active_cells.tolist()


def test_every_element_of_a_sequence_finds_the_same_cells_and_other_sequences_others() -> None:
    made = taught()
    codes = [[alone(made, element) for element in sequence] for sequence in SEQUENCES]
    for sequence in codes:
        assert len(sequence[0]) == 10 and all(code == sequence[0] for code in sequence)
    assert not set(codes[0][0]) & set(codes[1][0])


def test_without_learning_every_element_finds_cells_of_its_own() -> None:
    made = pooler()
    codes = [set(alone(made, element)) for element in SEQUENCES[0]]
    shared = [len(one & other) for k, one in enumerate(codes) for other in codes[:k]]
    assert np.mean(shared) < 3


def test_active_cells_connect_to_what_they_hear_and_weaken_the_rest() -> None:
    made = pooler(permanence_rule=UpDown(0.3, 0.01), initial_connected_fraction=0.0)
    made.threshold = 1
    made.activation[:10] = 100.0
    made.compute(SEQUENCES[0, 0])
    assert made.active_cells.tolist() == list(range(10))
    assert made.permanence[:10, :20] == pytest.approx(0.51)
    assert made.permanence[:10, 20:] == pytest.approx(0.2)
    assert made.permanence[10:] == pytest.approx(0.21)


def test_what_is_not_predicted_lets_the_code_decay() -> None:
    made = taught()
    code = alone(made, SEQUENCES[0, 0])
    sizes = []
    for _ in range(4):
        made.compute([], learn=False)
        sizes.append(made.active_cells.size)
    # 20 synapses: 10, 5, 2.5, and the threshold is 3.
    assert sizes == [10, 10, 0, 0] and len(code) == 10
    assert made.activation.max() == pytest.approx(20 * 0.5**4)


def test_too_few_predicted_inputs_are_none() -> None:
    made = taught()
    assert alone(made, SEQUENCES[0, 0, :9]) == []
    assert len(alone(made, SEQUENCES[0, 0, :10])) == 10


def test_a_lapse_within_a_sequence_changes_nothing() -> None:
    made = taught()
    before = alone(made, SEQUENCES[0, 0])
    made.compute([])
    made.compute(SEQUENCES[0, 2])
    assert made.active_cells.tolist() == before


def test_synapses_transmit_as_often_as_they_should() -> None:
    made = taught(cells=40, active=40, threshold=1)
    connected = (made.permanence[:, SEQUENCES[0, 0]] >= 0.5).sum()
    sums = []
    for _ in range(200):
        made.reset()
        made.compute(SEQUENCES[0, 0], learn=False, transmission=0.3)
        sums.append(made.activation.sum())
    error = np.sqrt(connected * 0.3 * 0.7 / 200)
    assert np.mean(sums) == pytest.approx(0.3 * connected, abs=4 * error)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pooler(persistence=1.0), r"persistence must lie in \[0, 1\), got 1"),
        (lambda: pooler(active=201), "active must lie in"),
        (lambda: pooler().compute([5, 3]), "inputs must be sorted"),
        (lambda: pooler().compute([240]), r"inputs must lie in \[0, 240\)"),
        (
            lambda: pooler().compute(np.arange(12), transmission=1.2),
            "transmission must be one probability, or one for each of the 12 inputs",
        ),
    ],
)
def test_what_is_wrong_is_named(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]

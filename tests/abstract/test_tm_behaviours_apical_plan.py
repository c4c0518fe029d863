"""ApicalTiebreak's plan for sequence memories: predicted = active, as sets of cells.

2048 x 32 cells, 40 active columns; no apical input. The letters are NuPIC's test names.
"""

import numpy as np
import pytest

from htm_brian.abstract.apical_tiebreak import ApicalTiebreakSequenceMemory
from htm_brian.abstract.temporal_memory import TemporalMemory
from tests.abstract.sequences import Patterns, feed

LENGTH = 20
FIRST_STEPS = (0, LENGTH - 1)


def apical(**options):
    return ApicalTiebreakSequenceMemory(
        2048,
        32,
        1,
        **{
            "activation_threshold": 25,
            "min_threshold": 25,
            "sample_size": 30,
            "initial_permanence": 0.5,
            "connected_permanence": 0.6,
            "permanence_decrement": 0.02,
            "basal_predicted_decrement": 0.08,
        }
        | options,
    )


def basal(**options):
    names = {"sample_size": "max_new_synapses", "basal_predicted_decrement": "predicted_decrement"}
    return TemporalMemory(
        2048,
        32,
        **{
            "activation_threshold": 25,
            "min_threshold": 25,
            "max_new_synapses": 30,
            "initial_permanence": 0.5,
            "connected_permanence": 0.6,
            "permanence_decrement": 0.02,
            "predicted_decrement": 0.08,
        }
        | {names.get(key, key): value for key, value in options.items()},
    )


both = pytest.mark.parametrize("make", [apical, basal])


@pytest.fixture
def bank():
    return Patterns(2048, [40], seed=4)


def train(memory, sequences, passes):
    for _ in range(passes):
        feed(memory, sequences)


def assert_predicted_equals_active(memory, sequences, ambiguous=()):
    """At every step but the first, and but for the `ambiguous` ones where columns must do."""
    outcome = feed(memory, sequences, learn=False)
    wrong = [i for i, equal in enumerate(outcome.cells_equal) if not equal]
    assert set(wrong) <= set(ambiguous), wrong
    assert sum(outcome.unpredicted) == 0


def shared(bank, start, stop):
    return [
        [bank[i if start <= i < stop else s * LENGTH + i] for i in range(LENGTH)] for s in (0, 1)
    ]


@both
def test_B_two_passes_learn_a_sequence(make, bank):
    memory = make()
    sequences = [[bank[i] for i in range(LENGTH)]]
    train(memory, sequences, passes=2)
    assert_predicted_equals_active(memory, sequences)


@both
@pytest.mark.parametrize(
    ("start", "stop", "ambiguous"),
    [
        pytest.param(10, 15, (), id="H1-H2"),
        # After a shared prefix both continuations are right; the first step is not counted.
        pytest.param(0, 5, (4, 4 + LENGTH - 1), id="H3"),
    ],
)
def test_H1_to_H3_twenty_passes_learn_two_sequences_with_a_shared_part(
    make, bank, start, stop, ambiguous
):
    memory = make()
    sequences = shared(bank, start, stop)
    train(memory, sequences, passes=20)
    assert_predicted_equals_active(memory, sequences, ambiguous)


@both
@pytest.mark.slow
def test_H4_forty_passes_learn_two_orders_of_the_same_elements(make, bank):
    """But for the step after a reset: the first element stands in both orders."""
    memory = make()
    sequences = [[bank[i] for i in bank.rng.permutation(LENGTH)] for _ in range(2)]
    train(memory, sequences, passes=40)
    assert_predicted_equals_active(memory, sequences, FIRST_STEPS)


@both
@pytest.mark.slow
def test_H5_eighty_passes_learn_two_orders_with_a_shared_part(make, bank):
    memory = make()
    sequences = []
    for _ in range(2):
        others = 5 + bank.rng.permutation(LENGTH - 5)
        order = np.concatenate((others[:10], np.arange(5), others[10:]))
        sequences.append([bank[i] for i in order])
    train(memory, sequences, passes=80)
    assert_predicted_equals_active(memory, sequences, FIRST_STEPS)


@both
def test_B9_three_passes_of_slow_learning_predict_nothing(make, bank):
    memory = make(initial_permanence=0.2, connected_permanence=0.7, permanence_increment=0.2)
    sequences = [[bank[i] for i in range(LENGTH)]]
    train(memory, sequences, passes=3)
    outcome = feed(memory, sequences, learn=False)
    assert sum(outcome.right) == sum(outcome.extra) == 0
    assert set(outcome.n_active) == {1280}
    train(memory, sequences, passes=1)
    assert_predicted_equals_active(memory, sequences)


@both
@pytest.mark.parametrize("name", ["B11", "H9"])
def test_B11_H9_of_40_columns_3_moved_exactly_37_are_predicted(make, bank, name):
    memory = make()
    sequences, passes = [[bank[i] for i in range(LENGTH)]], 2
    if name == "H9":
        sequences, passes = shared(bank, 10, 15), 20
    train(memory, sequences, passes)
    moved = [[bank.moved(pattern, 3) for pattern in sequence] for sequence in sequences]
    outcome = feed(memory, moved, learn=False)
    # After a burst of three columns a step predicts from 37 right and 96 other cells.
    assert set(outcome.right) == {37}
    assert set(outcome.extra) == {3}
    assert set(outcome.unpredicted) == {3}

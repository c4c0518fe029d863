"""A memory of pairs on Brian2 synapses: what one showing changes, and when nothing is stored."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, mV, second

from htm_brian.errors import InputError
from htm_brian.network.one_shot_memory import TIME_STEP, OneShotMemory
from htm_brian.parameters import Model, load_model
from htm_brian.synapses.plasticity.finding import online_rule
from htm_brian.synapses.plasticity.trains import Trains

RULE = "behavioural_time_scale_place"
CUE, TARGET = np.arange(40), np.array([2, 7])


def reliable() -> Model:
    return load_model("one_shot_memory").with_values(
        {"volley.jitter": 0 * ms, "cell.membrane_noise": 0 * mV}
    )


@pytest.fixture(scope="module")
def memory() -> OneShotMemory:
    found = OneShotMemory(300, 12, RULE, model=reliable(), seed=3)
    found.store(CUE, TARGET, delay=500 * ms)
    return found


def test_the_efficacy_is_that_of_the_rule_at_the_cues_synapses_on_targets_alone(
    memory: OneShotMemory,
) -> None:
    trains = Trains(online_rule(RULE), 1)
    wanted = trains.run([[0.0]], [[]], plateau=[[0.5]], look_at=[20.0])[0, 0]
    assert wanted > 1.8
    learned = memory.efficacy[np.ix_(CUE, TARGET)]
    np.testing.assert_allclose(learned, wanted, rtol=5e-3)
    others = memory.efficacy
    others[np.ix_(CUE, TARGET)] = 1
    assert (others == 1).all()


def test_a_cue_recalls_its_target_down_to_the_number_of_bits_that_reaches_the_threshold(
    memory: OneShotMemory,
) -> None:
    gain = memory.efficacy[0, TARGET[0]] - 1
    cell, potential = memory.model["cell"], memory.model["synapse"]["potential"]
    # The potential leaks for a time step before it is held against the threshold.
    kept = 1 - float(TIME_STEP / cell["membrane_time_constant"])
    needed = float(cell["threshold_depth"] / potential) / gain / kept
    least = int(np.ceil(needed))
    assert 20 < least < 30
    assert memory.recall(CUE[:least]).tolist() == TARGET.tolist()
    assert memory.recall(CUE[: least - 1]).tolist() == []
    assert memory.recall(np.arange(100, 140)).tolist() == []


@pytest.mark.parametrize(
    ("rule", "delay", "plateau"),
    [
        (RULE, 500 * ms, False),
        (RULE, 10 * second, True),
        ("pair_stdp", 10 * ms, True),
        ("pair_stdp", 500 * ms, True),
    ],
)
def test_nothing_is_recalled_without_a_plateau_in_time(
    rule: str, delay: object, plateau: bool
) -> None:
    memory = OneShotMemory(200, 4, rule, model=reliable())
    memory.store(CUE, [1], delay=delay, plateau=plateau)
    assert memory.recall(CUE).tolist() == []
    rise = memory.efficacy[CUE, 1] / memory.efficacy[-1, 0] - 1
    wanted = 0.01 * np.exp(-10 / 20) if delay == 10 * ms else 0
    np.testing.assert_allclose(rise, wanted, atol=2e-4 if wanted else 1e-9)


def test_equal_seeds_give_equal_memories() -> None:
    found = []
    for seed in (1, 1, 2):
        memory = OneShotMemory(100, 5, RULE, seed=seed)
        memory.store(np.arange(30), [0])
        memory.recall(np.arange(30))
        found.append(np.append(memory.efficacy.ravel(), memory.cells.v_[:]))
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="n_cells must be"):
        OneShotMemory(10, 0, RULE)
    memory = OneShotMemory(10, 2, RULE)
    with pytest.raises(InputError, match=r"^cue must hold indices from 0 to 9, got"):
        memory.recall([3, 10])
    with pytest.raises(InputError, match=r"^target must hold indices, got numbers of type float"):
        memory.store([1], [0.5])

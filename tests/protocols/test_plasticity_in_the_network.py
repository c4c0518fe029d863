"""The protocol at a small size, and checks that can fail."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.figures.plasticity_in_the_network import draw
from htm_brian.protocols.plasticity_in_the_network import PlasticityInTheNetworkParameters
from htm_brian.protocols.plasticity_in_the_network.checks import checks, metrics
from htm_brian.protocols.plasticity_in_the_network.measurement import (
    Learned,
    Shown,
    Task,
    elements_to_learn,
    to_dataset,
)
from htm_brian.protocols.plasticity_in_the_network.stimulus import (
    CALCIUM,
    CONDITIONS,
    LOCAL,
    OWN,
    PAIRS,
    rules,
)

SMALL = PlasticityInTheNetworkParameters(
    columns=64, cells_per_column=2, active=8, training=3, testing=1, new=1, seeds=2, codegen="numpy"
)


def learned(anomaly: float = 0.0, error: float = 0.0) -> Learned:
    course = np.array([1.0, anomaly, anomaly])
    return Learned(course, course, error, error, 100.0, 10, 200)


def a_dataset(changes: dict[str, Learned]) -> object:
    found = {
        (condition.name, rule, seed): changes.get(rule, learned())
        for condition in CONDITIONS
        for rule in condition.rules
        for seed in range(SMALL.seeds)
    }
    return to_dataset(SMALL, found)


def test_checks_hold_where_all_learn_and_fail_where_one_does_not() -> None:
    every = checks(a_dataset({}))
    assert len(every) == 7 and all(check.passed for check in every)
    bad = learned(0.5, 0.5)
    for rule, words in ((LOCAL, "local counter less"), (CALCIUM, "on branches:"), (PAIRS, "pairs")):
        failed = [check.name for check in checks(a_dataset({rule: bad})) if not check.passed]
        assert failed and any(words in name for name in failed), failed
    dataset = a_dataset({PAIRS: bad})
    assert metrics(dataset)[f"{OWN.name} | {PAIRS}"]["seeds that learned"] == 0
    assert set(draw(dataset)) == {"plasticity_in_the_network"}


def test_elements_are_counted_to_the_last_surprise() -> None:
    assert elements_to_learn(np.array([0.0, 0.0])) == 0
    assert elements_to_learn(np.array([1.0, 0.0, 0.2])) == np.inf


def test_vesicles_are_sites_times_spikes_times_probability() -> None:
    shown = Shown(Task(OWN, LOCAL, 0), SMALL, lambda _: True)
    shown.count_vesicles = True
    shown.memory.compute(np.arange(8))
    (segment,) = shown.memory.store.create([20])
    shown.memory.store.grow([segment], [0, 1, 60], 3, 0.5, "lowest_index")
    # Cells 0 and 1 spiked once; a synapse that is just connected has five sites.
    assert shown._released() == pytest.approx(2 * 5 * 0.37)


def test_every_rule_of_a_condition_is_known_and_nonsense_is_refused() -> None:
    assert {rule for condition in CONDITIONS for rule in condition.rules} == set(rules())
    with pytest.raises(InputError, match="conditions must contain"):
        PlasticityInTheNetworkParameters(conditions=CONDITIONS[1:])
    with pytest.raises(InputError, match="testing"):
        dataclasses.replace(SMALL, testing=9)

"""The quick form of the protocol, and what it is made of."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.experiment.seeds import resampled_interval
from htm_brian.figures.in_vivo import draw
from htm_brian.protocols.in_vivo.stimulus import MANY_2, SINGLE_1, SINGLE_2
from htm_brian.streams.predicted_sets import predicted_sets


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("in_vivo").in_quick_form().outcome(SilentProgress())


@pytest.mark.slow
def test_every_check_holds(outcome: Outcome) -> None:
    assert outcome.passed, [check.as_dict() for check in outcome.checks if not check.passed]


@pytest.mark.slow
def test_without_noise_the_cells_are_the_same_and_at_1_mV_nearly(outcome: Outcome) -> None:
    jaccard = outcome.dataset.jaccard.mean("network")
    assert float(jaccard.sel(condition="nothing")) > 0.99
    assert float(jaccard.sel(condition=SINGLE_1)) > 0.95
    assert float(jaccard.sel(condition=MANY_2)) > float(jaccard.sel(condition=SINGLE_2))
    assert set(draw(outcome.dataset)) == {"in_vivo"}


def test_half_of_the_columns_of_each_set_have_one_predicted_cell() -> None:
    sets, table = predicted_sets(128, 4, 10, 12, np.random.default_rng(1))
    memory = TemporalMemory(128, 4, activation_threshold=4, min_threshold=4, max_new_synapses=10)
    memory.import_segments(table)
    found = []
    for chosen in sets:
        predicted = memory.predictive_cells
        memory.compute(chosen, learn=False)
        found.append(np.isin(predicted // 4, chosen).sum())
    assert found[0] == 0
    assert np.mean(found[1:]) == pytest.approx(5, abs=1)


def test_the_interval_is_that_of_the_mean_over_networks() -> None:
    values = np.random.default_rng(2).normal(0.9, 0.02, 400)
    low, high = resampled_interval(values)
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=5e-4)
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / 20, rel=0.1)
    assert np.isnan(resampled_interval(np.array([np.nan]))).all()

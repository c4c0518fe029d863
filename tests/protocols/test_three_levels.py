"""The quick form of the protocol, and what it is made of."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import mV

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.three_levels import draw
from htm_brian.parameters import load_model
from htm_brian.protocols.three_levels.stimulus import CONDITIONS, Condition


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("three_levels").in_quick_form().outcome(SilentProgress())


@pytest.mark.slow
def test_trees_predict_what_the_abstract_memory_predicts(outcome: Outcome) -> None:
    trees = outcome.dataset.sel(level=2)
    assert float(trees.same_predictive.mean()) == 1.0
    assert float(trees.jaccard.mean()) > 0.9
    assert outcome.metrics["threshold of a branch of level 2, synapses"] >= 8


@pytest.mark.slow
def test_the_predicted_cell_is_ahead_and_its_branch_in_a_plateau(outcome: Outcome) -> None:
    dataset = outcome.dataset
    last = 2 * float(dataset.period_2)
    before = int(np.searchsorted(dataset.time_2, last)) - 2
    predicted, neighbour = dataset.branch_2[:, before]
    assert float(predicted) > -50 > -60 > float(neighbour)
    cells = dataset.spike_cell_2[dataset.spike_time_2 > last].to_numpy()
    assert dataset.attrs["predicted_cell"] in cells
    assert dataset.attrs["neighbour_cell"] not in cells
    assert set(draw(dataset)) == {"three_levels", "three_levels_in_brief"}


def test_a_condition_fits_networks_of_both_levels() -> None:
    for name in ("minicolumns_in_vivo", "minicolumns_trees"):
        model = CONDITIONS[-1].model(load_model(name))
        assert model["membrane_noise"]["standard_deviation"] == 2 * mV
        assert model["relay"]["variation"] == 0.1
    assert Condition("quiet").model(load_model("minicolumns_in_vivo"))["spread"]["leak"] == 0

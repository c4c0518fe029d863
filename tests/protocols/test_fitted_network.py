"""The ladder of fitted numbers, in small, and what its figure shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.figures.fitted_network import draw
from htm_brian.parameters import load_model
from htm_brian.protocols.fitted_network import FittedNetwork, FittedNetworkParameters
from htm_brian.protocols.fitted_network.measurement import predicts_for
from htm_brian.protocols.fitted_network.stimulus import BRIEF, FULL, GROUPS, HAND, Variant

TINY = FittedNetworkParameters(
    columns=64,
    cells=2,
    steps=16,
    groups=("length of a plateau",),
    periods=(75.0,),
    codegen="numpy",
)


def test_a_variant_takes_its_group_from_the_fit_and_nothing_else() -> None:
    networks = FittedNetwork().networks
    hand, fit = load_model("l5_reduced"), load_model("l5_reduced_fitted_brief")
    for name, paths in GROUPS.items():
        cell = networks.cell(Variant(name, 50.0))
        changed = [
            new.path for new, old in zip(cell.rows(), hand.rows(), strict=True) if new[1] != old[1]
        ]
        assert sorted(changed) == sorted(paths)
    cell = networks.cell(Variant("length of a plateau", 50.0))
    assert cell["branch"]["plateau_growth"] == fit["branch"]["plateau_growth"]
    assert networks.cell(Variant(HAND, 50.0)) == hand
    assert networks.cell(Variant(BRIEF, 75.0)) == fit
    assert networks.cell(Variant(FULL, 75.0)) == load_model("l5_reduced_fitted")


def test_every_fitted_number_that_a_network_feels_is_in_a_group() -> None:
    """The others are thresholds, which a memory sets, the tuft's, which has no branches, and those
    of graded plateaus, which only the whole fitted cell has."""
    rows = {
        row.path
        for name in ("l5_reduced_fitted", "l5_reduced_fitted_brief")
        for row, old in zip(load_model(name).rows(), load_model("l5_reduced").rows(), strict=True)
        if row.value != old.value
    }
    swapped = {path for paths in GROUPS.values() for path in paths}
    assert rows - swapped == {
        "branch.activation_threshold",
        "branch.threshold_fall",
        "branch.match_threshold",
        "apical.capacitance",
        "burst.apical_recovery",
        "branch.transition_width",
        "plateau.saturation",
    }


def test_fitted_plateaus_span_more_than_an_element_of_50_ms() -> None:
    """From 8 to 20 of 20 synapses; those set by hand have one length."""
    synapses = np.arange(7, 21)
    hand = predicts_for(load_model("l5_reduced"), synapses, 8, 40e-3)
    fit = predicts_for(load_model("l5_reduced_fitted_brief"), synapses, 8, 40e-3)
    assert hand[0] == fit[0] == 0
    assert np.ptp(hand[1:]) == 0
    assert np.ptp(fit[1:]) > 50e-3, f"{1e3 * np.ptp(fit[1:]):.1f} ms"
    assert 40e-3 < hand[1] < 90e-3 < fit[-1]


def test_whole_run_small() -> None:
    outcome = FittedNetwork(TINY).run(SilentProgress())
    assert not outcome.partial
    assert outcome.dataset.variant.values.tolist() == [
        *("hand-set, 50 ms", "length of a plateau, 50 ms"),
        *("fitted, volley kept, 75 ms", "fitted, 75 ms"),
    ]
    assert float(outcome.dataset.same_steps.sel(variant="hand-set, 50 ms")) == 1
    assert len(outcome.checks) == 2
    assert set(draw(outcome.dataset)) == {"fitted_network"}


@pytest.mark.slow
def test_whole_run_small_trained_apart() -> None:
    outcome = FittedNetwork(replace(TINY, apart=True)).run(SilentProgress())
    assert len(outcome.checks) == 6
    assert outcome.dataset.apart_jaccard.notnull().all()


def test_a_stopped_run_is_partial() -> None:
    class Stopped(SilentProgress):
        interrupted = True

    assert FittedNetwork(TINY).run(Stopped()).partial


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"period": 10.0}, "period"),
        ({"columns": 4}, "columns"),
        ({"steps": 3}, "steps"),
        ({"groups": ("soma",)}, "groups"),
    ],
)
def test_parameters_with_a_fault(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(TINY, **change)

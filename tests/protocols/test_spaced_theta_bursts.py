"""The protocol at small sizes: intervals that add, and ablations that do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.spaced_theta_bursts import draw
from htm_brian.protocols.spaced_theta_bursts import SpacedThetaBurstsParameters
from htm_brian.protocols.spaced_theta_bursts.checks import checks

SMALL = SpacedThetaBurstsParameters(
    intervals=(10.0, 30.0, 60.0), cells=2, synapses=4, plain_synapses=150
)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("spaced_theta_bursts")(SMALL).run(SilentProgress())


def test_further_trains_add_after_an_hour_and_not_before(outcome: Outcome) -> None:
    print({check.name: check.value for check in outcome.checks})
    assert [check.name for check in outcome.checks if not check.passed] == []


def test_checks_fail_where_the_interval_makes_no_difference(outcome: Outcome) -> None:
    same = outcome.dataset.copy(deep=True)
    same["potentiation"] = same.potentiation.sel(interval=10.0, drop=True).broadcast_like(
        same.potentiation
    )
    failed = {check.name for check in checks(same) if not check.passed}
    assert failed >= {
        "train 2 after 60 min adds, lower end",
        "train 3 after 60 min adds, lower end",
        "LTP after 3, an hour apart",
    }
    mixed = outcome.dataset.copy(deep=True)
    mixed["potentiation"] = mixed.potentiation.isel(variant=[3, 0, 0, 1, 1]).assign_coords(
        variant=mixed.variant
    )
    failed = {check.name for check in checks(mixed) if not check.passed}
    assert failed >= {
        "train 2 after 30 min adds, upper end",
        "no proteins: train 2 after 60 min adds",
        "no tag: train 2 after 60 min adds",
        "no saturation of the early phase: train 2 after 30 min adds",
    }


def test_the_figure_is_drawn(outcome: Outcome) -> None:
    assert set(draw(outcome.dataset)) == {"spaced_theta_bursts"}


def test_bad_parameters_are_named() -> None:
    with pytest.raises(ValueError, match="intervals must hold 30 and 60 minutes"):
        replace(SMALL, intervals=(10.0, 60.0))

"""The protocol at a small size: overlaps, controls, and checks that can fail."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.spiking_pooler import draw
from htm_brian.parameters import load_model
from htm_brian.protocols.spiking_pooler import SpikingPoolerParameters
from htm_brian.protocols.spiking_pooler.checks import checks
from htm_brian.protocols.spiking_pooler.measurement import NO_INHIBITION, NOISY, RELIABLE, SHUFFLED
from htm_brian.protocols.spiking_pooler.varied import PARAMETERS, changed

SMALL = SpikingPoolerParameters(
    input_size=400, columns=500, active=(0.1,), shown=2, varied_inputs=0, steps=48, seeds=1
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("spiking_pooler")(SMALL).run(SilentProgress())


def test_columns_that_spike_are_those_of_level_0_and_controls_are_not(outcome: Outcome) -> None:
    data = outcome.dataset.isel(seed=0)
    random = data.overlap.sel(stimulus="random inputs")
    assert random.sel(arm=RELIABLE) > 0.7 and random.sel(arm=NOISY) > 0.6
    assert random.sel(arm=SHUFFLED) < 0.2
    assert float(data.overlap.sel(stimulus="the series", arm=NO_INHIBITION)) < 0.05
    assert data.apart[0] == 1


def test_checks_fail_where_other_columns_spike(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["overlap"] = 1 - wrong.overlap
    wrong["winners"] = 2 * wrong.winners + 30
    failed = {check.name for check in checks(wrong) if not check.passed}
    assert {
        f"overlap with level 0, random inputs, {RELIABLE}",
        "columns that win over level 0's, random inputs",
        f"control, {SHUFFLED}: overlap, the series",
    } <= failed


def test_the_figure_is_drawn(outcome: Outcome) -> None:
    assert set(draw(outcome.dataset)) == {"spiking_pooler"}


@pytest.mark.parametrize("path", PARAMETERS)
def test_each_parameter_can_be_a_tenth_off(path: str) -> None:
    model = load_model("spatial_pooler")
    table, key = path.split(".")
    ends = [float(changed(model, path, share)[table][key]) for share in (-0.1, 0.1)]
    assert np.mean(ends) == pytest.approx(float(model[table][key]))


def test_bad_parameters() -> None:
    for changes, message in (
        ({"neurons_per_column": 0}, "neurons_per_column must be at least 1"),
        ({"model": "minicolumns"}, "minicolumns is a network"),
        ({"density": 0.9}, "density must lie in"),
    ):
        with pytest.raises(InputError, match=message):
            load_protocol("spiking_pooler")(dataclasses.replace(SMALL, **changes))

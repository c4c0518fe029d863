"""The protocol on small poolers: what it measures, what it demands, and stopping half-way."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.spatial_pooler_noise import draw
from htm_brian.protocols import spatial_pooler_noise
from htm_brian.protocols.spatial_pooler_noise import SpatialPoolerNoiseParameters
from htm_brian.protocols.spatial_pooler_noise.checks import checks

SMALL = SpatialPoolerNoiseParameters(
    input_size=200,
    columns=200,
    inputs=25,
    density=0.05,
    lowest_input_density=0.1,
    epochs=(0, 2, 25),
    seeds=1,
)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("spatial_pooler_noise")(SMALL).run(SilentProgress())


def test_small_poolers_learn_to_withstand_noise(outcome: Outcome) -> None:
    found = {check.name: check.value for check in outcome.checks}
    print(found)
    assert found["robustness gained by learning"] > 0.1
    assert found["density less target, published"] == pytest.approx(0, abs=1e-9)
    kept = outcome.dataset.kept
    assert np.all(kept.sel(noise=0.0) == 1.0)
    assert np.all(kept.sel(noise=1.0) < 0.2)
    assert set(draw(outcome.dataset)) == {"robustness", "density"}


def test_one_code_for_everything_does_not_pass(outcome: Outcome) -> None:
    """The control: a pooler that answers every input alike withstands any noise."""
    dull = outcome.dataset.copy()
    dull["kept"] = dull.kept * 0 + 1
    dull["likeness"] = dull.likeness * 0 + 1
    failed = [check.name for check in checks(dull) if not check.passed]
    assert "likeness of other inputs' codes" in failed


class Stopped(SilentProgress):
    """Ctrl-C after so many epochs."""

    def __init__(self, epochs: int) -> None:
        self.left = epochs

    def advance(self, steps: int = 1) -> None:
        self.left -= 1

    @property
    def interrupted(self) -> bool:  # type: ignore[override]
        return self.left <= 0


@pytest.mark.parametrize("epochs", [1, 30])
def test_what_was_stopped_is_partial_and_can_be_drawn(epochs: int) -> None:
    kind = load_protocol("spatial_pooler_noise")
    outcome = kind(SMALL).run(Stopped(epochs))
    assert outcome.partial and not outcome.passed
    assert set(draw(outcome.dataset)) == {"robustness", "density"}


def test_bad_parameters_are_named() -> None:
    with pytest.raises(ValueError, match="epochs must rise from 0"):
        SpatialPoolerNoiseParameters(epochs=(5, 2))
    with pytest.raises(ValueError, match="lowest_input_density must lie in"):
        SpatialPoolerNoiseParameters(lowest_input_density=0.3)
    assert spatial_pooler_noise.SpatialPoolerNoise.parameters.seeds >= 3

"""The protocol with few batches: it samples, prunes, and says what is missing."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.synaptic_sampling import draw
from htm_brian.protocols.synaptic_sampling import SynapticSamplingParameters
from htm_brian.protocols.synaptic_sampling.checks import STAGES, checks

SMALL = SynapticSamplingParameters(
    machines=1, batches=300, chains=50, digit_hidden=40, epochs=5, relearning_epochs=1,
    readings=3, splits=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    pytest.importorskip("sklearn")
    return load_protocol("synaptic_sampling")(SMALL).run(SilentProgress())


def test_learning_brings_frequencies_closer_and_only_chance_moves_the_reading(
    outcome: Outcome,
) -> None:
    """Neftci et al. 2016: synaptic stochasticity as a means to sample."""
    error = np.abs(outcome.dataset.frequency - outcome.dataset.target).max("pattern")
    assert (error.sel(network="stochastic") < error.sel(network="before learning")).all(), error
    assert outcome.metrics["changes of reading per step, stochastic"] > 0.01
    assert outcome.metrics["changes of reading per step, deterministic"] < 0.01


def test_digits_are_learned_and_survive_pruning(outcome: Outcome) -> None:
    """Neftci et al. 2016: 75 % of the weakest connections can go after brief relearning."""
    accuracy = [outcome.metrics[f"test accuracy, {stage}"] for stage in STAGES]
    # After a few epochs; one class in ten would be right by chance.
    assert accuracy[0] > 0.4, accuracy
    assert accuracy[2] > accuracy[0] - 0.2, accuracy


def test_checks_fail_where_targets_are_missed(outcome: Outcome) -> None:
    off = outcome.dataset.copy(deep=True)
    off["frequency"][:] = 0.25
    off["accuracy"][:, 2] = off["accuracy"][:, 0] - 0.02
    assert not any(check.passed for check in checks(off))


def test_figures(outcome: Outcome) -> None:
    assert set(draw(outcome.dataset)) == {"frequencies", "pruning"}


def test_stopped_half_way() -> None:
    pytest.importorskip("sklearn")

    class Stopped(SilentProgress):
        interrupted = True

    few = replace(SMALL, batches=2, chains=4, settling=1, steps=2)
    result = load_protocol("synaptic_sampling")(few).run(Stopped())
    assert result.partial and draw(result.dataset) == {}


def test_missing_package_and_bad_parameters_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="target must hold two or more shares that sum to 1"):
        replace(SMALL, target=(0.4, 0.4))
    with pytest.raises(ValueError, match=r"pruned_share must lie in \[0, 0.99\], got 1.0"):
        replace(SMALL, pruned_share=1.0)
    with pytest.raises(ValueError, match="machines must be at least 1, got 0"):
        replace(SMALL, machines=0)
    kind = load_protocol("synaptic_sampling")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="synaptic_sampling needs the package sklearn"):
        kind()

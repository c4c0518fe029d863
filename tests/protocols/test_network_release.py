"""The task and its score against what is known of them, and a small run of the whole protocol."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.figures.network_release import draw
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.parameters import load_model
from htm_brian.protocols.network_release import (
    NetworkRelease,
    NetworkReleaseParameters,
    measurement,
)
from htm_brian.protocols.network_release.checks import interval, site_probability
from htm_brian.protocols.network_release.measurement import (
    MULTIPLE_SITES,
    Task,
    measure,
    with_transmission,
)
from htm_brian.protocols.network_release.stimulus import DEFAULT, Condition, symbol_columns
from htm_brian.sdr.theory import burst_transmission
from htm_brian.streams.sequence_task import SYMBOLS, Measured
from htm_brian.synapses.release.transmission import transmission_of
from tests.generators.in_process_pool import InProcessPool

TINY = NetworkReleaseParameters(
    columns=64,
    cells_per_column=4,
    transmission=(1.0, 0.5),
    training=1,
    testing=1,
    conditions=(DEFAULT,),
    jobs=1,
    codegen="numpy",
)


def test_a_connection_of_one_site_transmits_with_the_given_probability() -> None:
    model = with_transmission(load_model("minicolumns"), 0.3)
    assert transmission_of(model["release"]) == pytest.approx(0.3)
    site = site_probability(0.3)
    assert burst_transmission(site, MULTIPLE_SITES) == pytest.approx(0.3)


def test_the_interval_of_a_share_is_exact() -> None:
    """Known values: none of 10 gives 1 - 0.025^(1/10); 5 of 10 by tables."""
    assert interval(0, 10) == pytest.approx([0.0, 1 - 0.025**0.1])
    assert interval(10, 10) == pytest.approx([0.025**0.1, 1.0])
    assert interval(5, 10) == pytest.approx([0.1871, 0.8129], abs=1e-4)


def test_a_network_told_to_stop_says_how_far_it_came() -> None:
    result = measure(Task(DEFAULT, 1.0, 3), TINY, lambda done: False)
    assert result.error.shape == result.anomaly.shape == (1, 24)


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("htm_brian.protocols.network_release.WorkerPool", InProcessPool)


@pytest.mark.usefixtures("no_processes")
def test_whole_run_small() -> None:
    outcome = NetworkRelease(TINY).run(SilentProgress())
    assert not outcome.partial
    assert np.isfinite(outcome.dataset.error.values).all()
    names = [check.name for check in outcome.checks]
    assert any("0.5" in name and "default synapses" in name for name in names)
    assert len(draw(outcome.dataset)) == 1
    rise = outcome.metrics["graceful: the same rise in closed form, without learning"]
    assert 0 <= rise < 1e-3, "nothing is missed at 0.5"
    assert len(SYMBOLS) == 14


@pytest.mark.usefixtures("no_processes")
def test_a_run_that_was_stopped_says_so_and_still_draws() -> None:
    class Interrupted(SilentProgress):
        interrupted = True

    outcome = NetworkRelease(TINY).run(Interrupted())
    assert outcome.partial
    assert all(not check.passed for check in outcome.checks)
    draw(outcome.dataset)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"transmission": (0.5,)}, "transmission must contain 1"),
        ({"transmission": (1.0, 1.5)}, "transmission must lie in"),
        ({"conditions": (Condition("other"),)}, "conditions must contain"),
        ({"columns": 10}, "columns must be at least 20"),
    ],
)
def test_bad_parameters_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises((InputError, ValueError), match=message):
        NetworkReleaseParameters(**changes)  # type: ignore[arg-type]


@pytest.mark.slow
def test_predicted_cells_of_the_network_without_bursts_fire_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    p = NetworkReleaseParameters(codegen="auto")
    bursts: list[int] = []

    def count(memory: SpikingTemporalMemory, *rest: object) -> Measured:
        for _ in range(8):
            for symbol in symbol_columns(p, DEFAULT)[:3]:
                memory.compute(symbol)
        assert len(memory.predictive_cells) > 0
        bursts.append(len(memory.cell_bursts))
        return Measured(np.empty((0, 0)), np.empty((0, 0)), memory.export_segments())

    monkeypatch.setattr(measurement, "present", count)
    for condition in (DEFAULT, Condition("once", bursts=False)):
        measure(Task(condition, 1.0, 1), p, lambda _: True)
    assert bursts[0] >= DEFAULT.n_active
    assert bursts[1] == 0

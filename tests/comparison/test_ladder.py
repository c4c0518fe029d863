from dataclasses import asdict

import numpy as np
import pytest

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.comparison.ladder import (
    KEPT_ELEMENTS,
    MemoryParameters,
    SpikingRun,
    run_abstract,
    run_spiking,
)
from htm_brian.sdr.ragged import Ragged

PARAMETERS = MemoryParameters.for_size(64, 4, active=8)


def go_on(done):
    return True


@pytest.fixture(scope="module")
def stream():
    """Four patterns, again and again."""
    rng = np.random.default_rng(1)
    patterns = [np.sort(rng.choice(64, 8, replace=False)) for _ in range(4)]
    return Ragged.from_sets(patterns * 13)


@pytest.mark.parametrize(
    ("active", "expected"),
    [(80, (15, 15, 40)), (40, (15, 15, 40)), (20, (8, 8, 20)), (8, (3, 3, 8)), (1, (1, 1, 1))],
)
def test_thresholds_are_the_published_ones_or_their_share(active, expected):
    p = MemoryParameters.for_size(2048, 32, active)
    assert (p.activation_threshold, p.min_threshold, p.max_new_synapses) == expected


def test_every_parameter_of_the_memory_is_reported_with_a_source():
    rows = PARAMETERS.rows()
    assert [row[0] for row in rows] == [f"memory.{name}" for name in asdict(PARAMETERS)]
    assert all(source for _, _, _, source, *_ in rows)


def test_an_abstract_run_goes_on_from_where_the_memory_is(stream):
    whole = run_abstract(TemporalMemory(**asdict(PARAMETERS), seed=1), stream, go_on)
    memory = TemporalMemory(**asdict(PARAMETERS), seed=1)
    first = run_abstract(memory, stream.part(0, 30), go_on)
    second = run_abstract(memory, stream.part(30), go_on)
    assert first.segments != whole.segments
    assert second.segments == whole.segments
    np.testing.assert_array_equal(
        np.concatenate([first.recording.anomaly, second.recording.anomaly]),
        whole.recording.anomaly,
    )
    assert whole.recording.anomaly[-12:].mean() < 0.5


def test_a_spiking_run_learns_by_the_rule_that_it_names(stream):
    run = SpikingRun(PARAMETERS, 1, "minicolumns", "l5_reduced", codegen="numpy", rule="local")
    result = run_spiking(run, stream, go_on)
    assert result.recording.anomaly[-6:].mean() < 0.5
    assert len(np.unique(result.segments.permanence)) > 2


def test_a_spiking_run_learns_and_keeps_its_last_spikes(stream):
    run = SpikingRun(PARAMETERS, 1, "minicolumns", "l5_reduced", codegen="numpy")
    result = run_spiking(run, stream, go_on)
    assert len(result.recording) == len(stream)
    assert result.segments.n_segments > 0
    assert result.recording.anomaly[0] == 1
    assert result.recording.anomaly[-6:].mean() < 0.5
    last = len(stream) - 1
    spikes = result.spikes
    assert spikes.element.min() == len(stream) - KEPT_ELEMENTS > 0
    assert spikes.element.max() == last
    assert set(spikes.cell[spikes.element == last]) == set(result.recording["active_cells"][last])
    assert (spikes.time > 0).all() and (spikes.time < 0.1).all()


def test_a_transplant_does_what_its_donor_does_and_learns_nothing(stream):
    donor = TemporalMemory(**asdict(PARAMETERS), seed=2)
    segments = run_abstract(donor, stream, go_on).segments
    run = SpikingRun(
        PARAMETERS, 3, "minicolumns", "l5_reduced", "reliable", codegen="numpy", segments=segments
    )
    result = run_spiking(run, stream.part(0, 10), go_on)
    assert result.segments.equals(segments)
    copy = TemporalMemory(**asdict(PARAMETERS), seed=4)
    copy.import_segments(segments)
    expected = run_abstract(copy, stream.part(0, 10), go_on, learn=False).recording
    for name in ("active_cells", "predictive_cells"):
        assert result.recording[name] == expected[name]


def test_a_spiking_run_stops_with_what_it_has(stream):
    run = SpikingRun(PARAMETERS, 1, "minicolumns", "l5_reduced", codegen="numpy")
    result = run_spiking(run, stream, lambda done: done < 3)
    assert len(result.recording) == 3
    assert set(result.spikes.element) == {0, 1, 2}

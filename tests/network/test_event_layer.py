"""The layer's events by themselves, without a memory."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, pA

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.errors import InputError, NotFiniteError
from htm_brian.network.event_layer import EventLayer
from htm_brian.network.layer import Layer
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.parameters import load_model
from htm_brian.sdr import readout
from htm_brian.sdr.readout import Answers, Events
from tests.generators.layers import CELLS, COLUMNS, layer_with

PREDICTED = 7 * CELLS + 1


def layer(**options: object) -> EventLayer:
    presynaptic = np.arange(4) * CELLS
    table = SegmentTable([PREDICTED], [0, 4], presynaptic, [0.6] * 4, n_cells=COLUMNS * CELLS)
    return layer_with(table, **options)


def test_a_volley_gives_spikes_a_plateau_and_releases_with_times() -> None:
    made: Layer = layer(record_releases=True)
    made.drive(np.arange(4))
    events = made.advance()
    assert (events.start, events.stop) == (0.0, pytest.approx(0.05))
    assert sorted(events.spike_cells.tolist()) == list(range(4 * CELLS))
    assert events.plateau_owners.tolist() == [PREDICTED]
    assert len(events.release_synapses) == 4
    spikes = readout.first_spikes(events, np.arange(4) * CELLS)
    assert np.sort(events.release_times) - np.sort(spikes) == pytest.approx(0.002, abs=0.00026)
    assert 0 < events.plateau_onsets[0] - events.release_times.max() <= 0.0011
    assert readout.predicted_cells(events, made.n_cells).tolist() == [PREDICTED]
    assert made.branches().predicted_cells().tolist() == [PREDICTED]
    later = made.advance()
    assert len(later.release_synapses) == len(later.spike_cells) == 0
    assert later.plateau_owners.tolist() == [PREDICTED]
    assert readout.predicted_cells(later, made.n_cells).tolist() == []


def read(made: EventLayer, events: Events) -> Answers:
    return readout.answers(events, made.n_cells, CELLS, made.early_until)


def test_spikes_alone_tell_the_column_that_was_predicted() -> None:
    made = layer()
    made.drive(np.arange(4))
    surprised = made.advance()
    assert read(made, surprised).anomaly == 1.0
    assert read(made, surprised).column_bursts.tolist() == [0, 1, 2, 3]
    assert len(surprised.release_times) == 0, "not recorded unless asked for"
    made.drive(np.array([7]))
    answered = made.advance()
    assert read(made, answered).foreseen_columns.tolist() == [7]
    assert read(made, answered).winner_cells.tolist() == [PREDICTED]
    assert read(made, answered).anomaly == 0.0


def test_a_state_that_is_not_finite_ends_the_run_with_one_line() -> None:
    made = layer()
    made.neurons.injected_current[5] = np.nan * pA
    with pytest.raises(NotFiniteError, match=r"v of pyramidal_cells\[5\] is nan at 50 ms; take a"):
        made.advance()


@pytest.mark.parametrize(
    ("network", "cells", "key", "time", "message"),
    [
        ("minicolumns", "l5_reduced", "branch_time_step", 1.1, "0.25 ms, time_step, got 1.1 ms: "),
        ("minicolumns", "l5_reduced", "period", 50.5, "1 ms, branch_time_step, got 50.5 ms: set "),
        ("minicolumns_trees", "l23_pyramidal", "pause", 500.2, "set it to 500 or 501 ms"),
    ],
)
def test_times_that_are_no_whole_number_of_steps_are_refused(
    network: str, cells: str, key: str, time: float, message: str
) -> None:
    model = load_model(network).with_values({f"element.{key}": time * ms})
    with pytest.raises(InputError, match=f"{key} must be a whole number of steps of .*{message}"):
        SpikingTemporalMemory(8, 2, 4, 3, model=model, cell_model=cells, max_segments_per_cell=2)

"""Ensembles of noisy cells: as many as asked for, the same again with the same seed."""

from __future__ import annotations

import numpy as np
from brian2 import ms

from htm_brian import load_model
from htm_brian.electrophysiology.ensembles import COURSE_STEP, Spikes, run_courses, run_ensembles
from htm_brian.experiment.progress import SilentProgress


def test_only_the_cells_with_current_fire_and_a_seed_repeats_them() -> None:
    model = load_model("naud_sprekeler")
    currents = {"injected_current": np.array([-800.0, 900.0])}
    runs = [
        run_ensembles(model, currents, 10, 50 * ms, 0.5 * ms, 1, SilentProgress(), name)
        for name in ("few", "few", "others")
    ]
    first, again, other = (run for run in runs if run is not None)
    assert first.cells.size > 10 and (first.cells >= 10).all()
    assert (np.diff(first.times) > -0.5e-3).all()
    assert first.times.tolist() == again.times.tolist() != other.times.tolist()


def test_a_course_of_currents_begins_to_fire_cells_when_it_rises() -> None:
    model = load_model("naud_sprekeler")
    course = np.repeat([-800.0, 900.0], 60)
    found = run_courses(
        model, {"injected_current": course}, 20, 0.5 * ms, 1, SilentProgress(), "course"
    )
    assert found is not None
    assert found.times.min() > 60 * COURSE_STEP and found.times.max() < 120 * COURSE_STEP


def test_events_begin_at_the_start_or_later() -> None:
    spikes = Spikes(np.array([0, 1, 0]), np.array([0.1, 0.2, 0.3]))
    assert sorted(spikes.events(0.15).starts.tolist()) == [0.2, 0.3]

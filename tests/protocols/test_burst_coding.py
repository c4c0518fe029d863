"""The quick form of the protocol: what it measures and demands, what a decoder may know."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, mV, pA, second

from htm_brian import load_model
from htm_brian.electrophysiology.ensembles import run_ensembles
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.burst_coding import draw
from htm_brian.protocols.burst_coding import BurstCodingParameters
from htm_brian.protocols.burst_coding.checks import checks
from htm_brian.protocols.burst_coding.decoding import (
    SIZES,
    burst_fraction_scatter,
    decode,
    explained,
    scatter_slope,
)
from htm_brian.protocols.burst_coding.measurement import SETTLE, run_signals
from htm_brian.protocols.burst_coding.stimulus import (
    DENDRITE,
    RATES,
    SOMA,
    current_scales,
    smooth_signals,
    with_background,
)
from htm_brian.sdr.cell_bursts import find_events, summarise


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("burst_coding").in_quick_form().outcome(SilentProgress())


@pytest.mark.slow
def test_every_check_holds(outcome: Outcome) -> None:
    assert {check.name for check in outcome.checks if not check.passed} == set()
    assert set(outcome.undecided) == {
        "tree: change of event rate with the dendrite's current, at most"
    }


@pytest.mark.slow
def test_the_whole_run_passes() -> None:
    whole = load_protocol("burst_coding")().run(SilentProgress())
    assert {check.name for check in whole.checks if not check.passed} == set()


@pytest.mark.slow
def test_figures(outcome: Outcome) -> None:
    assert set(draw(outcome.dataset)) == {"tables", "signals"}


@pytest.mark.slow
def test_an_ensemble_that_carries_one_signal_does_not_pass(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["burst_fraction"] = wrong.burst_fraction * 0 + 0.2
    wrong["event_rate"] = wrong.event_rate * (1 + wrong.dendrite_current / 1000)
    wrong["explained"][:] = 0.4
    wrong["scatter"][:] = 0.05
    failed = {check.name for check in checks(wrong) if not check.passed}
    assert failed >= {
        "change of event rate with the dendrite's current, at most",
        "rise of burst fraction with the dendrite's current, at least",
        "awake: burst fraction, -100 pA or less into the dendrite, at most",
        "tree: rise of burst fraction with the dendrite's current, at least",
        "decoder: variance of the soma's signal that is explained",
        "decoder: variance of the dendrite's signal that is explained",
        "decoder: lead over one that reads the firing rate, dendrite's signal",
        "exponent of the burst fraction's scatter against the ensemble's size",
    }


@pytest.mark.slow
def test_half_the_time_step_changes_nothing_beyond_chance() -> None:
    """Of the two-compartment cell, 2 s of 4,000 cells: 1.5 % in rate, 0.6 points in bursts."""
    model = load_model("naud_sprekeler")
    currents = {"injected_current": np.array([300.0]), "injected_current_dendrite": np.array([150])}
    found = []
    for step in (0.2, 0.1):
        spikes = run_ensembles(
            model, currents, 4000, 2 * second, step * ms, 1, SilentProgress(), "step"
        )
        assert spikes is not None
        events = spikes.events(SETTLE)
        found.append((len(events.cells), events.bursts.mean()))
    (whole, share), (half, half_share) = found
    assert whole / half == pytest.approx(1, abs=0.015)
    assert share == pytest.approx(half_share, abs=0.006)


def test_event_rates_are_those_computed_from_the_equations() -> None:
    """Naud & Sprekeler: 7.05 Hz at 300 pA; bursts come with the dendrite's current."""
    spikes = run_ensembles(
        load_model("naud_sprekeler"),
        {
            "injected_current": np.array([300.0, 300.0]),
            "injected_current_dendrite": np.array([0.0, 200.0]),
        },
        400,
        0.7 * second,
        0.2 * ms,
        1,
        SilentProgress(),
        "test",
    )
    assert spikes is not None
    whole = summarise(spikes.events(SETTLE), 2, 400, 0.4)
    assert whole.event_rate == pytest.approx([RATES[300]] * 2, rel=0.15)
    assert 0.02 < whole.burst_fraction[0] < 0.08 < 0.13 < whole.burst_fraction[1] < 0.25
    assert 0.008 < whole.interval[1] < 0.013


def test_signals_reach_the_cells_and_are_measured() -> None:
    parameters = BurstCodingParameters(
        n_cells=1600, signal_duration=0.6 * second, time_step=0.5 * ms
    )
    found = run_signals(load_model("naud_sprekeler"), parameters, SilentProgress())
    assert found is not None
    assert dict(found.sizes) == {"signal": 2, "time": 30, "source": 2, "size": len(SIZES)}
    soma = found.input.sel(signal="soma")
    assert 100 < soma.min() < 300 < soma.max() < 500
    assert np.corrcoef(soma, found.event_rate_course)[0, 1] > 0.6
    assert all(np.isfinite(found[name]).all() for name in found)


def test_a_decoder_reads_what_is_there_and_nothing_else() -> None:
    rng = np.random.default_rng(1)
    smooth = np.apply_along_axis(np.convolve, 1, rng.standard_normal((3, 600)), np.ones(8), "same")
    first, second_one, other = smooth
    features = np.array([2 * first + 1, np.roll(second_one, 2) - first])
    inputs = np.array([first, second_one, other])
    share = explained(decode(features, inputs), inputs)
    assert (share[:2] > 0.98).all() and share[2] < 0.2


def test_signals_are_independent_and_smooth() -> None:
    first, other = smooth_signals(("soma", "dendrite"), 3300, 0.1, 1).values()
    assert len(first) == 3300
    for course in (first, other):
        assert abs(course.mean()) < 0.05 and course.std() == pytest.approx(1, rel=0.05)
        assert np.abs(np.diff(course)).max() < 0.15 and np.abs(course).max() <= 3
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.05
    assert not np.array_equal(first, smooth_signals(("soma",), 3300, 0.1, 2)["soma"])


def test_scatter_of_independent_cells_falls_with_the_root_of_their_number() -> None:
    rng = np.random.default_rng(1)
    n = 60_000
    cells = rng.integers(0, 4000, n)
    times = SETTLE + rng.uniform(0, 2, n)
    events = find_events(cells, times, longest_interval=1e-9)
    sizes = np.where(rng.random(n) < 0.1, 2, 1)
    found = burst_fraction_scatter(events._replace(sizes=sizes), SETTLE, 2.0, 4000)
    assert scatter_slope(SIZES, found) == pytest.approx(-0.5, abs=0.07)


def test_currents_of_the_tree_are_scaled_by_its_resistance() -> None:
    tree, ensemble = load_model("l5_thick_tufted"), load_model("naud_sprekeler")
    soma, nexus = current_scales(tree, ensemble)
    assert soma == pytest.approx(43.24 / 38.43, rel=1e-3)
    assert nexus == pytest.approx(41.18 / 27.16, rel=1e-3)
    noisy = with_background(tree, ensemble, (soma, nexus))
    assert noisy["nexus_background"]["mean"] == pytest.approx(-270e-12 * nexus)
    assert noisy["nexus_background"]["time_constant"] == 2 * ms
    assert "nmda" not in noisy and "calcium_spike" in noisy


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_cells": 1000}, "n_cells must be at least 1600"),
        ({"duration": 0.1 * second}, r"duration must be at least 0\.5 s"),
        ({"time_step": 3 * mV}, "time_step must have a unit like s, got 3"),
        ({"soma_mean": 3 * mV}, "soma_mean must have a unit like pA"),
        ({"model": "passive"}, r"burst_coding needs the tables \[spike\] and \[dendrite\]"),
        ({"tree_model": "naud_sprekeler"}, r"burst_coding needs the tables .* and \[nexus\]"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        load_protocol("burst_coding")(BurstCodingParameters(**changes))


def test_the_table_has_the_currents_that_the_targets_are_given_for() -> None:
    assert SOMA.tolist() == list(RATES) and 0.0 in DENDRITE
    assert BurstCodingParameters().soma_mean == 300 * pA

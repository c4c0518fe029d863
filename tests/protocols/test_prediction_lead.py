"""The quick form of the protocol: what it measures, what it demands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, mV

from htm_brian import load_model
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.prediction_lead import draw
from htm_brian.protocols.prediction_lead import PredictionLeadParameters
from htm_brian.protocols.prediction_lead.checks import checks
from htm_brian.protocols.prediction_lead.measurement import predict
from htm_brian.protocols.prediction_lead.stimulus import Condition, conditions


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("prediction_lead").in_quick_form().outcome(SilentProgress())


@pytest.mark.slow
def test_every_check_holds(outcome: Outcome) -> None:
    assert outcome.passed, [check.as_dict() for check in outcome.checks if not check.passed]


@pytest.mark.slow
def test_the_stronger_the_volley_the_sooner_the_spike_and_the_smaller_the_lead(
    outcome: Outcome,
) -> None:
    latency, predicted = outcome.dataset.latency, outcome.dataset.predicted_latency
    assert (latency.diff("strength") < 0).all() and (predicted.diff("strength") < 0).all()
    assert ((latency - predicted).diff("strength") < 0).all()


@pytest.mark.slow
def test_few_synapses_on_the_branch_bring_little(outcome: Outcome) -> None:
    lead = outcome.dataset.unpredicted - outcome.dataset.latency_by_basal
    assert float(lead.sel(basal=3)) < 0.25 * float(lead.sel(basal=20))


@pytest.mark.slow
def test_a_cell_that_fires_without_a_volley_does_not_pass(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["spikes_without_volley"][-1] = 1
    wrong["latency_by_delay"][2] = np.nan
    failed = {check.name for check in checks(wrong) if not check.passed}
    assert failed == {
        "most spikes that one NMDA spike alone makes, any number of synapses",
        "smallest lead, NMDA spike 10-50 ms before the volley",
    }


def test_traces_that_are_drawn_together_get_the_same_input_at_the_same_time() -> None:
    for changes in ({}, {"n_basal": 50, "volley_strength": 1.5, "delay": 33 * ms}):
        parameters = PredictionLeadParameters(**changes)
        groups = conditions(parameters, 3)
        volley, both, alone = groups["shown"]
        assert volley == Condition(parameters.volley_strength)
        assert both == replace(alone, strength=parameters.volley_strength)
        assert alone == Condition(0.0, parameters.n_basal, delay=float(parameters.delay / ms))
        assert len(groups["silent"]) == len(groups["by_basal"]) == parameters.most_basal


def test_what_is_shown_as_the_nmda_spike_is_it_however_many_synapses_it_has() -> None:
    """More than `most_basal`; a strength and a delay that no curve has."""
    changes = {"n_basal": 35, "most_basal": 2, "delay": 33 * ms, "volley_strength": 1.5}
    changes |= {"time_step": 0.25 * ms}
    quick = load_protocol("prediction_lead").in_quick_form().parameters
    parameters = replace(quick, **changes)
    found = predict(load_model("l5_thick_tufted"), parameters, 100, SilentProgress())
    assert found is not None
    volley, both, alone = found.trace.to_numpy()
    time = found.time.to_numpy()
    rest = alone[np.searchsorted(time, -40)]
    assert (both[time < 0] == alone[time < 0]).all(), "the same synapses before the volley"
    assert (
        alone[time < -33] == pytest.approx(rest, abs=0.05) and (volley[time < 0] < rest + 1).all()
    )
    assert 4 < alone.max() - rest < 12 and time[np.argmax(alone)] > -33
    (lead,) = (c for c in checks(found) if c.name == "lead of the first spike by an NMDA spike")
    assert lead.value == float(found.unpredicted - found.predicted)


@pytest.mark.slow
def test_figure(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 4 and all(axes.lines for axes in figure.axes)
    begin = outcome.dataset.time < 0
    shown = outcome.dataset.trace.sel(time=begin)
    assert (shown.sel(shown="NMDA spike") == shown.sel(shown="NMDA spike and volley")).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"volley_strength": 0.5}, "volley_strength must be at least 1"),
        ({"delay": 3 * mV}, "delay must have a unit like s, got 3"),
        ({"delay": 160 * ms}, r"delay must be at most 150\. ms"),
        ({"n_basal": 500}, r"n_basal must lie in \[1, 200\]"),
        ({"duration": 100 * ms}, r"duration must be at least 220\. ms"),
        ({"model": "passive"}, r"prediction_lead needs a table \[spike\]"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        load_protocol("prediction_lead")(PredictionLeadParameters(**changes))

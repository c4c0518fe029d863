"""A whole fit: what it writes, what it never sees, where it fails, and that it recovers a cell."""

import json
from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

from htm_brian.cli import main
from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.fitting import answers, calibration
from htm_brian.fitting.detailed_cell import FITTED, HELD_OUT, Condition, Target
from htm_brian.fitting.search import Stopped
from htm_brian.parameters import load_model

QUICK = calibration.Settings(
    seed=5, generations=6, last_generations=0, population=10, codegen="numpy"
)
LEAK = "soma.leak_conductance"


@pytest.fixture(scope="module")
def model():
    """The layer-5 cell with its leak alone to choose."""
    whole = load_model("l5_thick_tufted")
    tables = tuple(
        replace(
            table,
            parameters=tuple(
                p if p.path == LEAK else replace(p, free=None) for p in table.parameters
            ),
        )
        for table in whole.tables
    )
    return replace(whole, tables=tables)


def target(current, value, role):
    known = Condition(f"slow_{current}", "subthreshold", role, current, 500, 1, 0, 0, 5, 500)
    return Target(known, "soma_steady", value)


def ohmic(model, targets, values, time_step, progress, description=""):
    """Deflections of a cell that has its leak alone, in mV."""
    ohmic.asked.append({target.role for target in targets})
    currents = np.array([target.condition.soma_current for target in targets])
    return 1e-6 * currents / values[LEAK][:, None]


@pytest.fixture
def closed_form(monkeypatch):
    ohmic.asked = []
    monkeypatch.setattr(answers, "answers", ohmic)


KNOWN = 10e-9
TARGETS = (
    target(-0.1, -1e-7 / KNOWN, FITTED),
    target(-0.2, -2e-7 / KNOWN, FITTED),
    target(0.1, 1e-7 / KNOWN, HELD_OUT),
)


def fit(model, folder, targets=TARGETS, settings=QUICK):
    return calibration.fit(model, settings, folder, SilentProgress(), targets)


def test_it_recovers_a_known_leak_and_writes_what_it_found(model, tmp_path, closed_form):
    found = fit(model, tmp_path)
    assert found["values"][LEAK]["value"] == pytest.approx(10, rel=0.01)
    assert found["at_bounds"] == []
    written = json.loads((tmp_path / "fit.json").read_text())
    assert written == found
    assert written["identity"]["seed"] == 5
    assert written["identity"]["versions"]["brian2"]
    assert written["score"]["by_role"]["held out"]["all"]["hold"] == 1
    fitted = load_model(str(tmp_path / "l5_thick_tufted_fitted.toml"))
    parameter = fitted["soma"].parameter("leak_conductance")
    assert parameter.value == found["values"][LEAK]["value"]
    assert "seed 5" in parameter.source
    assert parameter.free == model["soma"].parameter("leak_conductance").free


def test_the_search_asks_for_fitted_targets_only(model, tmp_path, closed_form):
    fit(model, tmp_path)
    *searching, last = ohmic.asked
    assert len(searching) == 7
    assert all(roles == {FITTED} for roles in searching)
    assert last == {FITTED, HELD_OUT}  # once, to score what was found


def test_what_is_held_out_changes_nothing_that_is_found(model, tmp_path, closed_form):
    other = (*TARGETS[:2], replace(TARGETS[2], value=99.0))
    first, second = fit(model, tmp_path / "a", other), fit(model, tmp_path / "b")
    assert first["values"] == second["values"]
    assert first["score"] != second["score"]


def test_a_value_at_its_bound_is_named(model, tmp_path, closed_form):
    beyond = tuple(replace(each, value=each.value * 10) for each in TARGETS)  # 1 nS; 4.5 at least
    assert fit(model, tmp_path, beyond)["at_bounds"] == [LEAK]


def test_a_stopped_fit_goes_on_to_the_same_values(model, tmp_path, monkeypatch):
    ohmic.asked = []
    monkeypatch.setattr(
        answers, "answers", lambda *given: None if len(ohmic.asked) == 3 else ohmic(*given)
    )
    with pytest.raises(Stopped):
        fit(model, tmp_path / "stopped")
    assert not (tmp_path / "stopped" / "fit.json").exists()
    monkeypatch.setattr(answers, "answers", ohmic)
    again, whole = fit(model, tmp_path / "stopped"), fit(model, tmp_path / "whole")
    assert again["values"] == whole["values"]
    assert again["front"] == whole["front"]


def test_the_state_of_another_seed_is_refused(model, tmp_path, closed_form):
    fit(model, tmp_path)
    with pytest.raises(InputError, match="is of a fit with another seed, 5 in place of 6"):
        fit(model, tmp_path, settings=replace(QUICK, seed=6))


def test_a_score_tells_what_is_outside_the_literature(model, tmp_path, closed_form):
    whole = load_model("l5_thick_tufted")
    found = calibration.score(whole, QUICK, SilentProgress(), tmp_path, TARGETS)
    assert "hcn.nexus_density" in found["outside_range"]
    assert json.loads((tmp_path / "score.json").read_text()) == found
    assert found["score"]["changes"] == 46


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["passive"], "only a cell of level 2 that spikes and has a nexus"),
        (
            ["l23_pyramidal"],
            "l23_pyramidal has no parameter that a fit may choose; give one a range",
        ),
        (["no_such_cell"], "unknown model 'no_such_cell'"),
        (["l5_thick_tufted", "--population", "3"], "population must be at least 5, got 3"),
        (["l5_thick_tufted", "--seed", "-1"], "seed must be at least 0, got -1"),
        (["l5_thick_tufted", "--codegen", "fast"], "codegen must be auto, cython or numpy"),
        (["l5_thick_tufted", "--output", ""], "--output must name a folder"),
    ],
)
def test_bad_input_is_one_line(given, message, capsys):
    assert main(["fit", *given]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.slow
def test_it_recovers_the_leak_of_a_cell_of_ours(model, tmp_path):
    # A cell with another leak takes the detailed cell's part.
    asked = tuple(
        target(current, 1.0, role)
        for current, role in ((-0.2, FITTED), (0.1, FITTED), (-0.1, HELD_OUT))
    )
    own = {LEAK: np.array([8e-9])}
    (known,) = answers.answers(model, asked, own, 0.2 * ms, SilentProgress())
    made = tuple(
        replace(each, value=float(value)) for each, value in zip(asked, known, strict=True)
    )
    settings = replace(QUICK, time_step=0.2 * ms, generations=8)
    found = fit(model, tmp_path, made, settings)
    assert found["values"][LEAK]["value"] == pytest.approx(8, rel=0.02)
    assert found["score"]["by_role"]["held out"]["all"]["hold"] == 1

"""The reduction of level 2 to level 1: measured in short, and, slowly, in full."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from brian2 import ms

from htm_brian.cells.reduced_response import smallest_volley, values_of
from htm_brian.experiment.progress import SilentProgress
from htm_brian.figures.branch_reduction import draw
from htm_brian.fitting.reduction import TOLERATED
from htm_brian.parameters import load_model
from htm_brian.protocols.branch_reduction import BranchReduction, BranchReductionParameters
from htm_brian.protocols.branch_reduction.checks import LEVELS, checks, errors
from htm_brian.protocols.branch_reduction.levels import Condition, Reduced
from htm_brian.protocols.branch_reduction.measurement import edges
from htm_brian.protocols.branch_reduction.stimulus import TUFT_DELAYS, conditions

TUFT = {
    "largest error: earliest tuft input that makes a burst",
    "largest error: latest tuft input that makes a burst",
}
SOURCE = "fitted to l5_thick_tufted by the protocol branch_reduction"


@pytest.fixture
def two_equal_levels() -> xr.Dataset:
    """A dataset of two cells that do the same; its numbers are made up."""
    k, time = np.arange(1, 41), np.arange(0.0, 250.0, 0.5)
    window = np.ones((2, 3, len(TUFT_DELAYS)), int)
    window[:, :, 20:50] = 3
    sizes = {"depolarisation": [5.0, 10, 15], "spread": [20.0, 40, 80], "branches": [1, 2, 3]}
    sizes |= {"strength": [1.05, 1.2, 2.0], "delay": [0.0, 30, 100], "synapses": k, "time": time}
    sizes |= {"tuft_synapses": [20, 30, 40], "tuft_delay": list(TUFT_DELAYS)}
    data = {
        "threshold": ("level", [15.0, 15.0]),
        "tuft_window": (("level", "tuft_synapses", "tuft_delay"), window),
        "spike_time": ("level", [4.0, 4.0]),
        "basal_burst": ("level", [1, 1]),
    }
    for name, dim in {
        **{name: "synapses" for name in TOLERATED},
        "threshold_of_depolarisation": "depolarisation",
        "threshold_of_spread": "spread",
        "half_width_of_spread": "spread",
        "branches_peak": "branches",
        "silent": "branches",
        "lead_of_strength": "strength",
        "lead_of_delay": "delay",
    }.items():
        data[name] = (("level", dim), np.zeros((2, len(sizes[dim]))))
    for name, dim in {"peak_of_spread": "spread", "peak_of_hold": "depolarisation"}.items():
        data[name] = (("level", dim, "synapses"), np.zeros((2, len(sizes[dim]), len(k))))
    data["tuft_count"] = (("level", "synapses"), np.tile(1 + 2 * (k > 15), (2, 1)))
    data["soma_trace"] = (("level", "synapses", "time"), np.zeros((2, len(k), len(time))))
    return xr.Dataset(data, coords={**sizes, "level": list(LEVELS)}, attrs={"n_basal": 20})


def test_equal_levels_pass_every_check(two_equal_levels: xr.Dataset) -> None:
    assert all(check.passed for check in checks(two_equal_levels))
    assert edges(two_equal_levels.sel(level="reduced"))[0].tolist() == [-54.0, 4.0]


@pytest.mark.parametrize(
    ("name", "place", "off", "failing"),
    [
        ("soma_peak", {"synapses": 3}, 1.1, "peak at the soma, 1 to all synapses"),
        ("branch_peak", {"synapses": 15}, -5.1, "peak in the branch, from the threshold"),
        ("threshold_of_spread", {"spread": 40.0}, -2, "threshold, spread over up to 40 ms"),
        (
            *("half_width_of_spread", {"spread": 40.0}, 11),
            "half-width at the soma, 20 synapses spread over up to 40 ms",
        ),
        ("lead_of_strength", {"strength": 1.05}, 3, "lead, volley 1.05 and 1.1 times the smallest"),
        ("branches_peak", {"branches": 2}, -4, "peak at the soma, two and three branches"),
        ("basal_burst", {}, 2, "spikes, one out of a basal plateau of 20"),
    ],
)
def test_each_error_fails_its_check(
    two_equal_levels: xr.Dataset, name: str, place: dict[str, float], off: float, failing: str
) -> None:
    changed = two_equal_levels.astype(float)
    changed[name].loc[{"level": "reduced", **place}] += off
    found = [check.name for check in checks(changed) if not check.passed]
    assert found == [f"largest error: {failing}"]


def test_below_threshold_half_widths_do_not_count(two_equal_levels: xr.Dataset) -> None:
    changed = two_equal_levels.astype(float)
    changed["branch_half_width"].loc[{"level": "reduced", "synapses": 14}] += 50
    assert np.abs(errors(changed)["branch_half_width"]).max() == 0


def test_figure_is_drawn(two_equal_levels: xr.Dataset) -> None:
    assert set(draw(two_equal_levels)) == {"branch_reduction"}
    assert draw(xr.Dataset()) == {}


def test_reduced_cells_get_what_the_conditions_say() -> None:
    """A plateau, none, a volley that just fires, one that does not, a burst by tuft synapses."""
    model = load_model("l5_reduced_fitted")
    level = Reduced(model, 0.25 * ms, window=60.0)
    volley = float(smallest_volley(values_of(model), 0.25e-3)[0, 0])
    given = [
        Condition(16),
        Condition(11),
        Condition(volley=1.02 * volley),
        Condition(volley=0.98 * volley),
        Condition(20, tuft=True, at=-15, pulse=2.5e-9),
        Condition(hold=10.0),
    ]
    found = level.run(given, 80.0, SilentProgress(), "few", before=100.0)
    assert found is not None
    peaks = found.soma.max(axis=1)
    assert 4 < peaks[0] < 8 and 1 < peaks[1] < 3, f"{peaks} mV"
    assert [len(train) for train in found.spikes] == [0, 0, 1, 0, 3, 0]
    assert abs(found.soma[5]).max() < 0.1  # settled before


def test_a_stopped_run_is_partial() -> None:
    class Stopped(SilentProgress):
        interrupted = True

    small = replace(BranchReductionParameters(), n_synapses=20)
    assert BranchReduction(small).run(Stopped()).partial


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_synapses": 5}, "n_synapses"),
        ({"delay": 0 * ms}, "delay must be positive"),
        ({"write": "fitted.txt"}, "ending in .toml"),
    ],
)
def test_parameters_with_a_fault(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(BranchReductionParameters(), **change)


def test_the_conditions_of_both_levels_are_the_same() -> None:
    parameters = BranchReductionParameters()
    for volley, pulse in ((100.0, 2e-9), (20e-9, 1e-9)):
        groups = conditions(parameters, volley, pulse)
        assert sum(len(group) for group in groups.values()) == 716
        assert groups["alone"][0].volley == pytest.approx(1.05 * volley)


@pytest.mark.slow
def test_the_model_file_holds_what_the_fit_gives_now(tmp_path: Path) -> None:
    """And what docs/protocols.md names does not hold, no more."""
    path = tmp_path / "l5_reduced_fitted.toml"
    outcome = BranchReduction(replace(BranchReductionParameters(), write=str(path))).run(
        SilentProgress()
    )
    now, stored = load_model(path), load_model("l5_reduced_fitted")
    for new, old in zip(now.rows(), stored.rows(), strict=True):
        assert new.path == old.path and new.source == old.source
        assert new.value == pytest.approx(old.value, rel=0.02), new.path
    assert sum(row.source == SOURCE for row in stored.rows()) == 22
    assert {check.name for check in outcome.checks if not check.passed} == TUFT


@pytest.mark.slow
def test_with_the_volley_kept_only_its_strength_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "brief.toml"
    parameters = replace(BranchReductionParameters(), write=str(path), keep_volley=True)
    outcome = BranchReduction(parameters).run(SilentProgress())
    assert sum(row.source == SOURCE for row in load_model(path).rows()) == 19
    assert [check.name for check in outcome.checks if not check.passed] == [
        "largest error: lead, volley 1.2 to 2 times the smallest",
        "largest error: lead, volley 1.05 and 1.1 times the smallest",
    ]

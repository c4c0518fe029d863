"""Series are as they should be, verdicts follow from known values; a small run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from htm_brian.comparison.table import AGREEMENTS, PLATEAU_AGREEMENTS
from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import load_protocol
from htm_brian.figures.any_series import draw
from htm_brian.protocols.any_series import AnySeries, AnySeriesParameters
from htm_brian.protocols.any_series.checks import checks, metrics
from htm_brian.protocols.any_series.stimulus import BUNDLED, DRAWN, SERIES, TEXTS, write_series
from htm_brian.streams.series import read_series

SAME = "transplant, reliable release: share of steps with the same active and predictive cells"
LEARNED = "level 0 learned: fall of the anomaly"


def dataset(learned: float, same: float, agreement: float, worst: float) -> xr.Dataset:
    """Return two seeds of one series: all agreements are `agreement`, but for one."""
    quantities = [*AGREEMENTS.values(), *PLATEAU_AGREEMENTS.values()]
    names = [
        LEARNED,
        SAME,
        *(f"trained apart, {q}: agreement less its ceiling" for q in quantities),
    ]
    values = np.array([learned, same, *[agreement] * len(quantities)])
    values[2] = worst
    both = np.stack([values, values])[np.newaxis]
    dims = "series", "seed", "check"
    return xr.Dataset(
        {"value": (dims, both), "better_end": (dims, both + 0.02)},
        coords={"series": ["one"], "check": names},
    )


def verdicts(*numbers: float) -> list[str]:
    return [check.verdict for check in checks(dataset(*numbers))]


def test_the_worst_of_the_agreements_counts() -> None:
    assert verdicts(0.5, 1.0, 0.0, -0.01) == ["pass"] * 4
    assert verdicts(0.5, 1.0, 0.0, -0.06) == ["pass", "pass", "undecided", "pass"]
    assert verdicts(0.5, 1.0, 0.0, -0.2) == ["pass", "pass", "FAIL", "pass"]
    assert verdicts(0.5, 0.99, -0.3, 0.0) == ["pass", "FAIL", "FAIL", "FAIL"]
    assert verdicts(0.5, 1.0, 0.0, np.nan) == ["pass", "pass", "FAIL", "pass"]


def test_where_nothing_was_learned_nothing_else_counts() -> None:
    (only,) = checks(dataset(0.001, 1.0, 0.0, 0.0))
    assert only.verdict == "FAIL"
    assert "fall of level 0's anomaly" in only.name


def test_seeds_that_differ_are_held_against_the_worse_end() -> None:
    given = dataset(0.5, 1.0, 0.0, 0.0)
    given.value[0, 0, 2] = -0.06
    _, _, spikes, plateaus = checks(given)
    assert spikes.value < -0.06 and not spikes.passed and plateaus.passed
    assert metrics(given)["one"][LEARNED] == 0.5


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_series_differ_by_seed_and_only_by_it(name: str, tmp_path: Path) -> None:
    read = [read_series(write_series(name, 200, seed, tmp_path)) for seed in (1, 1, 2)]
    assert all(len(series) == 200 and not series.symbolic for series in read)
    assert (read[0].values == read[1].values).all() and (read[0].values != read[2].values).any()


def test_texts_are_read_symbol_by_symbol(tmp_path: Path) -> None:
    for name in TEXTS:
        series = read_series(write_series(name, 1, 1, tmp_path))
        assert series.symbolic and len(series) > 2900
        assert len(set(series.values.tolist())) < 70
    assert write_series(BUNDLED, 1, 1, tmp_path) is None
    assert len(set(SERIES)) == 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"series": ("nothing.csv",)}, "there is no nothing.csv"),
        ({"series": ()}, "there must be one"),
        ({"seeds": 1}, r"seeds must lie in \[2, 1000\], got 1"),
        ({"series": (BUNDLED,), "mode": "both of them"}, "mode must be one of"),
    ],
)
def test_bad_parameters_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        AnySeries(AnySeriesParameters(**changes))  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_small_run_transplants_exactly() -> None:
    outcome = load_protocol("any_series").in_quick_form().outcome(SilentProgress())
    assert [check.verdict for check in outcome.checks] == ["pass", "pass"]
    assert set(draw(outcome.dataset)) == {"any_series"}

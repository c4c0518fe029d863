from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.claims.settling import (
    DEPENDS,
    NOT_RUN,
    NOT_TESTED,
    REFUTED,
    SUPPORTED,
    UNDECIDED,
    VERDICTS,
    Claim,
    Result,
    count,
    load_claims,
    load_results,
    settle,
    unsettled,
)
from htm_brian.experiment.protocol import list_protocols, load_protocol
from htm_brian.experiment.results import describe_parameters

STORED = Path(__file__).resolve().parents[3] / "docs" / "results"
CLAIM = Claim(3, "Halves", "A half is a half.", "a thread", "halves")
HELD = Check("one: half", 0.5, "1", 0.4, 0.6, "a paper")
MISSED = Check("two: half", 0.7, "mV", 0.4, 0.6, "a paper")
OPEN = Check("three: half", 0.3, "1", 0.4, None, "a paper", better_end=0.45)


def result(*checks: Check, **changes: Any) -> Result:
    return Result("halves", checks, "2031-02-03", {"brian2": "2.9"}, 1, {}, **changes)


def test_there_are_46_claims_in_our_words_each_once() -> None:
    claims = load_claims()
    assert [claim.number for claim in claims] == list(range(1, 47))
    assert len({claim.title for claim in claims}) == len({claim.says for claim in claims}) == 46
    assert len({claim.thread for claim in claims}) == 3
    assert all(claim.says.endswith(".") for claim in claims)


def test_the_protocols_that_are_named_are_there() -> None:
    named = {claim.protocol for claim in load_claims()} - {None}
    assert named <= set(list_protocols())


def test_stored_results_have_the_checks_that_claims_name() -> None:
    results, _ = load_results([STORED])
    for claim in load_claims():  # a pattern that finds nothing is an error
        settled = settle(claim, results)
        assert (settled.shown is not None) == (claim.protocol in results)


@pytest.mark.parametrize(
    ("checks", "verdict", "held"),
    [
        ((HELD,), SUPPORTED, 1),
        ((MISSED,), REFUTED, 0),
        ((HELD, MISSED), DEPENDS, 1),
        ((HELD, OPEN), UNDECIDED, 1),
        ((OPEN,), UNDECIDED, 0),
        ((OPEN, MISSED), REFUTED, 0),
        ((HELD, OPEN, MISSED), DEPENDS, 1),
    ],
)
def test_the_checks_decide(checks: tuple[Check, ...], verdict: str, held: int) -> None:
    found = settle(CLAIM, {"halves": result(*checks)})
    assert (found.verdict, found.held) == (verdict, held)


def test_only_the_checks_that_a_claim_names_decide() -> None:
    claim = replace(CLAIM, checks=("one: *",))
    found = settle(claim, {"halves": result(HELD, MISSED)})
    assert found.verdict == SUPPORTED
    assert found.deciding == (HELD,)


def test_the_number_is_the_one_that_stands_for_it_or_the_one_that_was_missed() -> None:
    other = replace(HELD, name="other")
    claim = replace(CLAIM, shown="oth*")
    assert settle(claim, {"halves": result(HELD, other)}).shown == other
    assert settle(claim, {"halves": result(HELD, other, MISSED)}).shown == MISSED
    assert settle(CLAIM, {"halves": result(HELD, other)}).shown == HELD


def test_without_protocol_or_result_a_claim_is_open() -> None:
    untested, unrun = settle(replace(CLAIM, protocol=None), {}), settle(CLAIM, {})
    assert (untested.verdict, unrun.verdict) == (NOT_TESTED, NOT_RUN)
    done = settle(CLAIM, {"halves": result(HELD)})
    assert unsettled([untested, done, unrun]) == [untested, unrun]
    assert count([untested, done, unrun, done]) == {
        SUPPORTED: 2,
        DEPENDS: 0,
        REFUTED: 0,
        UNDECIDED: 0,
        NOT_RUN: 1,
        NOT_TESTED: 1,
    }
    assert list(count([])) == list(VERDICTS)


def test_a_check_that_is_not_there_is_told() -> None:
    claim = replace(CLAIM, checks=("three*",))
    with pytest.raises(InputError, match=r"claim 3 names a check 'three\*', and the result of"):
        settle(claim, {"halves": result(HELD)})


def run_in(folder: Path, **changes: Any) -> None:
    folder.mkdir(parents=True)
    summary = {
        "protocol": "halves",
        "partial": False,
        "checks": [HELD.as_dict(), {**MISSED.as_dict(), "value": None}],
        "provenance": {
            "started": "2031-02-03T04:05:06+00:00",
            "versions": {"brian2": "2.9"},
            "seed": 7,
            "parameters": {},
        },
    }
    (folder / "summary.json").write_text(json.dumps(summary | changes))


def test_runs_and_results_stored_alone_are_read(tmp_path: Path) -> None:
    run_in(tmp_path / "halves")
    (tmp_path / "notes.json").write_text("[]")
    found, left_out = load_results([STORED, tmp_path])
    assert left_out == []
    assert found["halves"].date == "2031-02-03"
    assert [check.passed for check in found["halves"].checks] == [True, False]
    assert found["halves"].folder == tmp_path / "halves"
    assert found["release_cost"].folder is None
    assert "brian2" in found["release_cost"].versions


def test_what_a_run_left_undecided_stays_so(tmp_path: Path) -> None:
    run_in(tmp_path / "halves", checks=[HELD.as_dict(), OPEN.as_dict()])
    settled = settle(CLAIM, load_results([tmp_path])[0])
    assert settled.verdict == UNDECIDED
    assert settled.shown == OPEN
    assert unsettled([settled]) == [settled]


def test_partial_runs_do_not_count_and_bad_files_are_told(tmp_path: Path) -> None:
    run_in(tmp_path / "halves", partial=True)
    assert load_results([tmp_path]) == ({}, [])
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InputError, match=r"cannot read .*bad\.json"):
        load_results([tmp_path])


def test_a_run_with_other_parameters_decides_nothing(tmp_path: Path) -> None:
    own = describe_parameters(load_protocol("release_cost").parameters)
    for folder, threshold in (("release_cost", 13), ("weak", 9)):
        parameters = {**own, "threshold": {"value": threshold, "unit": "1"}}
        origin = {"started": "2031-02-03T", "versions": {}, "parameters": parameters}
        run_in(tmp_path / folder, protocol="release_cost", provenance=origin)
    found, left_out = load_results([tmp_path])
    assert found["release_cost"].folder == tmp_path / "release_cost"
    assert left_out == [f"{tmp_path / 'weak' / 'summary.json'} (another threshold)"]


def test_a_sweep_over_seeds_gives_the_number_its_interval(tmp_path: Path) -> None:
    run_in(tmp_path / "halves")
    sweep = tmp_path / "sweeps" / "halves"
    sweep.mkdir(parents=True)
    attributes = {"long_name": "one: half", "kind": "check", "units": "1"}
    xr.Dataset(
        {"one_half": ("seed", np.array([0.4, 0.5, 0.6]), attributes)}, coords={"seed": [1, 2, 3]}
    ).to_netcdf(sweep / "halves.nc", engine="h5netcdf")
    claim = replace(CLAIM, checks=("one*",))
    found = settle(claim, load_results([tmp_path])[0])
    assert found.over_seeds == "0.5 over 3 seeds, 95% interval 0.2516 to 0.7484"

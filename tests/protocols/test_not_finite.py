"""What a user sees where a state does not stay finite: one line, and a status that says so."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from htm_brian import cli
from htm_brian.errors import ExitStatus
from htm_brian.experiment import parameter_checks

SHORT = [
    "longest=150 ms",
    "train=20 ms",
    "n_steps=2",
    "n_tonic_steps=5",
    "time_step=0.5 ms",
    "highest_tonic_step=1e305 A",
]


def test_the_program_stops_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A value so large would be refused before the run.
    monkeypatch.setattr(parameter_checks, "FAR", math.inf)
    settings = [word for setting in SHORT for word in ("--set", setting)]
    status = cli.main(["run", "relay_modes", *settings, "-o", str(tmp_path)])
    lines = capsys.readouterr().err.splitlines()
    (error,) = [line for line in lines if line.startswith("error:")]
    assert status == ExitStatus.BAD_INPUT
    assert error.startswith("error: v of cells") and "is nan at 350 ms; take a shorter" in error
    assert not any("Traceback" in line for line in lines)
    assert not list(tmp_path.glob("summary.json")), "no result is written"

"""Whole runs of `validate`, small and on the numpy target."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from rich.console import Console

from htm_brian import models
from htm_brian.cli import main
from htm_brian.comparison import table as comparison
from htm_brian.comparison.ladder import ABSTRACT
from htm_brian.errors import ExitStatus, InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.runner import run_protocol
from htm_brian.protocols.validate import Validate, ValidateParameters
from tests.generators.in_process_pool import InProcessPool
from tests.generators.series import load, never_repeated, write

MODELS = Path(models.__file__).parent

TINY = ValidateParameters(columns=64, cells=4, codegen="numpy", jobs=1)
N = 60


@pytest.fixture(scope="module")
def saw_tooth(tmp_path_factory):
    """A series that a small memory learns within some twenty steps."""
    path = tmp_path_factory.mktemp("input") / "saw.csv"
    lines = [f"{step},{step % 4}" for step in range(N)]
    path.write_text("number,level\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def finished(saw_tooth, tmp_path_factory):
    """The folder and the exit status of a whole run."""
    folder = tmp_path_factory.mktemp("validate")
    protocol = Validate(replace(TINY, input=saw_tooth, value_column="level"))
    with open(folder / "printed.txt", "w") as printed:
        console = Console(file=printed, width=180)
        status = run_protocol(protocol, folder, "htm-brian validate saw.csv", console, console)
    return folder, status


def test_a_whole_run_leaves_summary_data_figures_and_report(finished):
    folder, status = finished
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["protocol"] == "validate"
    assert summary["partial"] is False
    assert summary["passed"] is (status == 0) is all(c["passed"] for c in summary["checks"])
    agreements = {**comparison.AGREEMENTS, **comparison.PLATEAU_AGREEMENTS}
    apart = len(agreements) + len(comparison.DIFFERENCES)
    # What level 0 learned, cells without noise and columns with it; who wins, where columns burst.
    assert len(summary["checks"]) in (1 + 2 + apart, 1 + 3 + apart)
    assert set(summary["metrics"]["runs"]) == {
        *ABSTRACT, "abstract_shuffled", "spiking",
        "transplant_abstract", "transplant_reliable", "transplant_model",
    }  # fmt: skip
    names = {path.name for path in (folder / "figures").iterdir()}
    kinds = ("agreement", "anomaly", "raster", "sparsity", "transplant")
    assert names == {f"{kind}.{ending}" for kind in kinds for ending in ("png", "svg")}
    with xr.open_dataset(folder / "result.nc", engine="h5netcdf") as dataset:
        assert dataset.sizes["step"] == N
        assert np.isfinite(dataset["spiking_anomaly"]).all()
        assert np.isfinite(dataset["reliable_exact"]).all()


def test_the_transplant_activates_and_predicts_the_same_cells(finished):
    summary = json.loads((finished[0] / "summary.json").read_text())
    (check,) = [check for check in summary["checks"] if "share of steps" in check["name"]]
    assert check["passed"], check["value"]


def test_the_spiking_memory_learns_the_series_like_the_abstract_one(finished):
    with xr.open_dataset(finished[0] / "result.nc", engine="h5netcdf") as dataset:
        for run in ("abstract", "spiking"):
            anomaly = dataset[f"{run}_anomaly"].to_numpy()
            assert anomaly[:4].min() == 1
            assert anomaly[N // 2 :].mean() < 0.5, run


def test_the_report_shows_the_table_and_the_sources(finished):
    folder, _ = finished
    report = (folder / "report.html").read_text()
    printed = (folder / "printed.txt").read_text()
    for text in ("TRANSPLANT", "TRAINED APART", "predicted columns: Jaccard"):
        assert text in report
        assert text in printed
    assert "soma.capacitance" in report or "soma." in report
    assert "memory.activation_threshold" in report
    assert "stream.active_columns" in report
    assert "htm-brian validate saw.csv" in report


def test_report_summary_and_title_say_which_columns_were_read_and_that_no_time_was(finished):
    folder, _ = finished
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["metrics"]["input"] == {
        "file": "saw.csv",
        "values": "column level",
        "times": "no time was read: the table has no column of dates",
    }
    title = "saw.csv, column level, no time was read: the table has no column of dates"
    report = (folder / "report.html").read_text()
    assert title in report
    assert title in " ".join((folder / "printed.txt").read_text().split())
    assert "stream.time_of_day_radius" not in report
    assert "stream.value_buckets" in report


def test_level_0_alone_tells_that_something_was_learned(finished):
    summary = json.loads((finished[0] / "summary.json").read_text())
    check = summary["checks"][0]
    assert check["name"].startswith("level 0 learned")
    assert check["passed"]
    assert summary["metrics"]["learning"].startswith("the abstract memory learned the series")


@pytest.mark.parametrize(
    ("mode", "runs"),
    [
        (
            "apart",
            dict.fromkeys((*ABSTRACT, "abstract_shuffled", "spiking"), N),
        ),
        (
            "transplant",
            {
                "abstract": 45,
                "abstract_shuffled": 45,
                "transplant_abstract": 15,
                "transplant_reliable": 15,
                "transplant_model": 15,
            },
        ),
    ],
)
def test_each_mode_needs_its_own_runs(saw_tooth, mode, runs):
    protocol = Validate(replace(TINY, input=saw_tooth, value_column="level", mode=mode))
    assert protocol.levels.lengths(N) == runs


@pytest.mark.parametrize("mode", ["both", "apart", "transplant"])
def test_where_nothing_was_learned_no_mode_passes_and_no_spiking_memory_is_run(
    tmp_path, capsys, monkeypatch, mode
):
    monkeypatch.setattr("htm_brian.comparison.two_levels.WorkerPool", None)
    path = write(tmp_path / "once.txt", never_repeated(400))
    folder = tmp_path / "out"
    arguments = ["--mode", mode, "--columns", "64", "--cells", "4", "-o", str(folder)]
    assert main(["validate", str(path), *arguments]) == ExitStatus.FAILED
    printed = " ".join(capsys.readouterr().out.split())
    assert "validate: nothing was learned: over the last" in printed
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["passed"] is False
    assert summary["partial"] is False
    (check,) = summary["checks"]
    assert not check["passed"]
    assert set(summary["metrics"]["runs"]) == {"abstract", "abstract_shuffled"}
    assert "nothing was learned" in (folder / "report.html").read_text()
    assert [path.name for path in (folder / "figures").glob("*.png")] == ["anomaly.png"]


@pytest.mark.slow
def test_a_network_without_inhibition_fails(saw_tooth, tmp_path, capsys, monkeypatch):
    """As a transplant; tests/comparison/test_broken_networks.py has it learn by itself, too."""
    monkeypatch.setattr("htm_brian.comparison.two_levels.WorkerPool", InProcessPool)
    text = (MODELS / "l5_reduced.toml").read_text()
    assert "pulse_conductance = { value = 150" in text
    broken = tmp_path / "l5_reduced.toml"
    broken.write_text(
        text.replace("pulse_conductance = { value = 150", "pulse_conductance = { value = 0")
    )
    arguments = ["--columns", "64", "--cells", "4", "--mode", "transplant"]
    arguments += ["--cell-model", str(broken)]
    arguments += ["--set", "codegen=numpy", "-o", str(tmp_path / "out")]
    status = main(["validate", str(saw_tooth), "--value-column", "level", *arguments])
    assert status == ExitStatus.FAILED
    printed = " ".join(capsys.readouterr().out.split())
    assert "the spiking memory does not do all that the abstract one does" in printed


def test_what_is_derived_from_the_series_can_be_set(tmp_path):
    path = write(tmp_path / "load.csv", *reversed(load()))
    derived = Validate(replace(TINY, input=path, steps=1400))
    assert derived.stream.time_of_day_radius == pytest.approx(1 / 12)
    rows = {row[0]: row for row in derived._outcome(None, {}).parameter_rows}
    assert "the sampling interval" in rows["stream.time_of_day_radius"][-1]
    given = Validate(replace(TINY, input=path, steps=1400, time_of_day_radius=1.0, value_buckets=9))
    assert given.stream.time_of_day_radius == 1
    assert given.stream.value_buckets == 9


class Impatient(SilentProgress):
    """Ctrl-C after the first steps of a stage."""

    def __init__(self, stage):
        self.stage, self.now, self.interrupted = stage, "", False

    def begin(self, description, total):
        self.now = description

    def advance(self, steps=1):
        self.interrupted |= self.now.startswith(self.stage)


@pytest.mark.parametrize("stage", ["choosing", "abstract"])
def test_interrupted_before_anything_was_compared(saw_tooth, stage):
    protocol = Validate(replace(TINY, input=saw_tooth, value_column="level", mode="transplant"))
    outcome = protocol.run(Impatient(stage))
    assert outcome.partial
    assert not outcome.passed
    assert outcome.checks == []
    assert outcome.table.title.startswith("PARTIAL")


def gone_within(seconds, group):
    """Whether no process of the group is left; Python's own resource tracker is the last to go."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_ctrl_c_leaves_a_readable_partial_result_and_no_process(tmp_path):
    settings = ["columns=64", "cells=4", "steps=400", "codegen=numpy", "mode=apart", "jobs=1"]
    command = [sys.executable, "-m", "htm_brian.cli", "run", "validate", "-o", str(tmp_path)]
    for setting in settings:
        command += ["--set", setting]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith("spiking"):
            break
    time.sleep(4)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the children too
    out, err = process.communicate(timeout=240)  # figures are slow on a busy machine
    assert process.returncode == 130, "".join(lines) + err
    assert "partial" in out.lower()
    assert "Traceback" not in err
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["partial"] is True
    assert summary["passed"] is False
    # A slow machine may be interrupted before the first element of this run is back.
    runs = summary["metrics"]["runs"]
    assert runs.get("spiking", {"steps": 0})["steps"] < 400
    with xr.open_dataset(tmp_path / "result.nc", engine="h5netcdf") as dataset:
        known = np.isfinite(dataset["spiking_anomaly"]).sum()
        assert known == summary["metrics"]["runs"]["spiking"]["steps"]
    assert "partial" in (tmp_path / "report.html").read_text()
    assert gone_within(20, process.pid)


def one_line(capsys, *arguments):
    """Run the command line with faulty arguments, and return what it says."""
    assert main(["validate", *map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--columns", "0"], "columns must be at least 8, got 0"),
        (["--cells", "0"], "cells must be at least 1, got 0"),
        (["--jobs", "0"], "jobs must be at least 1, got 0"),
        (["--steps", "3"], "steps must be at least 16, got 3"),
        (["--steps", "5000"], "has 4032 values, at least 5000 are needed"),
        (["--seed", "-1"], "seed must be at least 0, got -1"),
        (["--mode", "sideways"], "mode must be one of both, transplant, apart, got 'sideways'"),
        (["--model", "no_such"], "no_such"),
        (
            ["--model", "l5_reduced"],
            "l5_reduced is a cell of level 1 where a network of level 1 is needed",
        ),
        (["--columns", "2000000", "--cells", "500"], "choose fewer --columns, --cells or --steps"),
        (["no/such/file.csv"], "there is no file no/such/file.csv"),
        (["--value-column", "price"], "has no column 'price'"),
    ],
)
def test_what_the_user_can_mend_is_one_line(capsys, arguments, message):
    assert message in one_line(capsys, *arguments)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("nan.csv", "time,value\n2000-01-01 00:00,1\n2000-01-01 01:00,nan\n", "line 3"),
        ("empty.csv", "", "is empty"),
        ("short.txt", "abc", "has 3 values, at least 16 are needed"),
    ],
)
def test_faulty_files_are_one_line(capsys, tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    assert message in one_line(capsys, tmp_path / name)


def test_parameters_are_checked():
    with pytest.raises(ValueError, match=r"training_share must lie in \[0.1, 0.9\], got 1.5"):
        ValidateParameters(training_share=1.5)
    with pytest.raises(InputError, match="codegen must be one of auto, cython, numpy, got 'c'"):
        ValidateParameters(codegen="c")

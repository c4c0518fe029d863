from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from brian2 import Quantity, ms, pA
from matplotlib.figure import Figure

from htm_brian.errors import InputError
from htm_brian.experiment import results
from htm_brian.experiment.protocol import load_protocol, quantity
from htm_brian.experiment.runner import write_results


def test_parameters_are_described_with_units() -> None:
    @dataclass(frozen=True)
    class Parameters:
        currents: Quantity = quantity(np.array([100.0, 200.0]) * pA)
        threshold: float = float("nan")
        file: Path | None = Path("a.csv")

    assert results.describe_parameters(Parameters()) == {
        "currents": {"value": [100.0, 200.0], "unit": "pA"},
        "threshold": {"value": None, "unit": ""},
        "file": {"value": "a.csv", "unit": ""},
    }


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    path.write_text("old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half of the n")
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"cannot write .*result.txt: No space left on device; "):
        results.replace_file(path, fail)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["result.txt"]


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_is_found_before_the_run(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write results to .*; choose a folder with --out"):
        results.prepare_folder(tmp_path / place)


def test_a_file_and_an_impossible_name_are_no_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file: it is a file; choose a folder with --output$"):
        results.prepare_folder(tmp_path / "file")
    with pytest.raises(InputError, match="cannot write results to .*; choose a folder with"):
        results.prepare_folder(tmp_path / "a\0b")


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np, xarray as xr
from htm_brian.errors import InputError
from htm_brian.experiment.results import write_dataset
folder = Path(sys.argv[1])
contents = {name: {} for name in ("checks", "metrics", "provenance")}
contents |= {"protocol": "x", "passed": True, "partial": False}
write_dataset(folder, xr.Dataset({"a": ("x", np.arange(3.0))}), contents)
(folder / "summary.json").write_text('{"provenance": {"figures": []}}')
before = (folder / "result.nc").read_bytes()
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
noise = np.random.default_rng(1).random(100_000)
try:
    write_dataset(folder, xr.Dataset({"a": ("x", noise)}), contents)
except InputError as error:
    print(error)
assert (folder / "result.nc").read_bytes() == before
assert sorted(path.name for path in folder.iterdir()) == ["result.nc", "summary.json"]
"""


def test_where_no_room_is_left_an_earlier_result_stays_and_nothing_half_written(
    tmp_path: Path,
) -> None:
    pytest.importorskip("resource")
    arguments = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"cannot write {tmp_path / 'result.nc'}: File too large; make r")


@pytest.mark.usefixtures("extra_protocols")
def test_dataset_and_provenance_come_back_from_netcdf(tmp_path: Path) -> None:
    dataset = xr.Dataset(
        {
            "anomaly": ("step", np.array([0.0, np.nan, 1.0]), {"units": "1"}),
            "bursts": ("step", np.array([1, 2, 3], dtype=np.int32)),
            "learns": ("step", np.array([True, False, True])),
            "scalar": 3.5,
        },
        coords={"step": [0, 1, 2], "level": ["abstract"]},
    )
    contents = {
        "protocol": "x",
        "passed": True,
        "partial": False,
        "checks": [],
        "metrics": {},
        "provenance": {"seed": 3},
    }
    results.write_dataset(tmp_path, dataset, contents)
    with xr.open_dataset(tmp_path / "result.nc", engine="h5netcdf") as read:
        xr.testing.assert_equal(read.load(), dataset)
        assert read["anomaly"].attrs["units"] == "1"
        assert json.loads(read.attrs["provenance"]) == {"seed": 3}
        assert read.attrs["passed"] == 1


def test_figures_are_written_twice_and_are_the_same_each_time(tmp_path: Path) -> None:
    def draw() -> Figure:
        figure = Figure()
        figure.subplots().plot([0, 1], [1, 0])
        return figure

    contents = []
    for run in ("one", "two"):
        (tmp_path / run).mkdir()
        results.write_figures(tmp_path / run, {"curve": draw()})
        folder = tmp_path / run / "figures"
        assert sorted(os.listdir(folder)) == ["curve.png", "curve.svg"]
        contents.append((folder / "curve.svg").read_bytes() + (folder / "curve.png").read_bytes())
    assert contents[0] == contents[1]


@pytest.mark.usefixtures("extra_protocols")
def test_a_new_run_clears_its_own_old_figures_and_nothing_else(tmp_path: Path) -> None:
    protocol = load_protocol("poisson_counts")()
    from htm_brian.experiment.progress import SilentProgress

    outcome = protocol.run(SilentProgress())
    write_results(protocol, outcome, tmp_path, "htm-brian run x", datetime.now(UTC), {})
    (tmp_path / "figures" / "mine.png").write_text("mine")
    results.clear(tmp_path)
    assert os.listdir(tmp_path / "figures") == ["mine.png"]
    assert not (tmp_path / "summary.json").exists()


def test_clear_does_not_leave_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    (tmp_path / "precious.png").write_text("")
    summary = {"provenance": {"figures": ["../../precious"]}}
    (folder / "summary.json").write_text(json.dumps(summary))
    results.clear(folder)
    assert (tmp_path / "precious.png").exists()


@pytest.mark.usefixtures("extra_protocols")
def test_provenance_says_all_that_is_needed_to_run_again() -> None:
    protocol = load_protocol("poisson_counts")()
    origin = results.provenance(protocol, "htm-brian run poisson_counts", datetime.now(UTC), {})
    assert origin["command"] == "htm-brian run poisson_counts"
    assert origin["seed"] == 1
    assert origin["parameters"]["rate"] == {"value": 40.0, "unit": "Hz"}
    assert origin["versions"]["brian2"]
    assert origin["versions"]["python"]
    assert origin["duration_seconds"] >= 0
    json.dumps(origin, allow_nan=False)


def test_provenance_holds_the_hash_of_every_file_that_went_in(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Inputs:
        input: Path | None = None
        model: str = "l5_reduced"

    file, folder = tmp_path / "series.csv", tmp_path / "digits"
    file.write_bytes(b"abc")
    folder.mkdir()
    (folder / "images").write_bytes(b"1")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # SHA-256 of abc
    assert results.input_hashes(Inputs()) == {}
    assert results.input_hashes(Inputs(file)) == {"input": known}
    assert results.input_hashes(Inputs(model=str(file))) == {"model": known}
    before = results.input_hashes(Inputs(folder))["input"]
    (folder / "images").write_bytes(b"2")
    assert results.input_hashes(Inputs(folder))["input"] != before


def test_parameters_may_be_several_quantities() -> None:
    @dataclass(frozen=True)
    class Delays:
        delays: tuple[Quantity, ...] = (0 * ms, 20 * ms)

    described = results.describe_parameters(Delays())
    assert described == {"delays": {"value": ["0. s", "20. ms"], "unit": ""}}

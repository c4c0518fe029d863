"""A stored run in the forms of other tools: what goes in comes out, with its unit and place."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from htm_brian.cli import main
from htm_brian.errors import ExitStatus, InputError
from htm_brian.experiment.export.command import export
from htm_brian.experiment.export.recording import read_run, recording_of

POTENTIAL = -70 + np.arange(12.0).reshape(2, 6)
ORIGIN = {
    "started": "2026-01-02T03:04:05+00:00",
    "command": "htm-brian run some_protocol",
    "parameters": {"seed": {"value": 1, "unit": "1"}},
}


def dataset() -> xr.Dataset:
    """Potentials of two cells, spikes in a flat list, spikes in rows, plateaus, sets."""
    variables = {
        "potential": (("cell", "time"), POTENTIAL, {"units": "mV", "long_name": "of the soma"}),
        "drive": ("uneven_time", [1.0, 2.0, 4.0], {"units": "nA"}),
        "spike_time": ("spike", [0.004, 0.001, 0.002], {"units": "s"}),
        "spike_start": ("spike", [0.05, 0.05, 0.1], {"units": "s"}),
        "spike_cell": ("spike", [7, 3, 7], {"units": "1"}),
        "tuft_spike_time": (
            ("example", "number"),
            [[1.0, 3.0, np.nan], [np.nan] * 3],
            {"units": "ms"},
        ),
        "plateau_time": ("plateau", [2.0, 5.0], {"units": "ms"}),
        "winners": ("winners_index", [4, 5, 9], {"units": "1"}),
        "winners_indptr": ("winners_end", [0, 2, 2, 3], {"units": "1"}),
        "threshold": ((), 14.0, {"units": "1"}),
    }
    coords = {
        "time": ("time", np.arange(6) * 0.5 - 1, {"units": "ms"}),
        "uneven_time": ("uneven_time", [0.0, 1.0, 5.0], {"units": "ms"}),
        "example": ["weak", "strong"],
    }
    attributes = {"protocol": "some_protocol", "provenance": json.dumps(ORIGIN)}
    return xr.Dataset(variables, coords, attributes)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    dataset().to_netcdf(tmp_path / "result.nc", engine="h5netcdf")
    (tmp_path / "summary.json").write_text(json.dumps({"protocol": "some_protocol"}))
    return tmp_path


def test_signals_and_trains_are_found_with_their_places(run: Path) -> None:
    found = recording_of(read_run(run))
    potential, drive = found.signals
    assert potential.channels == ("cell=0", "cell=1") and potential.unit == "mV"
    assert potential.period == pytest.approx(5e-4) and drive.period is None
    assert potential.values[:, 1].tolist() == POTENTIAL[1].tolist()
    trains = {(each.name, each.place): each.times.tolist() for each in found.trains}
    assert trains["spike_time", "cell=7"] == pytest.approx([0.054, 0.102])
    assert trains["spike_time", "cell=3"] == pytest.approx([0.051])
    assert trains["tuft_spike_time", "example=weak"] == pytest.approx([0.001, 0.003])
    assert trains["tuft_spike_time", "example=strong"] == []
    assert found.ends == pytest.approx((-0.001, 0.102))


def test_neo_reads_what_was_written(run: Path) -> None:
    neo = pytest.importorskip("neo", reason="the extra [export] is not installed")
    (file,) = export(run, "neo")
    with neo.NixIO(str(file), "ro") as io:
        segment = io.read_block().segments[0]
    (signal,) = segment.analogsignals
    assert signal.name == "potential" and str(signal.units.dimensionality) == "mV"
    assert signal.magnitude.T.tolist() == POTENTIAL.tolist()
    assert float(signal.t_start.rescale("ms")) == pytest.approx(-1)
    assert list(signal.array_annotations["place"]) == ["cell=0", "cell=1"]
    assert len(segment.irregularlysampledsignals) == 1
    trains = {train.annotations["place"]: train for train in segment.spiketrains}
    assert trains["cell=7"].rescale("ms").magnitude.tolist() == pytest.approx([54, 102])
    assert segment.events[0].rescale("ms").magnitude.tolist() == pytest.approx([2, 5])


def test_nwb_is_read_back_and_has_no_critical_finding(run: Path) -> None:
    pynwb = pytest.importorskip("pynwb", reason="the extra [export] is not installed")
    inspector = pytest.importorskip("nwbinspector")
    (file,) = export(run, "nwb")
    with pynwb.NWBHDF5IO(str(file), "r") as io:
        read = io.read()
        potential = read.acquisition["potential"]
        assert potential.unit == "volts" and potential.conversion == 1e-3
        assert potential.data[:].T.tolist() == POTENTIAL.tolist()
        assert potential.rate == pytest.approx(2000) and potential.starting_time == 0
        assert read.acquisition["drive"].timestamps[:].tolist() == pytest.approx([1e-3, 2e-3, 6e-3])
        spikes = dict(zip(read.units["place"][:], read.units["spike_times"][:], strict=True))
        assert spikes["cell=7"].tolist() == pytest.approx([0.055, 0.103])  # 1 ms before all else
        plateaus = read.events["plateau_time"].to_dataframe()
        assert plateaus["timestamp"].tolist() == pytest.approx([3e-3, 6e-3])
        assert "Time 0 of the run is at 0.001 s here." in read.session_description
    found = list(inspector.inspect_nwbfile(nwbfile_path=file))
    critical = [each for each in found if each.importance.name in ("CRITICAL", "ERROR")]
    assert critical == []


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


def test_csv_names_units_and_explains_ragged_variables(run: Path) -> None:
    first, *others = export(run, "csv")
    head, *lines = rows_of(first)
    assert head == ["variable", "file", "dimensions", "unit", "meaning"]
    told = {line[0]: line[1:] for line in lines}
    assert told["potential"][2:] == ["mV", "of the soma"]
    assert told["winners_indptr"][3].startswith("where each row of winners begins")
    assert {line[0] for line in told.values()} == {path.name for path in others}
    by_cell = rows_of(run / "some_protocol_csv" / "cell_by_time.csv")
    assert by_cell[:2] == [["cell", "time (ms)", "potential (mV)"], ["0", "-1.0", "-70.0"]]
    assert len(by_cell) == 13
    winners = rows_of(run / "some_protocol_csv" / "winners.csv")
    assert winners == [["row", "winners"], ["0", "4"], ["0", "5"], ["2", "9"]]


def test_zarr_holds_the_dataset(run: Path) -> None:
    pytest.importorskip("zarr", reason="the extra [sweep] is not installed")
    (folder,) = export(run, "zarr", run / "other.zarr")
    again = xr.open_zarr(folder, chunks=None).load()
    xr.testing.assert_equal(again, dataset())
    assert again["potential"].attrs["units"] == "mV"


@pytest.mark.usefixtures("extra_protocols")
def test_figures_are_drawn_again_without_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "counts"
    assert main(["run", "poisson_counts", "-o", str(folder), "--quiet"]) == ExitStatus.PASSED
    for form, begins in (("pdf", b"%PDF"), ("svg", b"<?xml"), ("png", b"\x89PNG")):
        assert main(["export", str(folder), "--to", form]) == ExitStatus.PASSED
        path = Path(capsys.readouterr().out.partition("written: ")[2].splitlines()[0])
        assert path.suffix == f".{form}" and path.read_bytes().startswith(begins)


def test_what_cannot_be_exported_is_one_line(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--to must be one of .*, got 'nbw'; did you mean nwb?"):
        export(run, "nbw")
    with pytest.raises(InputError, match="holds no result.nc; give the folder of a run"):
        export(tmp_path / "nothing", "csv")
    with pytest.raises(InputError, match="--output of nwb must end in .nwb, got "):
        export(run, "nwb", run / "x.h5")
    (run / "summary.json").write_text("{}")
    with pytest.raises(InputError, match="cannot read "):
        export(run, "png")
    bare = dataset()[["threshold", "winners"]]
    with pytest.raises(InputError, match="stores no potentials, spikes or events"):
        recording_of(bare)
    (run / "result.nc").write_text("no")
    with pytest.raises(InputError, match="cannot read .*result.nc"):
        export(run, "csv")

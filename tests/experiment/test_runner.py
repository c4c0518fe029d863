from __future__ import annotations

import io
import json
import signal
import sys
from pathlib import Path

import pytest
import xarray as xr
from rich.console import Console

import htm_brian.figures
from htm_brian.errors import ExitStatus, InputError
from htm_brian.experiment.protocol import Protocol, load_protocol
from htm_brian.experiment.runner import run_protocol

pytestmark = pytest.mark.usefixtures("extra_protocols")


def protocol(**changes: object) -> Protocol:
    kind = load_protocol("poisson_counts")
    return kind(type(kind.parameters)(**changes))


def run(folder: Path, **changes: object) -> tuple[ExitStatus, str, str]:
    out, messages = io.StringIO(), io.StringIO()
    status = run_protocol(
        protocol(**changes),
        folder,
        "htm-brian run poisson_counts",
        Console(file=out, width=100),
        Console(file=messages, width=100),
    )
    return status, out.getvalue(), messages.getvalue()


def summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def test_a_run_that_passes(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down"
    status, out, messages = run(folder)
    assert status == ExitStatus.PASSED
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == {
        "summary.json",
        "result.nc",
        "report.html",
        "figures/counts.png",
        "figures/counts.svg",
    }
    written = summary(folder)
    keys = {"protocol", "passed", "partial", "checks", "undecided", "table"}
    keys |= {"metrics", "provenance"}
    assert set(written) == keys
    assert written["passed"] is True
    assert written["partial"] is False
    assert written["metrics"] == {"largest": 40, "nested": {"none": None}}
    assert [check["passed"] for check in written["checks"]] == [True, True]
    assert written["provenance"]["figures"] == ["counts"]
    assert "18 to 22 spikes" in out
    assert f"report: {folder / 'report.html'}" in out
    assert messages == "counting: 400 steps\n"


def test_a_check_that_fails(tmp_path: Path) -> None:
    status, out, _ = run(tmp_path, largest_fano=0.8)
    assert status == ExitStatus.FAILED
    assert "FAIL" in out
    assert "1 of 2 checks fail" in out
    assert summary(tmp_path)["passed"] is False


def test_an_interrupt_keeps_a_result_that_says_it_is_partial(tmp_path: Path) -> None:
    status, out, _ = run(tmp_path, ending="interrupted")
    assert status == ExitStatus.INTERRUPTED
    assert "partial result" in out
    written = summary(tmp_path)
    assert written["partial"] is True
    assert written["passed"] is False
    assert "partial result" in (tmp_path / "report.html").read_text(encoding="utf-8")
    with xr.open_dataset(tmp_path / "result.nc", engine="h5netcdf") as dataset:
        assert dataset.attrs["partial"] == 1
        assert dataset.sizes == {"trial": 200}


def test_a_second_interrupt_stops_at_once_and_keeps_the_earlier_result(tmp_path: Path) -> None:
    run(tmp_path)
    before = summary(tmp_path)
    status, _, messages = run(tmp_path, ending="interrupted twice")
    assert status == ExitStatus.INTERRUPTED
    assert "nothing was written" in messages
    assert summary(tmp_path) == before


def test_lack_of_memory_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    message = r"needs more memory than there is \(Unable to allocate 10 PiB\); choose smaller sizes"
    with pytest.raises(InputError, match=message):
        run(tmp_path, ending="memory")


def test_a_defect_in_the_run_is_not_dressed_up(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a defect in the run") as caught:
        run(tmp_path, ending="defect")
    assert caught.type is ValueError


def test_a_figure_that_cannot_be_drawn_does_not_cost_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path)
    import htm_brian.figures.poisson_counts as module

    def fail(dataset: xr.Dataset) -> None:
        raise ZeroDivisionError("a defect in the figure")

    monkeypatch.setattr(module, "draw", fail)
    with pytest.raises(ZeroDivisionError):
        run(tmp_path, trials=300)
    assert summary(tmp_path)["provenance"]["parameters"]["trials"]["value"] == 300
    assert summary(tmp_path)["provenance"]["figures"] == []
    assert not (tmp_path / "figures" / "counts.png").exists()
    with xr.open_dataset(tmp_path / "result.nc", engine="h5netcdf") as dataset:
        assert dataset.sizes == {"trial": 300}


def test_a_protocol_without_figures_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(htm_brian.figures, "__path__", [])
    monkeypatch.delitem(sys.modules, "htm_brian.figures.poisson_counts", False)
    status, _, _ = run(tmp_path)
    assert status == ExitStatus.PASSED
    assert not (tmp_path / "figures").exists()


def test_ctrl_c_while_results_are_written_does_not_cut_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import htm_brian.experiment.results as results

    write = results.write_dataset

    def press_and_write(*arguments: object) -> None:
        signal.raise_signal(signal.SIGINT)
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(results, "write_dataset", press_and_write)
    status, _, _ = run(tmp_path)
    assert status == ExitStatus.PASSED
    assert summary(tmp_path)["partial"] is False
    assert not (tmp_path / ".lock").exists()

"""Rasters that zoom: which spikes they have, and that the site needs no network for them."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from htm_brian.experiment.claims import raster
from htm_brian.experiment.claims.raster import raster_of
from htm_brian.experiment.claims.settling import load_claims, load_results
from htm_brian.experiment.claims.site import write_site

STORED = Path(__file__).resolve().parents[3] / "docs" / "results"


def store(folder: Path, n: int) -> Path:
    """Store `n` spikes, one a millisecond, of five cells in turn."""
    dataset = xr.Dataset(
        {
            "spike_time": ("spike", np.arange(float(n)), {"units": "ms"}),
            "spike_cell": ("spike", 10 * (np.arange(n) % 5), {"units": "1"}),
        }
    )
    folder.mkdir(exist_ok=True)
    dataset.to_netcdf(folder / "result.nc", engine="h5netcdf")
    return folder


def test_a_raster_has_times_rows_and_places(tmp_path: Path) -> None:
    found = raster_of(store(tmp_path, 120))
    assert found is not None and found["left_out"] == 0
    assert found["times"] == [float(t) for t in range(120)]
    assert found["rows"][:6] == [0, 1, 2, 3, 4, 0]
    assert found["places"] == [f"cell={cell}" for cell in (0, 10, 20, 30, 40)]


def test_only_the_last_spikes_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "MOST", 110)
    found = raster_of(store(tmp_path, 120))
    assert found is not None and found["left_out"] == 10
    assert found["times"][0] == 10 and len(found["times"]) == 110


def test_there_is_none_without_a_run_or_with_few_spikes(tmp_path: Path) -> None:
    assert raster_of(None) is None
    assert raster_of(tmp_path / "nothing") is None
    assert raster_of(store(tmp_path, 50)) is None
    xr.Dataset({"x": 1.0}).to_netcdf(tmp_path / "result.nc", engine="h5netcdf")
    assert raster_of(tmp_path) is None


def site_with_spikes(tmp_path: Path) -> Path:
    results, _ = load_results([STORED])
    results["validate"] = replace(results["validate"], folder=store(tmp_path / "run", 500))
    write_site(load_claims(), results, tmp_path / "site")
    return tmp_path / "site"


def test_the_page_draws_it_from_a_file_of_the_site(tmp_path: Path) -> None:
    pytest.importorskip("plotly", reason="the extra [report] is not installed")
    site = site_with_spikes(tmp_path)
    page = (site / "validate.html").read_text(encoding="utf-8")
    assert '<script src="plotly.min.js"></script>' in page and 'id="raster"' in page
    assert len(page) < 300_000
    assert (site / "plotly.min.js").stat().st_size < 6_000_000
    assert "plotly" not in (site / "nmda_spike.html").read_text(encoding="utf-8")


def test_without_plotly_there_is_no_raster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    absent = {"plotly": None}
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *to: absent[name] if name in absent else find(name, *to),
    )
    site = site_with_spikes(tmp_path)
    assert 'id="raster"' not in (site / "validate.html").read_text(encoding="utf-8")
    assert not (site / "plotly.min.js").exists()

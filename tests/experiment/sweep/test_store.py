from __future__ import annotations

import errno
import multiprocessing
import os
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

pytest.importorskip("zarr", reason="the extra [sweep] is not installed")

from htm_brian.errors import InputError
from htm_brian.experiment.sweep.store import DiskFullError, PointStore


def dataset(value: float) -> xr.Dataset:
    return xr.Dataset(
        {"x": ("time", np.full(5, value), {"units": "mV"}), "label": ("kind", ["a", "bc"])},
        coords={"time": np.arange(5.0)},
        attrs={"model": "passive"},
    )


def test_a_point_comes_back_as_it_was(tmp_path: Path) -> None:
    with PointStore(tmp_path).opened() as store:
        store.put("abc", dataset(3.0), {"passed": True, "metrics": {"n": 1}})
    again = PointStore(tmp_path)
    assert again.addresses() == {"abc"}
    assert again.content("abc") == {"passed": True, "metrics": {"n": 1}}
    read = again.dataset("abc").load()
    assert read["x"].values.tolist() == [3.0] * 5
    assert read["x"].attrs["units"] == "mV"
    assert read["label"].values.tolist() == ["a", "bc"]
    assert read.attrs["model"] == "passive"


def test_the_store_is_a_zarr_store_that_other_tools_read(tmp_path: Path) -> None:
    import zarr

    with PointStore(tmp_path).opened() as store:
        store.put("abc", dataset(2.0), {})
    group = zarr.open_group(str(store.path), mode="r")
    assert np.all(group["abc"]["x"][:] == 2.0)


def test_a_point_is_stored_once(tmp_path: Path) -> None:
    with PointStore(tmp_path).opened() as store:
        store.put("abc", dataset(1.0), {"n": 1})
        store.put("abc", dataset(2.0), {"n": 2})
        assert store.content("abc") == {"n": 1}


def test_what_was_left_half_is_no_point_and_is_swept_away(tmp_path: Path) -> None:
    with PointStore(tmp_path).opened() as store:
        half = store.path / ".writing-7-abc"
        half.mkdir()
        (half / ".zattrs").write_text("{")
        assert store.addresses() == set()
    with PointStore(tmp_path).opened() as store:
        assert not half.exists()


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    with PointStore(tmp_path).opened(), pytest.raises(InputError, match="another run"):  # noqa: SIM117
        with PointStore(tmp_path).opened():
            pass


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_leaves_no_half_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(self: xr.Dataset, path: Path, **options: object) -> None:
        path.mkdir()
        (path / "x").write_text("begun")
        raise OSError(number, os.strerror(number))

    with PointStore(tmp_path).opened() as store:
        store.put("abc", dataset(1.0), {})
        monkeypatch.setattr(xr.Dataset, "to_zarr", full)
        with pytest.raises(DiskFullError, match="make room and give the same command again"):
            store.put("def", dataset(1.0), {})
        assert store.addresses() == {"abc"}
        assert [each.name for each in store.path.iterdir() if each.is_dir()] == ["abc"]


def put_large(folder: Path, room: int, said: Any) -> None:
    """Store a small point, then one of random numbers that is larger than a file may be."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    with PointStore(folder).opened() as store:
        store.put("small", dataset(1.0), {})
        large = xr.Dataset({"x": ("time", np.random.default_rng(1).random(room))})
        try:
            store.put("large", large, {})
        except DiskFullError as error:
            said.put(str(error))
        else:
            said.put("stored")


def test_a_file_that_may_not_grow_is_a_full_disk(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    said = context.Queue()
    child = context.Process(target=put_large, args=(tmp_path, 20_000, said))
    child.start()
    assert said.get(timeout=60).startswith(f"no room for another point in {tmp_path}; make room")
    child.join(60)
    assert child.exitcode == 0
    store = PointStore(tmp_path)
    assert store.addresses() == {"small"}
    assert [each.name for each in store.path.iterdir() if each.is_dir()] == ["small"]
    with store.opened():
        store.put("large", dataset(2.0), {})  # with room again
        assert store.addresses() == {"small", "large"}

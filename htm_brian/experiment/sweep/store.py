"""Finished points on disk: one Zarr group each, whole or not there.

A point is written into a hidden folder and then renamed to its address, in one step of the file
system. So a process that is killed at any moment leaves each point whole or absent, and what it was
writing is swept away when the store is next opened. Two processes cannot write to one store.

``points.zarr`` is a Zarr store of format 2: ``zarr.open_group("points.zarr")[address]`` is a point,
its dataset as the protocol gave it, and in the attribute `point` its parameters, checks and metrics
as JSON.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xarray as xr

from htm_brian.errors import InputError
from htm_brian.experiment.folder_lock import locked
from htm_brian.experiment.results import prepare_folder

NAME = "points.zarr"
ATTRIBUTE = "point"
_GROUP = '{"zarr_format": 2}'
_WRITING = ".writing-"


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""A full disk, a full quota, and a file that may not grow: nothing more can be written."""


class DiskFullError(InputError):
    """There is no room for a point; those that are stored stay."""


class PointStore:
    """The points of a sweep.

    Parameters
    ----------
    folder : Path
        Of the sweep.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME

    @contextmanager
    def opened(self) -> Iterator[PointStore]:
        """Make the store where it is not there, keep others out, and clear what was left half.

        Raises
        ------
        InputError
            If the folder cannot be written to, or another process has it.
        """
        prepare_folder(self.folder)
        with locked(self.folder):
            self.path.mkdir(exist_ok=True)
            root = self.path / ".zgroup"
            if not root.exists():
                root.write_text(_GROUP, encoding="utf-8")
            for half in self.path.glob(f"{_WRITING}*"):
                shutil.rmtree(half, ignore_errors=True)
            yield self

    def addresses(self) -> set[str]:
        """Return the addresses of the points that are there."""
        if not self.path.is_dir():
            return set()
        return {
            each.name
            for each in self.path.iterdir()
            if each.is_dir() and not each.name.startswith(".")
        }

    def put(self, address: str, dataset: xr.Dataset, content: Mapping[str, Any]) -> None:
        """Store a point; one that is there already stays as it is.

        Parameters
        ----------
        address : str
            Of the point.
        dataset : xarray.Dataset
            Of its run.
        content : dict
            What JSON can say of it.

        Raises
        ------
        DiskFullError
            If there is no room.
        """
        place = self.path / address
        if place.exists():
            return
        half = self.path / f"{_WRITING}{os.getpid()}-{address}"
        full = dataset.assign_attrs({**dataset.attrs, ATTRIBUTE: json.dumps(content)})
        try:
            for variable in full.variables.values():
                variable.encoding.clear()  # of another format, as a file that was read has it
            full.to_zarr(half, mode="w", zarr_format=2, consolidated=True)
            os.rename(half, place)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise DiskFullError(
                    f"no room for another point in {self.folder}; make room and give the same "
                    "command again: the points that are stored stay"
                ) from None
            raise
        finally:
            shutil.rmtree(half, ignore_errors=True)

    def content(self, address: str) -> dict[str, Any]:
        """Return what is told of a point: settings, parameters, checks, metrics."""
        attributes = json.loads((self.path / address / ".zattrs").read_text(encoding="utf-8"))
        found: dict[str, Any] = json.loads(attributes[ATTRIBUTE])
        return found

    def dataset(self, address: str) -> xr.Dataset:
        """Return the dataset of a point, read when it is used."""
        return xr.open_zarr(self.path / address, consolidated=True, chunks=None)

"""What a stored dataset holds that other tools know: signals, trains of spikes, events.

A *signal* is a variable along a coordinate called ``time`` (or that ends in ``_time``) with a unit
of time; its other dimensions are channels. *Spikes* are variables called ``spike_time``, or that
with something before it, and ``plateau_time``, ``release_time`` and ``event_time`` are *events*:
either one row for each index of the dimensions before the last, filled up with NaN, or one flat
list, beside which ``spike_cell`` says whose each spike is and ``spike_start`` when the element
began that the times count from. All else (counts, thresholds, shares) is no recording; CSV and Zarr
have it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.errors import InputError
from htm_brian.experiment.results import DATASET

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "h": 3600.0}
POINTS = re.compile(r"(?:.*_)?(spike|plateau|release|event)_times?")
SPIKE = "spike"


@dataclass(frozen=True)
class Signal:
    """Values along a time.

    Attributes
    ----------
    name, meaning, unit : str
        Of the variable.
    times : ndarray of shape (n_times,)
        Seconds.
    values : ndarray of shape (n_times, n_channels)
        In `unit`.
    channels : tuple of str
        Where each channel stands along the other dimensions: ``"synapses=3"``.
    """

    name: str
    meaning: str
    unit: str
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    channels: tuple[str, ...]

    @property
    def period(self) -> float | None:
        """Seconds from one value to the next; None where that varies."""
        steps = np.diff(self.times)
        return float(steps.mean()) if np.allclose(steps, steps.mean(), rtol=1e-4) else None


@dataclass(frozen=True)
class Train:
    """Points in time: the spikes of a cell, or events of one kind.

    Attributes
    ----------
    name, kind : str
        Of the variable; ``"spike"``, ``"plateau"``, ``"release"`` or ``"event"``.
    times : ndarray of shape (n_points,)
        Seconds, rising.
    place : str
        Whose they are: ``"cell=7"``, ``"example=2"``.
    """

    name: str
    kind: str
    times: NDArray[np.float64]
    place: str


@dataclass(frozen=True)
class Recording:
    """All of a dataset that is one.

    Attributes
    ----------
    signals : tuple of Signal
    trains : tuple of Train
    """

    signals: tuple[Signal, ...]
    trains: tuple[Train, ...]

    @property
    def ends(self) -> tuple[float, float]:
        """The first and the last time, in seconds."""
        times = [each.times for each in self.signals] + [each.times for each in self.trains]
        known = np.concatenate(times) if times else np.empty(0)
        return (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)


def read_run(folder: Path) -> xr.Dataset:
    """Return the dataset of a run, all of it in memory.

    Parameters
    ----------
    folder : Path
        With ``result.nc``.

    Returns
    -------
    xarray.Dataset
        Times as numbers with their unit.

    Raises
    ------
    InputError
        If the folder holds none.
    """
    path = folder / DATASET
    if not path.is_file():
        raise InputError(f"{folder} holds no {DATASET}; give the folder of a run, results/NAME")
    try:
        with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as dataset:
            return dataset.load()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from None


def origin_of(dataset: xr.Dataset) -> Mapping[str, Any]:
    """Return the provenance that is stored with a dataset; empty where there is none.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `read_run` returns it.

    Returns
    -------
    mapping of str to object
        Parameters, versions, command.
    """
    found: Mapping[str, Any] = json.loads(dataset.attrs.get("provenance", "{}"))
    return found


def recording_of(dataset: xr.Dataset) -> Recording:
    """Return the signals and trains of a dataset.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `read_run` returns it, or one of your own.

    Returns
    -------
    Recording
        Times in seconds.

    Raises
    ------
    InputError
        If it has none of them.
    """
    signals = tuple(_signals(dataset))
    trains = tuple(_trains(dataset))
    if not signals and not trains:
        raise InputError(
            f"{dataset.attrs.get('protocol', 'the run')} stores no potentials, spikes or events, "
            "only what was measured of them; take --to csv or --to zarr"
        )
    return Recording(signals, trains)


def _signals(dataset: xr.Dataset) -> Iterator[Signal]:
    times = {
        str(name): np.asarray(coordinate.values, dtype=float) * SECONDS[coordinate.attrs["units"]]
        for name, coordinate in dataset.coords.items()
        if coordinate.dims == (name,)
        and (name == "time" or str(name).endswith("_time"))
        and coordinate.attrs.get("units") in SECONDS
        and coordinate.size > 1
    }
    for name, variable in dataset.data_vars.items():
        along = [dim for dim in variable.dims if dim in times]
        if len(along) != 1 or variable.dtype.kind != "f" or POINTS.fullmatch(str(name)):
            continue
        ordered = variable.transpose(along[0], ...)
        yield Signal(
            str(name),
            str(variable.attrs.get("long_name", str(name).replace("_", " "))),
            str(variable.attrs.get("units", "1")),
            times[str(along[0])],
            ordered.values.reshape(ordered.shape[0], -1).astype(float),
            tuple(_places(dataset, ordered.dims[1:])),
        )


def _trains(dataset: xr.Dataset) -> Iterator[Train]:
    for name, variable in dataset.data_vars.items():
        match = POINTS.fullmatch(str(name))
        if match is None or variable.attrs.get("units") not in SECONDS:
            continue
        seconds = np.asarray(variable.values, dtype=float) * SECONDS[variable.attrs["units"]]
        beside = str(name).removesuffix("s").removesuffix("time")
        owners = dataset.get(f"{beside}cell")
        if owners is not None and owners.dims == variable.dims and variable.ndim == 1:
            if f"{beside}start" in dataset:
                seconds = seconds + dataset[f"{beside}start"].values
            for cell in np.unique(owners.values):
                own = np.sort(seconds[owners.values == cell])
                yield Train(str(name), match[1], own[np.isfinite(own)], f"cell={cell}")
            continue
        rows = seconds.reshape(-1, seconds.shape[-1]) if seconds.ndim else seconds.reshape(1, 1)
        for row, place in zip(rows, _places(dataset, variable.dims[:-1]), strict=True):
            yield Train(str(name), match[1], np.sort(row[np.isfinite(row)]), place)


def _places(dataset: xr.Dataset, dims: tuple[Any, ...]) -> Iterator[str]:
    """Yield where each index along some dimensions is: ``"condition=clustered, synapses=3"``."""
    for index in np.ndindex(*(dataset.sizes[dim] for dim in dims)):
        at = zip(dims, index, strict=True)
        yield ", ".join(
            f"{dim}={dataset[dim].values[k] if dim in dataset.coords else k}" for dim, k in at
        )

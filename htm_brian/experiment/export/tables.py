"""All variables of a run as CSV, one file for those of the same dimensions, or as a Zarr store.

``variables.csv`` says of each variable its file, dimensions, unit and meaning. A ragged variable
``X`` has no index of its own: beside it, ``X_indptr`` says where each of its rows begins and ends,
and the file of ``X`` has the row in its first column.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from htm_brian.experiment.results import prepare_folder, replace_file

INDEX_END = "_indptr"
VARIABLES = "variables.csv"


def write_csv(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Write a run as CSV; return the files, that which explains the others first."""
    prepare_folder(folder)
    groups: dict[tuple[Any, ...], list[str]] = {}
    told = [["variable", "file", "dimensions", "unit", "meaning"]]
    for name, variable in dataset.data_vars.items():
        ragged = f"{name}{INDEX_END}" in dataset
        # A ragged variable has a file of its own, with the row of each of its values.
        groups.setdefault((str(name),) if ragged else variable.dims, []).append(str(name))
    written = []
    for key, names in groups.items():
        own = names[0] if f"{names[0]}{INDEX_END}" in dataset else "_by_".join(map(str, key))
        path = folder / f"{own or 'numbers'}.csv"
        rows = _ragged(dataset, names[0]) if own == names[0] else _grid(dataset, names)
        replace_file(path, partial(_write, rows))
        written.append(path)
        told += [[name, path.name, *_about(dataset, name)] for name in names]
    replace_file(folder / VARIABLES, partial(_write, iter(told)))
    return [folder / VARIABLES, *written]


def write_zarr(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Write a run as a Zarr store of format 2, its attributes with it."""
    for variable in dataset.variables.values():
        variable.encoding.clear()
    prepare_folder(folder)
    dataset.to_zarr(folder, mode="w", zarr_format=2, consolidated=True)
    return [folder]


def _grid(dataset: xr.Dataset, names: list[str]) -> Iterator[list[Any]]:
    """Yield a head, then a row for each index along the dimensions that the variables share."""
    dims = dataset[names[0]].dims
    coordinates = [
        dataset[dim].values if dim in dataset.coords else np.arange(dataset.sizes[dim])
        for dim in dims
    ]
    yield [_with_unit(dataset, name) for name in (*map(str, dims), *names)]
    columns = [dataset[name].values for name in names]
    for index in np.ndindex(*(len(each) for each in coordinates)):
        at = [values[k] for values, k in zip(coordinates, index, strict=True)]
        yield [*at, *(column[index] for column in columns)]


def _ragged(dataset: xr.Dataset, name: str) -> Iterator[list[Any]]:
    ends = dataset[f"{name}{INDEX_END}"].values
    yield ["row", _with_unit(dataset, name)]
    rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    yield from ([row, value] for row, value in zip(rows, dataset[name].values, strict=True))


def _with_unit(dataset: xr.Dataset, name: str) -> str:
    unit = str(dataset[name].attrs.get("units", "1")) if name in dataset.variables else "1"
    return name if unit == "1" else f"{name} ({unit})"


def _about(dataset: xr.Dataset, name: str) -> list[str]:
    variable = dataset[name]
    meaning = str(variable.attrs.get("long_name", name.replace("_", " ")))
    if name.endswith(INDEX_END):
        meaning = f"where each row of {name.removesuffix(INDEX_END)} begins, and the last one ends"
    dims = ", ".join(f"{dim} ({size})" for dim, size in variable.sizes.items())
    return [dims, str(variable.attrs.get("units", "1")), meaning]


def _write(rows: Iterator[list[Any]], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)

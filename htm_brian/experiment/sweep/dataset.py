"""All points of a sweep in one dataset, with parameters and seeds as coordinates."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.errors import InputError
from htm_brian.experiment.checks import format_number, with_unit
from htm_brian.experiment.protocol import Table
from htm_brian.experiment.seeds import mean_interval
from htm_brian.experiment.sweep.grid import SEED, Axis, Point

CONFIDENCE = 0.95


def to_dataset(
    axes: Sequence[Axis], points: Sequence[Point], contents: Mapping[str, Mapping[str, Any]]
) -> xr.Dataset:
    """Return every check and every numeric metric over the axes; NaN where a point is not there.

    Parameters
    ----------
    axes : sequence of Axis
        Of the sweep.
    points : sequence of Point
        Of one protocol, in the order in which the axes are combined, the last fastest.
    contents : mapping of str to dict
        What is told of the points that are there, by their address.

    Returns
    -------
    xarray.Dataset
        A variable for each check, with its unit, band and source, one for each metric, and
        `passed`; its dimensions are the parameters.
    """
    told = [contents.get(point.address) for point in points]
    shape = tuple(len(axis.texts) for axis in axes)
    first = next((content for content in told if content is not None), None)
    if first is None:
        raise InputError("no point of the sweep is there yet")
    dims = [axis.name for axis in axes]
    variables: dict[str, Any] = {}
    for name, attributes in _checks(told).items():
        values = [_check_value(content, name) for content in told]
        variables[_key(name, variables)] = (dims, _shaped(values, shape), attributes)
    for name in _metrics(told):
        values = [_metric_value(content, name) for content in told]
        attributes = {"long_name": name, "kind": "metric"}
        variables[_key(name, variables)] = (dims, _shaped(values, shape), attributes)
    passed = [math.nan if content is None else float(content["passed"]) for content in told]
    variables["passed"] = (dims, _shaped(passed, shape), {"long_name": "every check holds"})
    coords = {axis.name: _coordinate(axis, points, contents) for axis in axes}
    return xr.Dataset(variables, coords=coords, attrs={"protocol": first["protocol"]})


def interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean over seeds, and the ends of its confidence interval by Student's t.

    NaN does not count; with fewer than two values there is no interval.

    Examples
    --------
    >>> [round(x, 3) for x in interval(np.array([1.0, 2.0, 3.0]))]
    [2.0, -0.484, 4.484]
    """
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return math.nan, math.nan, math.nan
    return float(known.mean()), *mean_interval(known, level=CONFIDENCE)


def over_seeds(dataset: xr.Dataset, name: str) -> xr.Dataset:
    """Return mean and ends of the interval of a variable, over its seeds if there are several."""
    variable = dataset[name]
    if SEED not in variable.dims:
        return xr.Dataset(
            {"mean": variable, "low": variable * math.nan, "high": variable * math.nan}
        )
    found = np.apply_along_axis(
        lambda values: np.array(interval(values)), variable.get_axis_num(SEED), variable.values
    )
    dims = [dim for dim in variable.dims if dim != SEED]
    moved = np.moveaxis(found, variable.get_axis_num(SEED), 0)
    coords = {dim: dataset[dim] for dim in dims}
    ends = zip(("mean", "low", "high"), moved, strict=True)
    return xr.Dataset({key: (dims, values) for key, values in ends}, coords=coords)


def checks_of(dataset: xr.Dataset) -> list[str]:
    """Return the names of the variables that are checks."""
    return [str(name) for name in dataset.data_vars if dataset[name].attrs.get("kind") == "check"]


def summary_table(dataset: xr.Dataset) -> Table:
    """Return a row for each check and combination of parameters: mean, interval, how many hold."""
    dims = [str(dim) for dim in dataset.dims if dim != SEED]
    rows = []
    for name in checks_of(dataset):
        found, attributes = over_seeds(dataset, name), dataset[name].attrs
        for place in np.ndindex(*(dataset.sizes[dim] for dim in dims)):
            at = dict(zip(dims, place, strict=True))
            mean, low, high = (float(found[key].isel(at)) for key in ("mean", "low", "high"))
            unit = attributes["units"]
            between = "" if math.isnan(low) else f"{format_number(low)} to {format_number(high)}"
            rows.append(
                [
                    attributes["long_name"],
                    *(_shown(dataset[dim].values[index]) for dim, index in at.items()),
                    with_unit(format_number(mean), unit),
                    between,
                    attributes["target"],
                    _held(dataset[name].isel(at), attributes),
                ]
            )
    columns = ["check", *dims, "mean", "95 % interval", "target", "holds in"]
    return Table(columns, rows, f"{dataset.attrs['protocol']}: over seeds, by Student's t")


def _held(values: xr.DataArray, attributes: Mapping[str, Any]) -> str:
    known = values.values[np.isfinite(values.values)]
    low, high = attributes.get("low", -math.inf), attributes.get("high", math.inf)
    return f"{int(np.sum((known >= low) & (known <= high)))} of {known.size}"


def _checks(told: Sequence[Mapping[str, Any] | None]) -> dict[str, dict[str, Any]]:
    """Return the attributes of every check that any point has."""
    from htm_brian.experiment.checks import Check

    found: dict[str, dict[str, Any]] = {}
    for content in told:
        for check in () if content is None else content["checks"]:
            if check["name"] not in found:
                ends = {end: check[end] for end in ("low", "high") if check[end] is not None}
                kept = {key: check[key] for key in ("name", "unit", "low", "high", "source")}
                target = Check(**kept, value=math.nan).target if ends else ""
                found[check["name"]] = {
                    "long_name": check["name"],
                    "units": check["unit"],
                    "source": check["source"],
                    "target": target,
                    "kind": "check",
                    **ends,
                }
    return found


def _metrics(told: Sequence[Mapping[str, Any] | None]) -> list[str]:
    names: dict[str, None] = {}
    for content in told:
        for name, value in {} if content is None else content["metrics"].items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                names[name] = None
    return list(names)


def _check_value(content: Mapping[str, Any] | None, name: str) -> float:
    for check in () if content is None else content["checks"]:
        if check["name"] == name and check["value"] is not None:
            return float(check["value"])
    return math.nan


def _metric_value(content: Mapping[str, Any] | None, name: str) -> float:
    value = None if content is None else content["metrics"].get(name)
    return float(value) if isinstance(value, int | float) else math.nan


def _shaped(values: Sequence[float], shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64).reshape(shape)


def _key(name: str, taken: Mapping[str, Any]) -> str:
    """Return a name for a variable, which NetCDF takes and Python can write after a dot."""
    word = re.sub(r"\W+", "_", name).strip("_").lower() or "value"
    if word[0].isdigit():
        word = f"_{word}"
    key, n = word, 2
    while key in taken:
        key, n = f"{word}_{n}", n + 1
    return key


def _coordinate(
    axis: Axis, points: Sequence[Point], contents: Mapping[str, Mapping[str, Any]]
) -> Any:
    """Return the values of a parameter, with their unit, or as text where they are no numbers."""
    found: dict[str, dict[str, Any]] = {}
    for point in points:
        content = contents.get(point.address)
        if content is not None:
            found.setdefault(dict(point.settings)[axis.name], content["parameters"][axis.name])
    values = []
    units = {entry["unit"] for entry in found.values()}
    for text in axis.texts:
        value = found[text]["value"] if text in found else None
        if isinstance(value, bool) or not isinstance(value, int | float) or len(units) != 1:
            return (axis.name, list(axis.texts))
        values.append(value)
    return (axis.name, values, {"units": units.pop()})


def _shown(value: Any) -> str:
    return format_number(float(value)) if isinstance(value, int | float | np.number) else str(value)

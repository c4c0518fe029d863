"""What ``htm-brian sweep`` does: set up, run or go on, write one dataset and its figure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import xarray as xr
from rich.console import Console
from rich.text import Text

from htm_brian.errors import ExitStatus, InputError
from htm_brian.experiment.finding import find_protocol
from htm_brian.experiment.packages import require_packages
from htm_brian.experiment.processes import deferred_interrupt
from htm_brian.experiment.progress import progress_on
from htm_brian.experiment.results import replace_file
from htm_brian.experiment.runner import rich_table
from htm_brian.experiment.sweep import plot
from htm_brian.experiment.sweep.dataset import summary_table, to_dataset
from htm_brian.experiment.sweep.engine import Ending, cluster, run_points
from htm_brian.experiment.sweep.grid import Axis, Point, axes_of, points_of
from htm_brian.experiment.sweep.store import PointStore

NEEDED = ("dask", "distributed", "zarr")
SUMMARY = "sweep.json"
KINDS = ("png", "svg", "pdf")
MOST_ROWS = 60


def sweep(
    protocols: Sequence[str],
    over: Sequence[str],
    folder: Path,
    out: Console,
    messages: Console,
    *,
    seeds: int | None = None,
    settings: Sequence[str] = (),
    quick: bool = False,
    workers: int | None = None,
    scheduler: str | None = None,
) -> ExitStatus:
    """Run a sweep, or what of it is not stored yet, and write its datasets and figures.

    Parameters
    ----------
    protocols : sequence of str
        Names, paths or modules.
    over : sequence of str
        As `htm_brian.experiment.sweep.grid.parse_axis` reads them.
    folder : Path
        Of the store, the datasets and the figures.
    out, messages : Console
        For the table, and for progress.
    seeds : int, optional
        How many, from the protocol's own on.
    settings : sequence of str
        ``name=value`` for all points.
    quick : bool
        Whether the rest is that of the quick forms.
    workers : int, optional
        Processes on this machine.
    scheduler : str, optional
        Address of a Dask scheduler instead.

    Returns
    -------
    ExitStatus
        ``PASSED`` if every point is there, whatever its checks say: a sweep asks how they change.

    Raises
    ------
    InputError
        If a parameter or value is none, a package is missing, or the folder cannot be written to.
    """
    if workers is not None and workers < 1:
        raise InputError(f"workers must be at least 1, got {workers}")
    axes = axes_of(over, protocols, seeds)
    if not axes:
        raise InputError("a sweep needs --over name=start:stop:step, or --seeds, or both")
    by_name = {
        find_protocol(given).name: points_of(given, axes, settings, quick) for given in protocols
    }
    points = [point for own in by_name.values() for point in own]
    require_packages("htm-brian sweep", NEEDED)
    with PointStore(folder).opened() as store:
        with deferred_interrupt() as pressed, progress_on(messages, pressed) as progress:
            if {point.address for point in points} <= store.addresses():
                ending = Ending(found=len({point.address for point in points}))
            else:
                with cluster(workers, scheduler) as client:
                    ending = run_points(points, store, client, progress)
        datasets = _write(folder, store, axes, by_name)
    for name, dataset in datasets.items():
        table = summary_table(dataset)
        if len(table.rows) <= MOST_ROWS:
            out.print(rich_table(table))
        else:
            out.print(Text(f"{len(table.rows)} rows; read {folder / name}.nc"), soft_wrap=True)
    out.print(Text(_told(ending, len(points), folder)), soft_wrap=True)
    for failure in ending.failed.values():
        messages.print(Text(f"failed: {failure}"), soft_wrap=True)
    if ending.interrupted:
        return ExitStatus.INTERRUPTED
    return ExitStatus.FAILED if ending.failed else ExitStatus.PASSED


def replot(folder: Path) -> list[Path]:
    """Draw the figures of a sweep from its stored datasets; return the files.

    Raises
    ------
    InputError
        If the folder holds no sweep.
    """
    path = folder / SUMMARY
    try:
        names = json.loads(path.read_text(encoding="utf-8"))["protocols"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{folder} holds no sweep: {error}; give the folder of one") from None
    written = []
    for name in names:
        with xr.open_dataset(folder / f"{name}.nc", engine="h5netcdf") as dataset:
            written += _draw(folder, name, dataset.load())
    return written


def _write(
    folder: Path, store: PointStore, axes: Sequence[Axis], by_name: dict[str, list[Point]]
) -> dict[str, xr.Dataset]:
    """Write one dataset and one figure for each protocol that has a point."""
    there = store.addresses()
    datasets = {}
    for name, points in by_name.items():
        contents = {p.address: store.content(p.address) for p in points if p.address in there}
        if contents:
            datasets[name] = to_dataset(axes, points, contents)
            content = datasets[name].to_netcdf(engine="h5netcdf")
            replace_file(folder / f"{name}.nc", partial(_save_bytes, bytes(content)))
            _draw(folder, name, datasets[name])
    summary = {
        "protocols": list(datasets),
        "axes": {axis.name: list(axis.texts) for axis in axes},
        "points": {
            name: [{"address": point.address, **dict(point.settings)} for point in points]
            for name, points in by_name.items()
        },
    }
    text = json.dumps(summary, indent=1) + "\n"
    replace_file(folder / SUMMARY, partial(_save_bytes, text.encode()))
    return datasets


def _draw(folder: Path, name: str, dataset: xr.Dataset) -> list[Path]:
    figure = plot.draw(dataset)
    paths = [folder / f"{name}.{kind}" for kind in KINDS]
    for path in paths:
        replace_file(path, partial(figure.savefig, format=path.suffix[1:], dpi=150))
    return paths


def _save_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _told(ending: Ending, n_points: int, folder: Path) -> str:
    said = f"{ending.computed} points computed, {ending.found} found, of {n_points}"
    if ending.failed:
        said += f"; {len(ending.failed)} failed"
    if ending.interrupted:
        said += "; stopped before the end: the same command goes on"
    return f"{said}: {folder}"

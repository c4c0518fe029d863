"""What ``htm-brian export`` does: a stored run in a form that another tool reads."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import xarray as xr

from htm_brian.errors import InputError, did_you_mean
from htm_brian.experiment.export.recording import read_run
from htm_brian.experiment.finding import figure_module, find_protocol
from htm_brian.experiment.packages import require_packages
from htm_brian.experiment.results import SUMMARY, prepare_folder, replace_file

FIGURES = ("png", "svg", "pdf")
NEEDED = {"nwb": ("pynwb",), "neo": ("neo", "nixio"), "zarr": ("zarr",)}
ENDING = {"nwb": ".nwb", "neo": ".nix", "zarr": ".zarr", "csv": "_csv"}
FORMS = (*ENDING, *FIGURES)


def export(run: Path, form: str, output: Path | None = None) -> list[Path]:
    """Write a stored run in another form; nothing is run again.

    Parameters
    ----------
    run : Path
        Folder of the results of a run.
    form : str
        One of `FORMS`.
    output : Path, optional
        File, or folder for CSV, Zarr and figures; beside the results of the run if left out.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError
        If the folder holds no run, the run has nothing of the kind, a package is missing, or the
        place cannot be written to.
    """
    if form not in FORMS:
        raise InputError(
            f"--to must be one of {', '.join(FORMS)}, got {form!r}{did_you_mean(form, FORMS)}"
        )
    require_packages(f"htm-brian export --to {form}", NEEDED.get(form, ()))
    dataset = read_run(run)
    if form in FIGURES:
        return _draw(run, dataset, form, output or run / "figures")
    name = str(dataset.attrs.get("protocol", run.name))
    place = output or run / f"{name}{ENDING[form]}"
    if form in ("nwb", "neo"):
        if place.suffix != ENDING[form]:
            raise InputError(f"--output of {form} must end in {ENDING[form]}, got {place}")
        prepare_folder(place.parent)
    return _writer(form)(dataset, place)


def _writer(form: str) -> Callable[[xr.Dataset, Path], list[Path]]:
    """Return what writes a form; its module needs packages that others do not."""
    module = {"nwb": "nwb_file", "neo": "neo_block"}.get(form, "tables")
    found: Callable[[xr.Dataset, Path], list[Path]] = getattr(
        importlib.import_module(f"htm_brian.experiment.export.{module}"), f"write_{form}"
    )
    return found


def _draw(run: Path, dataset: xr.Dataset, form: str, folder: Path) -> list[Path]:
    try:
        protocol = json.loads((run / SUMMARY).read_text(encoding="utf-8"))["protocol"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"cannot read {run / SUMMARY}: {error}") from None
    module = figure_module(find_protocol(protocol))
    figures = {} if module is None else importlib.import_module(module).draw(dataset)
    if not figures:
        raise InputError(f"{protocol} draws no figure of this run")
    prepare_folder(folder)
    written = []
    for name, figure in figures.items():
        path = folder / f"{name}.{form}"
        save = partial(figure.savefig, format=form, dpi=150, bbox_inches="tight")
        replace_file(path, save)
        written.append(path)
    return written

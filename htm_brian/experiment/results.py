"""The folder of results of a run: what stands in it, and how it gets there whole.

``summary.json``, ``result.nc``, ``report.html`` and ``figures/*.png, *.svg``. Every file is
written under a temporary name and then put in its place; ``summary.json`` is taken away first and
comes last, so a summary that is there belongs to the files beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from brian2.units.fundamentalunits import Quantity
from matplotlib.figure import Figure

from htm_brian.errors import InputError
from htm_brian.experiment.checks import finite_or_none
from htm_brian.experiment.finding import source_hash
from htm_brian.experiment.protocol import Outcome, Protocol

SUMMARY = "summary.json"
DATASET = "result.nc"
REPORT = "report.html"
FIGURES = "figures"
FIGURE_KINDS = ("png", "svg")
OTHER_FOLDER = "choose a folder with --output"
PACKAGES = ("htm-brian", "brian2", "numpy", "scipy", "numba", "cython", "xarray", "matplotlib")


def prepare_folder(folder: Path) -> None:
    """Create the folder and try to write to it, before a long run counts on it."""
    if folder.is_file():
        raise InputError(f"cannot write results to {folder}: it is a file; {OTHER_FOLDER}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:  # ValueError: a name with a null in it
        raise InputError(
            f"cannot write results to {folder}: {_reason(error)}; {OTHER_FOLDER}"
        ) from None


def provenance(
    protocol: Protocol, command: str, started: datetime, inputs: Mapping[str, str]
) -> dict[str, Any]:
    """Return all that is needed to know where a result came from, and to make it again.

    Parameters
    ----------
    protocol : Protocol
    command : str
        How to run the same again.
    started : datetime
    inputs : mapping of str to str
        As `input_hashes` returned it before the run.
    """
    return {
        "parameters": describe_parameters(protocol.parameters),
        "inputs_sha256": dict(inputs),
        "source_sha256": source_hash(type(protocol)),
        "seed": getattr(protocol.parameters, "seed", None),
        "command": command,
        "started": started.isoformat(timespec="seconds"),
        "duration_seconds": round((datetime.now(UTC) - started).total_seconds(), 3),
        "git_revision": git_revision(),
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "figures": [],
    }


def input_hashes(parameters: Any) -> dict[str, str]:
    """Return the SHA-256 of each file that a parameter names, by the name of the parameter.

    Of a folder it is that of all its files, each with its name.
    """
    found = {}
    for field in fields(parameters):
        value = getattr(parameters, field.name)
        named = isinstance(value, str) and Path(value).is_file()  # else the name of a model
        if named or (isinstance(value, Path) and value.exists()):
            found[field.name] = _hash(Path(value))
    return found


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    for each in files:
        if each != path:
            digest.update(each.relative_to(path).as_posix().encode() + b"\0")
        with each.open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
    return digest.hexdigest()


def describe_parameters(parameters: Any) -> dict[str, dict[str, Any]]:
    """Return ``{name: {"value": ..., "unit": ...}}`` for the fields of a dataclass.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from brian2 import ms
    >>> from htm_brian.experiment.protocol import quantity
    >>> @dataclass(frozen=True)
    ... class Parameters:
    ...     period: Quantity = quantity(50 * ms)
    ...     seed: int = 42
    >>> describe_parameters(Parameters())
    {'period': {'value': 50.0, 'unit': 'ms'}, 'seed': {'value': 42, 'unit': '1'}}
    """
    described = {}
    for field in fields(parameters):
        value = getattr(parameters, field.name)
        if isinstance(value, Quantity) and not value.is_dimensionless:
            unit = value.get_best_unit()
            # Scaling by 1e3 may leave 50.00000000000001: twelve digits are what was meant.
            plain = jsonable(np.asarray(value / unit))
            described[field.name] = {"value": _rounded(plain), "unit": str(unit)}
        else:
            plain = jsonable(value)
            first = plain[0] if isinstance(plain, list) and plain else plain
            is_number = isinstance(first, int | float | list) and not isinstance(first, bool)
            unit = field.metadata.get("unit", "1" if is_number else "")
            described[field.name] = {"value": plain, "unit": unit}
    return described


def summary(protocol: Protocol, outcome: Outcome, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contents of ``summary.json``."""
    return {
        "protocol": protocol.name,
        "passed": outcome.passed,
        "partial": outcome.partial,
        "checks": [check.as_dict() for check in outcome.checks],
        "undecided": dict(outcome.undecided),
        "table": jsonable(outcome.table),
        "metrics": jsonable(outcome.metrics),
        "provenance": dict(provenance),
    }


def write_dataset(folder: Path, dataset: xr.Dataset, contents: Mapping[str, Any]) -> None:
    """Write ``result.nc``: the dataset, compressed, with the summary in its attributes.

    What an earlier run left goes when the new file is whole, not before. The file is made in
    memory: on a full disk HDF5 does not fail, it crashes.
    """
    attributes = {
        "protocol": contents["protocol"],
        "passed": int(contents["passed"]),
        "partial": int(contents["partial"]),
        "checks": json.dumps(contents["checks"]),
        "metrics": json.dumps(contents["metrics"]),
        "provenance": json.dumps(contents["provenance"]),
    }
    full = dataset.assign_attrs({**dataset.attrs, **attributes})
    encoding = {
        name: {"zlib": True, "complevel": 4}
        for name, variable in full.variables.items()
        if variable.dtype.kind in "iufb" and variable.ndim > 0
    }
    content = full.to_netcdf(engine="h5netcdf", encoding=encoding)

    def write(path: Path) -> None:
        path.write_bytes(content)
        clear(folder)

    replace_file(folder / DATASET, write)


def clear(folder: Path) -> None:
    """Take away the summary of an earlier run and the figures that it lists."""
    path = folder / SUMMARY
    try:
        names = json.loads(path.read_text(encoding="utf-8"))["provenance"]["figures"]
    except (OSError, ValueError, KeyError, TypeError):
        names = []
    path.unlink(missing_ok=True)
    for name in names:
        for kind in FIGURE_KINDS:
            (folder / FIGURES / f"{Path(name).name}.{kind}").unlink(missing_ok=True)


def write_figures(folder: Path, figures: Mapping[str, Figure]) -> None:
    """Write each figure as PNG and SVG."""
    if figures:
        (folder / FIGURES).mkdir(exist_ok=True)
    for name, figure in figures.items():
        for kind in FIGURE_KINDS:
            path = folder / FIGURES / f"{name}.{kind}"
            replace_file(path, partial(_save, figure, kind))


def write_summary(folder: Path, contents: Mapping[str, Any]) -> None:
    """Write ``summary.json``."""
    text = json.dumps(contents, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    replace_file(folder / SUMMARY, lambda path: path.write_text(text, encoding="utf-8"))


def write_report(folder: Path, html: str) -> None:
    """Write ``report.html``."""
    replace_file(folder / REPORT, lambda path: path.write_text(html, encoding="utf-8"))


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a temporary file beside `path`, then put it in the place of `path`."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {_reason(error)}; "
            "make room, or choose another folder with --output"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def git_revision() -> str | None:
    """Return the revision of this package's own checkout, with "+" if it was changed since.

    None where the package does not lie in its own git checkout, as after an install from a wheel.
    """
    root = Path(__file__).resolve().parents[2]
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root:
        return None
    revision = _git(root, "rev-parse", "HEAD")
    if revision is None:
        return None
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return revision + ("+" if changed else "")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def version(package: str) -> str | None:
    """Return the version of an installed package, None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _save(figure: Figure, kind: str, path: Path) -> None:
    stamp = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    # A fixed salt gives the same SVG for the same figure.
    with mpl.rc_context({"svg.hashsalt": "htm_brian"}):
        figure.savefig(path, format=kind, dpi=150, bbox_inches="tight", metadata=stamp)


def jsonable(value: Any) -> Any:
    """Return the nearest thing that JSON can say; NaN becomes None."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    if isinstance(value, Quantity) and not value.is_dimensionless:
        return str(value)
    if isinstance(value, float | np.floating):
        return finite_or_none(float(value))
    if isinstance(value, np.ndarray):
        return jsonable(np.asarray(value).tolist())
    if isinstance(value, Mapping):
        return {str(key): jsonable(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(entry) for entry in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in fields(value)}
    return str(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value

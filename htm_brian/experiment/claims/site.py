"""The site: pages of claims, of the ladder, of each protocol, of all parameters with their sources.

Files only, nothing loaded from elsewhere; light or dark as the reader's system is; readable on a
telephone: tables scroll, and a figure opens by itself. Where Plotly is installed, the spikes of a
run are a raster that zooms.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from htm_brian.experiment.checks import format_number
from htm_brian.experiment.claims.ladder import load_ladder, steps_of
from htm_brian.experiment.claims.raster import SCRIPT, raster_of, write_script
from htm_brian.experiment.claims.settling import Claim, Result, Settled, count, settle
from htm_brian.experiment.claims.sources import kind_of_source, shares
from htm_brian.experiment.parameter_help import meanings
from htm_brian.experiment.protocol import Protocol, list_protocols, load_protocol
from htm_brian.experiment.results import REPORT, prepare_folder, replace_file
from htm_brian.parameters import list_models, load_model

INDEX, LADDER, PARAMETERS = "index.html", "ladder.html", "parameters.html"
PICTURES = "figures"


def write_site(
    claims: Sequence[Claim], results: Mapping[str, Result], folder: Path
) -> list[Settled]:
    """Write all pages, and return the claims with their verdicts.

    Parameters
    ----------
    claims : sequence of Claim
    results : mapping of str to Result
        By protocol.
    folder : Path
        Where the pages go; pages of an earlier site are written over.

    Raises
    ------
    InputError
        If a claim names a check that its result has not, or the folder cannot be written to.
    """
    settled = [settle(claim, results) for claim in claims]
    prepare_folder(folder)
    (folder / PICTURES).mkdir(exist_ok=True)
    environment = Environment(
        loader=PackageLoader("htm_brian.experiment.claims", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"number": format_number, "page_of": page_of}
    pictures = {name: _copy_pictures(result, folder) for name, result in results.items()}
    rasters = {name: raster_of(result.folder) for name, result in results.items()}
    drawn = any(rasters.values()) and write_script(folder)

    def write(page: str, template: str, **content: Any) -> None:
        html = environment.get_template(template).render(**content)
        replace_file(folder / page, partial(_save, html))

    write(
        INDEX,
        "index.html.jinja",
        threads=_by_thread(settled),
        counts=count(settled),
        pictures=pictures,
    )
    rungs = [(rung, steps_of(rung, results)) for rung in load_ladder()]
    write(LADDER, "ladder.html.jinja", rungs=rungs)
    for name in list_protocols():
        kind, result = load_protocol(name), results.get(name)
        write(
            page_of(name),
            "protocol.html.jinja",
            protocol=kind,
            result=result,
            claims=[each for each in settled if each.claim.protocol == name],
            pictures=pictures.get(name, []),
            raster=rasters.get(name) if drawn else None,
            script=SCRIPT,
            parameters=[] if result is None else _parameters(kind, result),
            report="" if result is None else _copy_report(result, folder),
        )
    models = _models()
    every = shares(kind for model in models for _, kind in model["rows"])
    write(PARAMETERS, "parameters.html.jinja", models=models, every=every)
    return settled


def page_of(protocol: str) -> str:
    """Return the file of a protocol's page."""
    return f"{protocol}.html"


def _by_thread(settled: Sequence[Settled]) -> dict[str, list[Settled]]:
    """Return the claims by their thread, in the order of their numbers."""
    found: dict[str, list[Settled]] = {}
    for each in settled:
        found.setdefault(each.claim.thread, []).append(each)
    return found


def _models() -> list[dict[str, Any]]:
    """Return every model with its parameters, and how many are of each kind."""
    found = []
    for name in list_models():
        model = load_model(name)
        rows = [(row, kind_of_source(row.source)) for row in model.rows()]
        found.append({"model": model, "rows": rows, "shares": shares(kind for _, kind in rows)})
    return found


def _parameters(kind: type[Protocol], result: Result) -> list[tuple[str, str, str, str]]:
    """Return name, value, unit and meaning of every parameter of a run."""
    told = meanings(type(kind.parameters))
    return [
        (name, _shown(entry["value"]), entry["unit"], told.get(name, ""))
        for name, entry in result.parameters.items()
    ]


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, list):
        return ", ".join(_shown(each) for each in value)
    if isinstance(value, dict):
        return str(value.get("name", value))
    if isinstance(value, float):
        return format_number(value)
    return str(value)


def _copy_pictures(result: Result, folder: Path) -> list[tuple[str, str, str]]:
    """Copy a run's drawings; return title, file to show and file to open of each."""
    found = []
    for png in result.figures:
        shown = f"{PICTURES}/{result.protocol}-{png.name}"
        shutil.copyfile(png, folder / shown)
        opened, svg = shown, png.with_suffix(".svg")
        if svg.exists():
            opened = f"{PICTURES}/{result.protocol}-{svg.name}"
            shutil.copyfile(svg, folder / opened)
        found.append((png.stem.replace("_", " "), shown, opened))
    return found


def _copy_report(result: Result, folder: Path) -> str:
    """Copy the report of a run; return its file, empty where there is none."""
    if result.folder is None or not (result.folder / REPORT).exists():
        return ""
    name = f"{result.protocol}-{REPORT}"
    shutil.copyfile(result.folder / REPORT, folder / name)
    return name


def _save(html: str, path: Path) -> None:
    path.write_text(html, encoding="utf-8")

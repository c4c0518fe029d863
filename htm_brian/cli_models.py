"""Commands for model files: ``htm-brian models`` and ``check``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from htm_brian.cli_output import Json, complete_model, print_json, print_table, say
from htm_brian.errors import ExitStatus, InputError


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("models")(models)
    app.command("check")(check)


def models(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Show the parameters of this model, or .toml file.", autocompletion=complete_model
        ),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option(help="Write the model to this .toml file, under the name of that file."),
    ] = None,
    as_json: Json = False,
) -> int:
    """List the models, or the parameters of one with unit, range and source."""
    from htm_brian.experiment.model_kinds import check_file
    from htm_brian.experiment.protocol import Table
    from htm_brian.parameters import list_models, load_model

    if export is not None:
        return _export(name, export)
    if name is None:
        known = [load_model(model) for model in list_models()]
        columns = ["model", "level", "kind", "description"]
        rows = [[m.name, str(m.level), m.kind, m.description] for m in known]
        title = ""
    else:
        reading = check_file(name)
        if reading.faults:
            return say(*reading.faults)
        model = reading.model
        assert model is not None
        if as_json:
            keys = ("path", "value", "unit", "low", "high", "source", "note")
            print_json([{key: getattr(row, key) for key in keys} for row in model.rows()])
            return 0
        columns = ["parameter", "value", "unit", "range", "source"]
        rows = [
            [row.path, f"{row.value:g}", row.unit, f"{row.low:g} to {row.high:g}", _source(row)]
            for row in model.rows()
        ]
        title = f"{model.name} (level {model.level}, {model.kind}): {model.description}"
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(Table(columns, rows, title))
    return 0


def _export(name: str | None, file: str) -> int:
    from htm_brian.experiment.starting import export_model

    if name is None:
        raise InputError("--export needs a model: htm-brian models l5_reduced --export mine.toml")
    path = export_model(name, file)
    print(f"written: {path}; htm-brian check {path} tells every fault")
    return 0


def check(
    file: Annotated[
        str,
        typer.Argument(
            help="A model file (.toml), or the name of a model.", autocompletion=complete_model
        ),
    ],
    as_json: Json = False,
) -> int:
    """Check a model file by the schema of its kind: say that it is right, or every fault."""
    from htm_brian.experiment.model_kinds import check_file, describe

    reading = check_file(file)
    if as_json:
        print_json({"file": file, "faults": reading.faults})
        return ExitStatus.BAD_INPUT if reading.faults else ExitStatus.PASSED
    if reading.faults:
        return say(*reading.faults)
    assert reading.model is not None
    print(describe(reading.model))
    return ExitStatus.PASSED


def _source(row: Any) -> str:
    return f"{row.source} ({row.note})" if row.note else str(row.source)

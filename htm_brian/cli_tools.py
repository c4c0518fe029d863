"""Commands around a run: ``htm-brian new`` and ``htm-brian doctor``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from htm_brian.cli_output import complete_model, print_json, print_table
from htm_brian.errors import ExitStatus, InputError, did_you_mean

KINDS = ("protocol", "model")
"""What `new` writes."""


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("new")(new)
    app.command("doctor")(doctor)


def new(
    kind: Annotated[str, typer.Argument(help="protocol, or model.", metavar="KIND")],
    name: Annotated[str, typer.Argument(help="What it is called, and its file.")],
    like: Annotated[
        str | None,
        typer.Option(
            help="The model that is copied.  [default: l5_reduced]", autocompletion=complete_model
        ),
    ] = None,
) -> int:
    """Write a working start into the present folder: a protocol with its figure, or a model."""
    from htm_brian.experiment import starting

    if kind not in KINDS:
        raise InputError(f"KIND must be protocol or model, got {kind!r}{did_you_mean(kind, KINDS)}")
    if kind == "model":
        path = starting.new_model(name, like=like or "l5_reduced")
        print(f"written: {path}")
        print(f"check it with: htm-brian check {path}")
        return 0
    if like is not None:
        raise InputError("--like goes with a model; a protocol starts from the one there is")
    for path in starting.new_protocol(name):
        print(f"written: {path}")
    print(f"run it with: htm-brian run ./{name}.py")
    return 0


def doctor(
    no_compile: Annotated[
        bool,
        typer.Option("--no-compile", help="Leave out the code paths that compile (some 20 s)."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> int:
    """Examine the installation: versions, compiler, code paths, cache; say what mends it."""
    from dataclasses import asdict

    from htm_brian.experiment import doctor as examination

    findings = []
    with Console(stderr=True).status("examining") as status:
        for finding in examination.examine(compiling=not no_compile):
            findings.append(finding)
            status.update(f"examined: {finding.part}")
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(examination.table(findings))
    failed = any(finding.state == examination.FAIL for finding in findings)
    return ExitStatus.FAILED if failed else ExitStatus.PASSED

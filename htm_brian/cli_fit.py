"""The command that fits a cell of level 2 to a detailed one: ``htm-brian fit``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from htm_brian.cli_output import Json, complete_model, console, print_json
from htm_brian.errors import ExitStatus, InputError

FITS = Path("results") / "fits"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("fit")(fit)


def fit(
    model: Annotated[
        str,
        typer.Argument(
            help="A cell of level 2: a name or a .toml file.", autocompletion=complete_model
        ),
    ],
    score: Annotated[
        bool, typer.Option("--score", help="Do not fit: score the model as it stands.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of all that is left to chance.")] = 1,
    generations: Annotated[int, typer.Option(help="Of the search.")] = 150,
    last_generations: Annotated[
        int, typer.Option(help="Of the last stage, which makes the best candidates robust.")
    ] = 10,
    population: Annotated[int, typer.Option(help="Candidates of a generation.")] = 96,
    codegen: Annotated[str, typer.Option(help="Brian2's code: auto, cython or numpy.")] = "auto",
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Folder.  [default: results/fits/MODEL]")
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Print nothing; the exit status tells."),
    ] = False,
    as_json: Json = False,
) -> int:
    """Fit a cell to Hay's detailed one; the same command goes on after a stop."""
    from htm_brian.engine.compile_notice import announced
    from htm_brian.experiment import results
    from htm_brian.experiment.folder_lock import locked
    from htm_brian.experiment.processes import deferred_interrupt
    from htm_brian.experiment.progress import progress_on
    from htm_brian.fitting import calibration
    from htm_brian.fitting.search import Stopped
    from htm_brian.parameters import load_model

    if output is not None and not output.strip():
        raise InputError("--output must name a folder, got ''; write -o . for the present one")
    read = load_model(model)
    settings = calibration.Settings(
        seed, generations, last_generations, population, codegen=codegen
    )
    calibration.check(read)
    folder = FITS / read.name if output is None else Path(output)
    results.prepare_folder(folder)
    messages = Console(stderr=True, quiet=quiet)
    command = shlex.join(["htm-brian", *sys.argv[1:]])
    try:
        with (
            locked(folder),
            deferred_interrupt() as pressed,
            progress_on(messages, pressed) as progress,
            announced(lambda line: messages.print(line, highlight=False, markup=False)),
        ):
            if score:
                found = calibration.score(read, settings, progress, folder, command=command)
            else:
                found = calibration.fit(read, settings, folder, progress, command=command)
    except Stopped:
        again = "nothing was written" if score else "the same command goes on"
        messages.print(f"the fit of {read.name} was stopped; {again}")
        return ExitStatus.INTERRUPTED
    if as_json:
        print_json(found)
    else:
        _show(found, folder, console(quiet))
    return ExitStatus.FAILED if found.get("at_bounds") else ExitStatus.PASSED


def _show(found: dict[str, Any], folder: Path, out: Console) -> None:
    """Print the scores by family, and what is at a bound."""
    from htm_brian.experiment.protocol import Table
    from htm_brian.experiment.runner import rich_table
    from htm_brian.fitting.score import rows_of

    columns, *rows = rows_of(found["score"]["by_role"])
    out.print(rich_table(Table(columns, rows, f"{found['model']} beside Hay's cell")))
    for role, its in found["score"]["fragility"].items():
        text = f"{its['robust']} of {its['hold']} that hold do so in 90 % of the changes by 10 %"
        out.print(Text(f"{role}: {text}"))
    for path in found.get("at_bounds", []):
        its = found["values"][path]
        text = (
            f"at a bound: {path} = {its['value']:g} {its['unit']}, "
            f"range {its['low']:g} to {its['high']:g}"
        )
        out.print(Text(text, style="bold red"))
    outside = found.get("outside_range", [])
    if outside:
        out.print(Text(f"outside the range of the literature: {', '.join(outside)}"))
    out.print(Text(f"written: {folder}"), soft_wrap=True)

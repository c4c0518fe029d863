"""Commands around a run: ``htm-brian new``, ``doctor``, ``sweep``, ``export`` and ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from htm_brian.cli_output import (
    complete_model,
    complete_protocol,
    console,
    print_json,
    print_table,
)
from htm_brian.errors import ExitStatus, InputError, did_you_mean

KINDS = ("protocol", "model")
"""What `new` writes."""

PLOT = "plot"
"""In the place of a protocol: draw a sweep anew."""

SWEEPS = Path("results") / "sweeps"


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("new")(new)
    app.command("doctor")(doctor)
    app.command("sweep")(sweep)
    app.command("export")(export)
    app.command("report")(report)


def new(
    kind: Annotated[str, typer.Argument(help="protocol, or model.", metavar="KIND")],
    name: Annotated[str, typer.Argument(help="What it is called, and its file.")],
    like: Annotated[
        str | None,
        typer.Option(
            help="The model that is copied.  [default: l5_reduced; with --swc l5_thick_tufted]",
            autocompletion=complete_model,
        ),
    ] = None,
    swc: Annotated[
        str | None,
        typer.Option(help="A reconstruction (SWC) that the model's dendrites are reduced from."),
    ] = None,
    branches: Annotated[
        int | None, typer.Option(help="With --swc: most branches of a kind.  [default: 6]")
    ] = None,
) -> int:
    """Write a working start into the present folder: a protocol with its figure, or a model."""
    from htm_brian.experiment import starting

    if kind not in KINDS:
        raise InputError(f"KIND must be protocol or model, got {kind!r}{did_you_mean(kind, KINDS)}")
    if swc is None and branches is not None:
        raise InputError("--branches goes with --swc")
    if kind == "model" and swc is not None:
        path, lost = starting.new_model_from_swc(
            name, swc, like=like or "l5_thick_tufted", branches=branches
        )
        for line in lost:
            print(f"reduced: {line}")
        print(f"written: {path}")
        print(f"check it with: htm-brian check {path}")
        return 0
    if kind == "model":
        path = starting.new_model(name, like=like or "l5_reduced")
        print(f"written: {path}")
        print(f"check it with: htm-brian check {path}")
        return 0
    if like is not None or swc is not None:
        option = "--like" if swc is None else "--swc"
        raise InputError(f"{option} goes with a model; a protocol starts from the one there is")
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


def sweep(
    protocols: Annotated[
        list[str],
        typer.Argument(
            help="Protocols, as htm-brian run takes them; or: plot FOLDER.",
            autocompletion=complete_protocol,
        ),
    ],
    over: Annotated[
        list[str] | None,
        typer.Option(
            help="A parameter and its values: name=start:stop:step, with a unit behind where it "
            "has one, or name=value,value. Repeatable: all are combined."
        ),
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="So many seeds for each combination.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Change a parameter of all points.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="At sizes that take less than a minute.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes on this machine.  [default: its processors]")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler instead: tcp://host:8786.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="Folder.  [default: results/sweeps/PROTOCOL]"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing.")] = False,
) -> int:
    """Run protocols over ranges of parameters and seeds; the same command goes on after a stop."""
    from htm_brian.experiment.sweep import command

    if protocols[0] == PLOT:
        if len(protocols) != 2:
            raise InputError("htm-brian sweep plot needs the one folder of a sweep")
        for path in command.replot(Path(protocols[1])):
            print(f"written: {path}")
        return 0
    names = "+".join(Path(given).stem if given.endswith(".py") else given for given in protocols)
    return command.sweep(
        protocols,
        over or [],
        SWEEPS / names if output is None else Path(output),
        console(quiet),
        Console(stderr=True, quiet=quiet),
        seeds=seeds,
        settings=settings or [],
        quick=quick,
        workers=workers,
        scheduler=scheduler,
    )


def export(
    run: Annotated[str, typer.Argument(help="Folder of a run: results/NAME.")],
    to: Annotated[
        str, typer.Option(help="nwb, neo, zarr or csv; or png, svg or pdf, the figures again.")
    ],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="File or folder.  [default: in the folder of the run]"),
    ] = None,
) -> int:
    """Write a stored run for other tools; nothing is run again."""
    from htm_brian.experiment.export import command

    for path in command.export(Path(run), to, None if output is None else Path(output)):
        print(f"written: {path}")
    return 0


def report(
    sources: Annotated[
        list[str] | None,
        typer.Option("--from", help="Folder with results of runs. Repeatable.  [default: results]"),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", help="Folder for the pages.")
    ] = "results/site",
) -> int:
    """Write the site that says what became of every claim; exit status 1 if one is not settled."""
    from htm_brian.experiment.claims.settling import count, load_claims, load_results, unsettled
    from htm_brian.experiment.claims.site import INDEX, write_site

    results, left_out = load_results(Path(source) for source in sources or ["results"])
    settled = write_site(load_claims(), results, Path(output))
    counts = ", ".join(f"{n} {verdict}" for verdict, n in count(settled).items())
    print(f"{len(settled)} claims: {counts}")
    for run in left_out:
        print(f"left out: {run}")
    for each in unsettled(settled):
        where = f" ({each.claim.protocol})" if each.claim.protocol else ""
        print(f"{each.verdict}: {each.claim.number}. {each.claim.title}{where}")
    print(f"page: {Path(output) / INDEX}")
    return ExitStatus.FAILED if unsettled(settled) else ExitStatus.PASSED

"""The command line: ``htm-brian validate``, ``list``, ``run``, ``models``, ``check``, and the rest.

The commands for model files (``models``, ``check``) are in `htm_brian.cli_models`, that for fits
(``fit``) in `htm_brian.cli_fit`, those around a run (``new``, ``doctor``, ``sweep``, ``export``,
``report``) in `htm_brian.cli_tools`.
What a user can mend is said in one line; a defect of the program shows its traceback. The exit
statuses are those of `htm_brian.errors.ExitStatus`.
"""

from __future__ import annotations

import os
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from typer.main import get_command

import htm_brian
from htm_brian import cli_fit, cli_models, cli_tools
from htm_brian.cli_output import (
    Json,
    complete_protocol,
    console,
    print_json,
    print_table,
    say,
)
from htm_brian.errors import ExitStatus, InputError, mistake_behind

if TYPE_CHECKING:
    from htm_brian.experiment.protocol import Protocol

RESULTS = Path("results")
DEFECT_OF = "defect_of"
"""Attribute of an error that a protocol which is not the package's own raised: its file."""

NO_PARAMETERS = ("output", "settings", "quiet", "as_json")
"""Options of `validate` that are no parameters of the protocol."""

app = typer.Typer(
    help="Hold each level of detail of an HTM against the next, with numbers.",
    rich_markup_mode=None,
    no_args_is_help=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
)

Output = Annotated[
    str | None,
    typer.Option("--output", "-o", help="Folder for the results.  [default: results/NAME]"),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing; the exit status tells the verdict.")
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; a user's mistake is one line on stderr."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = _command()(args=given, prog_name="htm-brian", standalone_mode=False)
    except InputError as error:
        return say(str(error))
    except (KeyboardInterrupt, typer.Abort):
        print("htm-brian: interrupted", file=sys.stderr)
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone: nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.FAILED
    except Exception as error:
        mistake = mistake_behind(error)
        if mistake is not None:
            return say(str(mistake))
        # The usage errors of click and of typer have no common base, but all can say themselves.
        if hasattr(error, "format_message"):
            message = str(error.format_message()).strip().rstrip(".")
            return say(f"{message}; {_advice(message, given)}")
        traceback.print_exc()
        whose = getattr(error, DEFECT_OF, "the program, not of your input")
        print(f"htm-brian: this is a defect of {whose}", file=sys.stderr)
        return ExitStatus.DEFECT
    return status if isinstance(status, int) else 0


@cache
def _command() -> Callable[..., Any]:
    """Return the command line, which takes longer to put together than most calls take."""
    return get_command(app)


@app.callback(invoke_without_command=True)
def _global_options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"htm-brian {htm_brian.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(ExitStatus.BAD_INPUT)


@app.command("validate")
def validate(
    input: Annotated[
        str | None,
        typer.Argument(
            help="Table of numbers (CSV and the like), or text read symbol by symbol; "
            "the bundled electricity demand if left out.",
            show_default=False,
        ),
    ] = None,
    timestamp_column: Annotated[
        str | None, typer.Option(help="Column of times; found by itself if there is only one.")
    ] = None,
    value_column: Annotated[
        str | None, typer.Option(help="Column of numbers; found by itself if there is only one.")
    ] = None,
    date_order: Annotated[
        str | None, typer.Option(help="dmy, mdy or ymd: order in dates like 03/01/2011.")
    ] = None,
    decimal: Annotated[
        str | None, typer.Option(help="point or comma: decimal mark of numbers like 1,234.")
    ] = None,
    read_as: Annotated[
        str | None, typer.Option(help="table or text; found from the file if left out.")
    ] = None,
    level: Annotated[
        int | None,
        typer.Option(help="Of the cells: 1, reduced, or 2, trees of compartments.  [default: 1]"),
    ] = None,
    columns: Annotated[
        int | None, typer.Option(help="Minicolumns of each network.  [default: 512]")
    ] = None,
    cells: Annotated[
        int | None, typer.Option(help="Cells of each minicolumn.  [default: 8]")
    ] = None,
    neurons_per_cell: Annotated[
        int | None, typer.Option(help="Spiking neurons that stand for a cell.  [default: 1]")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Use the first so many values only; all if left out.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of all that is left to chance.  [default: 42]")
    ] = None,
    mode: Annotated[
        str | None, typer.Option(help="transplant, apart, or both.  [default: both]")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Network model: a name or a .toml file.  [default: minicolumns]"),
    ] = None,
    cell_model: Annotated[
        str | None, typer.Option(help="Cell model: a name or a .toml file.  [default: l5_reduced]")
    ] = None,
    pooler: Annotated[
        str | None,
        typer.Option(help="What chooses columns: abstract or spiking.  [default: abstract]"),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Processes to run side by side.  [default: 2]")
    ] = None,
    codegen: Annotated[
        str | None, typer.Option(help="Brian2's code: auto, cython or numpy.  [default: auto]")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change any parameter: --set value_buckets=40. Repeatable."),
    ] = None,
    output: Output = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Compare the spiking temporal memory with the abstract one on a series, step by step."""
    options = {n: value for n, value in locals().items() if n not in NO_PARAMETERS}
    given = {name: value for name, value in options.items() if value is not None}

    def change(parameters: Any) -> Any:
        from htm_brian.experiment.settings import with_settings

        return with_settings(replace(parameters, **given), settings or [])

    return _run("validate", change, output, quiet=quiet, as_json=as_json)


@app.command("list")
def list_(as_json: Json = False) -> int:
    """List the protocols, with the claim that each tests."""
    from htm_brian.experiment.finding import find_protocol, protocol_names
    from htm_brian.experiment.protocol import Table

    rows = []
    for name in protocol_names():
        try:
            protocol = find_protocol(name)
        except InputError as error:
            rows.append([name, f"not available: {error}", ""])
        else:
            rows.append([name, protocol.claim, protocol.source])
    if as_json:
        print_json([dict(zip(("name", "claim", "source"), row, strict=True)) for row in rows])
    else:
        print_table(Table(["protocol", "claim", "source"], rows))
    return 0


@app.command("run", context_settings={"help_option_names": []})
def run(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            help="A protocol, as htm-brian list names it; a file such as ./my_protocol.py; or a "
            "module, package.module.",
            autocompletion=complete_protocol,
            show_default=False,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a parameter: --set 'duration=200 ms'. Repeatable."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="At sizes that take less than a minute.")
    ] = False,
    seeds: Annotated[
        int | None,
        typer.Option(
            help="Run it with so many seeds, and hold the checks against the intervals over them.  "
            "[default: 10 where the outcome is drawn, else 1; 1 with --quick]"
        ),
    ] = None,
    output: Output = None,
    quiet: Quiet = False,
    as_json: Json = False,
    show_help: Annotated[
        bool, typer.Option("--help", "-h", help="Show this; after NAME, its parameters.")
    ] = False,
) -> int:
    """Run a protocol, check its claim, and write its results."""
    from htm_brian.experiment.settings import with_settings

    if show_help and name is None:
        print(context.get_help())
        return 0
    if name is None:
        raise InputError("Missing argument 'name'; see htm-brian run --help")
    if show_help:
        return _describe(name, as_json)
    return _run(
        name,
        lambda parameters: with_settings(parameters, settings or []),
        output,
        quick,
        seeds,
        quiet=quiet,
        as_json=as_json,
    )


def _describe(name: str, as_json: bool) -> int:
    """Print what a protocol claims, and its parameters."""
    from htm_brian.experiment.finding import find_protocol
    from htm_brian.experiment.parameter_help import parameter_list, parameter_table

    protocol = find_protocol(name)
    if as_json:
        print_json(parameter_list(protocol))
        return 0
    print(f"{protocol.name}: {protocol.claim}")
    print(f"source: {protocol.source}")
    print_table(parameter_table(protocol))
    print(f"change one with: htm-brian run {name} --set 'parameter=value unit'")
    if protocol.seeds_by_default > 1:
        print(
            f"its outcome is drawn: it runs with {protocol.seeds_by_default} seeds, and the checks "
            f"stand against the 95 % intervals over them; one run: htm-brian run {name} --seeds 1"
        )
    if protocol.quick is not None:
        print(f"in less than a minute: htm-brian run {name} --quick")
    return 0


cli_fit.register(app)
cli_models.register(app)
cli_tools.register(app)


def _run(
    name: str,
    change: Callable[[Any], Any],
    output: str | None,
    quick: bool = False,
    seeds: int | None = None,
    *,
    quiet: bool = False,
    as_json: bool = False,
) -> int:
    """Set up the protocol, which checks all that the user gave; then run it."""
    from htm_brian.experiment import results
    from htm_brian.experiment.finding import find_protocol, is_own
    from htm_brian.experiment.runner import run_protocol

    if output is not None and not output.strip():
        raise InputError("--output must name a folder, got ''; write -o . for the present one")
    kind = find_protocol(name)

    def set_up() -> Protocol:
        return kind.in_quick_form(change) if quick else kind(change(kind.parameters))

    command = shlex.join(["htm-brian", *sys.argv[1:]])
    folder = RESULTS / kind.name if output is None else Path(output)
    try:
        protocol = _checked(set_up)
        out = console(quiet or as_json)
        messages = Console(stderr=True, quiet=quiet)
        drawn = 1 if quick else kind.seeds_by_default
        status = run_protocol(
            protocol, folder, command, out, messages, drawn if seeds is None else seeds
        )
    except Exception as error:
        if not is_own(kind):
            setattr(error, DEFECT_OF, f"the protocol {name}")
        raise
    if as_json and (folder / results.SUMMARY).exists():
        print((folder / results.SUMMARY).read_text(encoding="utf-8"), end="")
    return status


def _checked(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function that sets up what the user asked for; lack of memory is theirs to mend."""
    try:
        return function(*arguments)
    except MemoryError as error:
        raise InputError(f"not enough memory ({error}); choose smaller sizes") from None


def _advice(message: str, given: Sequence[str]) -> str:
    """Return what helps after a usage error; the name of a protocol alone is a likely one."""
    from htm_brian.experiment.finding import protocol_names

    if message.startswith("No such command") and given[0] in protocol_names():
        return f"it is a protocol: htm-brian run {given[0]}"
    return f"see htm-brian {_command_of(given)}--help"


def _command_of(arguments: Sequence[str]) -> str:
    """Return the subcommand, where there is one, with a space after it."""
    known = [command.name for command in app.registered_commands]
    return next((f"{word} " for word in arguments if word in known), "")


if __name__ == "__main__":
    sys.exit(main())

"""What commands share and print: tables, JSON, a user's mistakes as one line each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from htm_brian.errors import ExitStatus

if TYPE_CHECKING:
    from htm_brian.experiment.protocol import Table

WIDTH_OF_FILES = 120

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def console(quiet: bool = False) -> Console:
    """Return the console for results: as wide as the terminal, or wide enough in a file."""
    if sys.stdout.isatty():
        return Console(quiet=quiet)
    return Console(width=WIDTH_OF_FILES, quiet=quiet)


def print_table(table: Table) -> None:
    """Print a table."""
    from htm_brian.experiment.runner import rich_table

    console().print(rich_table(table))


def print_json(content: Any) -> None:
    """Print what a program reads."""
    print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


def say(*messages: str) -> int:
    """Print each message as one line on stderr."""
    for message in messages:
        print("error:", " ".join(message.split()), file=sys.stderr)
    return ExitStatus.BAD_INPUT


def complete_protocol(incomplete: str) -> Iterable[str]:
    """Return the protocols whose name begins like this, for a shell; nothing heavy is imported."""
    from htm_brian.experiment.finding import protocol_names

    return [name for name in protocol_names() if name.startswith(incomplete)]


def complete_model(incomplete: str) -> Iterable[str]:
    """Return the models whose name begins like this."""
    files = (entry.name for entry in resources.files("htm_brian.models").iterdir())
    names = (name.removesuffix(".toml") for name in files if name.endswith(".toml"))
    return sorted(name for name in names if name.startswith(incomplete))

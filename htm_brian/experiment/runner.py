"""Run a protocol from its start to its report, and say with an exit status how it ended."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import rich.box
import rich.table
from matplotlib.figure import Figure
from rich.console import Console
from rich.text import Text

from htm_brian.engine.compile_notice import announced
from htm_brian.errors import ExitStatus, InputError
from htm_brian.experiment import results
from htm_brian.experiment.finding import figure_module
from htm_brian.experiment.folder_lock import locked
from htm_brian.experiment.over_seeds import run_over_seeds, with_seeds
from htm_brian.experiment.processes import deferred_interrupt
from htm_brian.experiment.progress import progress_on
from htm_brian.experiment.protocol import Outcome, Protocol, Table
from htm_brian.experiment.report import checks_table, render, verdict

STYLES = {"pass": "green", "FAIL": "bold red", "undecided": "yellow"}


def run_protocol(
    protocol: Protocol,
    folder: Path,
    command: str,
    out: Console,
    messages: Console,
    seeds: int = 1,
) -> ExitStatus:
    """Run, write the folder of results, print the table, and return the exit status.

    Parameters
    ----------
    protocol : Protocol
        What to run.
    folder : Path
        Where the results go.
    command : str
        How to run the same again.
    out, messages : Console
        For the table, and for progress.
    seeds : int
        With how many it runs, from its own on; the checks then stand against intervals over them.

    Returns
    -------
    ExitStatus
        ``PASSED``, ``FAILED`` or ``INTERRUPTED``.

    Raises
    ------
    InputError
        If the folder cannot be written to, another run writes to it, memory does not suffice, or
        a seed is none.
    """
    protocols = with_seeds(protocol, seeds)
    results.prepare_folder(folder)
    started, inputs = datetime.now(UTC), results.input_hashes(protocol.parameters)
    with locked(folder):
        try:
            with deferred_interrupt() as pressed:
                with progress_on(messages, pressed) as progress, announced(_line_on(messages)):
                    outcome = run_over_seeds(protocols, progress)
                # The first Ctrl-C does not reach the writing: a result is whole or as it was.
                write_results(protocol, outcome, folder, command, started, inputs, seeds)
        except KeyboardInterrupt:
            messages.print(f"{protocol.name} was interrupted; nothing was written")
            return ExitStatus.INTERRUPTED
        except MemoryError as error:
            detail = f" ({error})" if str(error) else ""
            raise InputError(
                f"{protocol.name} needs more memory than there is{detail}; choose smaller sizes"
            ) from None
    out.print(rich_table(outcome.table or checks_table(outcome.checks, outcome.undecided)))
    out.print(Text(f"{protocol.name}: {verdict(outcome)}"), soft_wrap=True)
    out.print(Text(f"report: {folder / results.REPORT}"), soft_wrap=True)
    if outcome.partial:
        return ExitStatus.INTERRUPTED
    return ExitStatus.PASSED if outcome.passed else ExitStatus.FAILED


def write_results(
    protocol: Protocol,
    outcome: Outcome,
    folder: Path,
    command: str,
    started: datetime,
    inputs: Mapping[str, str],
    seeds: int = 1,
) -> None:
    """Write the whole folder of results, the summary last.

    A figure that cannot be drawn does not cost the data: all else is written, then the error goes
    on.
    """
    origin = results.provenance(protocol, command, started, inputs) | {"seeds": seeds}
    results.write_dataset(folder, outcome.dataset, results.summary(protocol, outcome, origin))
    try:
        figures = draw_figures(type(protocol), outcome)
        results.write_figures(folder, figures)
        origin["figures"] = list(figures)
    finally:
        results.write_report(folder, render(protocol, outcome, origin, folder))
        results.write_summary(folder, results.summary(protocol, outcome, origin))


def draw_figures(protocol: type[Protocol], outcome: Outcome) -> dict[str, Figure]:
    """Draw the figures of a protocol; none where no module does that, or a stopped run has none."""
    module = figure_module(protocol)
    if module is None or (outcome.partial and not outcome.dataset.variables):
        return {}
    figures: dict[str, Figure] = importlib.import_module(module).draw(outcome.dataset)
    return figures


def _line_on(console: Console) -> Callable[[str], None]:
    return lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True)


def rich_table(table: Table) -> rich.table.Table:
    """Return the table for a terminal, verdicts in colour."""
    drawn = rich.table.Table(
        title=table.title or None, box=rich.box.SIMPLE_HEAD, title_justify="left"
    )
    for column in table.columns:
        drawn.add_column(column, overflow="fold")
    for row in table.rows:
        drawn.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    return drawn

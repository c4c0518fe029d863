"""One HTML file that tells a run: verdict, table, figures, parameters with their sources."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from htm_brian.experiment.checks import Check, format_number, tally
from htm_brian.experiment.protocol import Outcome, Protocol, Table
from htm_brian.experiment.results import FIGURES

LARGEST_SVG = 600_000
"""Bytes; a larger drawing goes into the report as PNG."""

LONGEST_NUMBER = 24
"""Characters; a cell of a table that has no more stays in one line."""

MARKS = {"pass": "held", "FAIL": "failed", "undecided": "undecided"}
"""Class of a cell that holds a verdict."""


@dataclass(frozen=True)
class _Picture:
    title: str
    source: str


def checks_table(checks: Sequence[Check], undecided: Mapping[str, str] | None = None) -> Table:
    """Return one row for each check, and one for each that is left undecided, with the reason."""
    rows = [
        [
            check.name,
            check.found,
            check.target,
            check.verdict,
        ]
        for check in checks
    ]
    rows += [[name, "-", reason, "undecided"] for name, reason in (undecided or {}).items()]
    return Table(["quantity", "value", "target", "verdict"], rows)


def render(
    protocol: Protocol, outcome: Outcome, provenance: Mapping[str, Any], folder: Path
) -> str:
    """Return the report; the figures that `provenance` lists are taken from `folder`."""
    environment = Environment(
        loader=PackageLoader("htm_brian.experiment", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja").render(
        protocol=protocol,
        outcome=outcome,
        verdict=verdict(outcome),
        colour=_colour(outcome),
        marks=MARKS,
        table=outcome.table,
        checks=outcome.checks,
        number=format_number,
        longest_number=LONGEST_NUMBER,
        pictures=[_picture(folder / FIGURES, name) for name in provenance["figures"]],
        model_rows=outcome.parameter_rows,
        metrics=_flatten(outcome.metrics),
        provenance=provenance,
    )


def verdict(outcome: Outcome) -> str:
    """Say in one line how the run ended."""
    n, held = len(outcome.checks), sum(check.passed for check in outcome.checks)
    if outcome.partial:
        return (
            f"partial result: the run was stopped before its end; so far {held} of {n} checks hold"
        )
    undecided = f"; {len(outcome.undecided)} undecided at this size" if outcome.undecided else ""
    by_role = tally(outcome.checks)
    if by_role and not outcome.conclusion:
        return by_role + undecided
    if outcome.conclusion:
        return outcome.conclusion + undecided
    if held == n:
        return f"every check holds ({n} of {n}{undecided})"
    return f"{n - held} of {n} checks fail{undecided}"


def _colour(outcome: Outcome) -> str:
    """Return the class of the verdict: green, red, or amber where nothing was shown or refuted."""
    if outcome.passed:
        return "pass"
    wrong = any(check.verdict == "FAIL" for check in outcome.checks)
    return "fail" if wrong and not outcome.partial else "partial"


def _picture(folder: Path, name: str) -> _Picture:
    path, kind = folder / f"{name}.svg", "svg+xml"
    if path.stat().st_size > LARGEST_SVG:
        path, kind = folder / f"{name}.png", "png"
    encoded = base64.b64encode(path.read_bytes()).decode("ascii")
    return _Picture(name.replace("_", " "), f"data:image/{kind};base64,{encoded}")


def _flatten(metrics: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return nested metrics as lines of name and value."""
    lines: list[tuple[str, str]] = []
    for key, value in metrics.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            lines += _flatten(value, f"{name} / ")
        elif isinstance(value, bool | str) or not hasattr(value, "__float__"):
            lines.append((name, str(value)))
        else:
            lines.append((name, format_number(value)))
    return lines

"""The ladder: what is thrown away from one level of detail to the next, and what that costs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from htm_brian.experiment.checks import Check
from htm_brian.experiment.claims.settling import NOT_RUN, Result, verdict_of


@dataclass(frozen=True)
class Rung:
    """Two neighbouring levels of detail.

    Parameters
    ----------
    upper, lower : str
        What is compared.
    dropped : str
        What the lower one leaves out.
    protocols : tuple of str
        What holds the two together.
    """

    upper: str
    lower: str
    dropped: str
    protocols: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """What one protocol found on a rung.

    Parameters
    ----------
    protocol : str
    verdict : str
        As of a claim that all its checks decide.
    held, missed : tuple of Check
        Its checks that hold, and those that do not or are undecided.
    intervals : tuple of tuple of str
        Quantity, value of the upper level, of the lower one, and interval of the difference, where
        the result has such a table.
    """

    protocol: str
    verdict: str
    held: tuple[Check, ...] = ()
    missed: tuple[Check, ...] = ()
    intervals: tuple[tuple[str, ...], ...] = ()


def load_ladder() -> list[Rung]:
    """Return the rungs, the most detailed first.

    Examples
    --------
    >>> load_ladder()[4].lower
    'level 0: the abstract temporal memory'
    """
    file = resources.files("htm_brian.experiment.claims") / "ladder.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return [Rung(**{**rung, "protocols": tuple(rung["protocols"])}) for rung in content["rung"]]


def steps_of(rung: Rung, results: Mapping[str, Result]) -> list[Step]:
    """Return what the protocols of a rung found."""
    return [_step(name, results.get(name)) for name in rung.protocols]


def _step(protocol: str, result: Result | None) -> Step:
    if result is None:
        return Step(protocol, NOT_RUN)
    held = tuple(check for check in result.checks if check.passed)
    missed = tuple(check for check in result.checks if not check.passed)
    return Step(protocol, verdict_of(result.checks), held, missed, _intervals(result))


def _intervals(result: Result) -> tuple[tuple[str, ...], ...]:
    """Return the rows of a result's table that have an interval of the difference."""
    wanted = ("quantity", "spiking", "abstract", "95 % interval")
    columns = list(result.table.get("columns", ()))
    if not set(wanted) <= set(columns):
        return ()
    places = [columns.index(name) for name in wanted]
    rows = [tuple(str(row[place]) for place in places) for row in result.table["rows"]]
    return tuple(row for row in rows if all(row))

"""What the parameters of a protocol are: name, default, unit, bounds and meaning, as a table.

The meaning stands in the section "Parameters" of the docstring of their dataclass, in numpydoc's
form; names may share an entry: ``columns, cells : int``.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import Any

from htm_brian.experiment.checks import format_number
from htm_brian.experiment.protocol import Protocol, Table
from htm_brian.experiment.results import describe_parameters

_ENTRY = re.compile(r"^(\w+(?:, \w+)*)(?: : .*)?$")
_MOST_SHOWN = 6
"""Values of a list that are shown."""


def meanings(parameters: type) -> dict[str, str]:
    """Return what the fields of a dataclass mean, by its docstring.

    Examples
    --------
    >>> class Parameters:
    ...     '''What a run depends on.
    ...
    ...     Parameters
    ...     ----------
    ...     low, high : float
    ...         Ends of the band,
    ...         both included.
    ...     '''
    >>> meanings(Parameters)
    {'low': 'Ends of the band, both included.', 'high': 'Ends of the band, both included.'}
    """
    lines = (inspect.getdoc(parameters) or "").splitlines()
    found: dict[str, list[str]] = {}
    names: list[str] = []
    try:
        start = lines.index("Parameters") + 2
    except ValueError:
        return {}
    for place, line in enumerate(lines[start:], start):
        if place + 1 < len(lines) and lines[place + 1].startswith("---"):
            break
        entry = _ENTRY.match(line)
        if entry is not None:
            names = entry[1].split(", ")
        elif line.strip():
            for name in names:
                found.setdefault(name, []).append(line.strip())
    return {name: " ".join(words) for name, words in found.items()}


def parameter_table(protocol: type[Protocol]) -> Table:
    """Return a row for each parameter: name, default, unit, what is allowed, meaning."""
    described = describe_parameters(protocol.parameters)
    told = meanings(type(protocol.parameters))
    rows = [
        [
            each.name,
            _value(described[each.name]["value"]),
            described[each.name]["unit"] if described[each.name]["unit"] != "1" else "",
            _allowed(each.metadata),
            told.get(each.name, ""),
        ]
        for each in fields(protocol.parameters)
    ]
    return Table(["parameter", "default", "unit", "allowed", "meaning"], rows)


def parameter_list(protocol: type[Protocol]) -> list[dict[str, Any]]:
    """Return the same for a program: values as they are."""
    described = describe_parameters(protocol.parameters)
    told = meanings(type(protocol.parameters))
    return [
        {"name": name, **entry, "meaning": told.get(name, "")} for name, entry in described.items()
    ]


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        shown = [_value(each) for each in value[:_MOST_SHOWN]]
        return ", ".join([*shown, "…"] if len(value) > _MOST_SHOWN else shown)
    if isinstance(value, dict):
        return str(value.get("name", "(not from text)"))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return format_number(value) if isinstance(value, float) else str(value)


def _allowed(metadata: Any) -> str:
    if "choices" in metadata:
        return ", ".join(metadata["choices"])
    low, high = metadata.get("low"), metadata.get("high")
    if low is None and high is None:
        return ""
    if high is None:
        return f"≥ {low}"
    return f"≤ {high}" if low is None else f"{low} to {high}"

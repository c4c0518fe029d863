"""What the package offers says of each argument what it is."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

API = Path(__file__).resolve().parents[2] / "docs" / "api.rst"
COMPLETE = (
    "htm_brian.abstract.encoders.dates",
    "htm_brian.abstract.encoders.values",
    "htm_brian.abstract.spatial_pooler",
    "htm_brian.abstract.temporal_memory",
    "htm_brian.sdr.mapping",
    "htm_brian.sdr.sdr",
    "htm_brian.sdr.theory",
)
"""Rooms of which every public name is held to this; of others only what the package offers."""

TOLD = re.compile(r"^ {4,}([*\w]+(?:,\s+[*\w]+)*)(?: : |$)", re.MULTILINE)


def offered() -> list[str]:
    """Return the names of the first section of the page: the package's own."""
    first = API.read_text(encoding="utf-8").partition("Cells and mechanisms")[0]
    return re.findall(r"^   (htm_brian\.\w+)$", first, re.MULTILINE)


def callables(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """Yield what can be called: a function, or a class with its public methods."""
    yield name, thing
    if inspect.isclass(thing):
        for key, value in vars(thing).items():
            if not key.startswith("_") and inspect.isfunction(value):
                yield f"{name}.{key}", value


def untold(function: Any) -> set[str]:
    """Return the arguments that the docstring neither describes nor names."""
    doc = function.__doc__ or ""
    told = {name.strip() for names in TOLD.findall(doc) for name in names.split(",")}
    told |= set(re.findall(r"`(\w+)`", doc))
    return {
        name
        for name, each in inspect.signature(function).parameters.items()
        if name != "self" and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    } - told


def members() -> Iterator[tuple[str, Any]]:
    for name in offered():
        yield from callables(name, getattr(importlib.import_module("htm_brian"), name[10:]))
    for room in COMPLETE:
        module = importlib.import_module(room)
        for key, value in vars(module).items():
            own = getattr(value, "__module__", None) == room and not key.startswith("_")
            if own and (inspect.isclass(value) or inspect.isfunction(value)):
                yield from callables(f"{room}.{key}", value)


MEMBERS = dict(members())


def test_there_is_something_to_look_at() -> None:
    assert "htm_brian.TemporalMemory.compute" in MEMBERS and len(MEMBERS) > 60


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_every_argument_is_told(name: str) -> None:
    assert untold(MEMBERS[name]) == set()

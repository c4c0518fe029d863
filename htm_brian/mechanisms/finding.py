"""Which mechanisms there are: those that the modules of a package declare."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType

from htm_brian import mechanisms
from htm_brian.errors import InputError
from htm_brian.mechanisms.interface import Mechanism

NAME = "MECHANISMS"
"""What a module calls the tuple of its mechanisms."""


def find(packages: Sequence[ModuleType] = ()) -> tuple[Mechanism, ...]:
    """Return the mechanisms of this package and of others, in their order.

    Parameters
    ----------
    packages : sequence of module
        Modules with mechanisms, or packages with such modules, beside `htm_brian.mechanisms`.

    Raises
    ------
    InputError
        If one has no mechanism, or if two mechanisms of a level read the same table.
    """
    if not packages:
        return _own()
    if not isinstance(packages, Sequence):
        raise InputError(f"mechanisms must be a list of modules, got {packages!r}")
    found = list(_own())
    for package in packages:
        if not isinstance(package, ModuleType):
            raise InputError(f"mechanisms must be modules or packages, got {package!r}")
        more = list(_declared(package))
        if not more:
            raise InputError(f"no mechanism in {package.__name__}; a module declares {NAME}")
        found += more
    return _in_order(found)


@cache
def _own() -> tuple[Mechanism, ...]:
    return _in_order(list(_declared(mechanisms)))


def _declared(package: ModuleType) -> Iterator[Mechanism]:
    """Yield what a module and, where it is a package, the modules in it declare, by name."""
    yield from getattr(package, NAME, ())
    for entry in pkgutil.iter_modules(getattr(package, "__path__", ())):
        yield from getattr(import_module(f"{package.__name__}.{entry.name}"), NAME, ())


def _in_order(found: list[Mechanism]) -> tuple[Mechanism, ...]:
    names = [(each.level, each.table) for each in found]
    for level, table in names:
        if names.count((level, table)) > 1:
            raise InputError(f"two mechanisms of level {level} read the table [{table}]")
    return tuple(sorted(found, key=lambda each: each.order))

"""The points of a sweep: every combination of the values of its parameters, and every seed.

``release_probability=0.3:1.0:0.1`` is a range with both ends, ``duration=100:300:50 ms`` one with a
unit, ``cells=4,8,16`` a list. A point is known by its address: a hash of the protocol and its
source, of all its parameters, of the versions of what computes, and of this package's own code. So
the same point is never computed twice, and one that other code has computed is another point.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import htm_brian
from htm_brian.errors import InputError, did_you_mean
from htm_brian.experiment.finding import find_protocol, source_hash
from htm_brian.experiment.protocol import Protocol
from htm_brian.experiment.results import describe_parameters
from htm_brian.experiment.settings import with_settings

SEED = "seed"
MOST_POINTS = 1_000_000
COMPUTING = ("brian2", "numpy", "scipy", "numba")
"""Packages whose version may change a number."""

_RANGE = re.compile(r"\s*([-+.\deE]+):([-+.\deE]+):([-+.\deE]+)\s*(.*)")


@dataclass(frozen=True)
class Axis:
    """The values of one parameter.

    Parameters
    ----------
    name : str
        Of the parameter.
    texts : tuple of str
        Its values as ``--set`` takes them.
    """

    name: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Point:
    """One run of a sweep; it travels to another process as it is.

    Parameters
    ----------
    protocol : str
        Name, path or module, as `htm_brian.experiment.finding.find_protocol` takes it.
    settings : tuple of (str, str)
        Parameters that differ from the protocol's, as text.
    quick : bool
        Whether the rest is that of the quick form.
    address : str
        See above.
    """

    protocol: str
    settings: tuple[tuple[str, str], ...]
    quick: bool
    address: str

    def set_up(self) -> Protocol:
        """Return the protocol with the parameters of this point."""
        return _set_up(find_protocol(self.protocol), self.settings, self.quick)


def parse_axis(text: str) -> Axis:
    """Read ``name=start:stop:step unit`` or ``name=value,value``.

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> parse_axis("p=0.3:0.5:0.1").texts
    ('0.3', '0.4', '0.5')
    >>> parse_axis("delay=10:30:10 ms").texts
    ('10 ms', '20 ms', '30 ms')
    """
    name, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not name or not values:
        raise InputError(
            f"{text!r} is not a parameter to sweep over; write name=start:stop:step, or "
            "name=value,value"
        )
    match = _RANGE.fullmatch(values)
    if match is None:
        if ":" in values:
            raise InputError(f"{name} needs start:stop:step and a unit at most, got {values!r}")
        texts = tuple(part.strip() for part in values.split(","))
        if "" in texts:
            raise InputError(f"{name} has an empty value in {values!r}")
    else:
        unit = match[4].strip()
        texts = tuple(f"{number:.12g} {unit}".strip() for number in _range(name, match))
    if len(set(texts)) < len(texts):
        raise InputError(f"{name} has a value twice in {values!r}")
    return Axis(name, texts)


def _range(name: str, match: re.Match[str]) -> np.ndarray[Any, Any]:
    try:
        start, stop, step = (float(match[k]) for k in (1, 2, 3))
    except ValueError:
        raise InputError(f"{name} needs numbers in start:stop:step, got {match[0]!r}") from None
    if step == 0 or (stop - start) / step < 0:
        raise InputError(f"{name} never gets from {start:g} to {stop:g} in steps of {step:g}")
    n = int(np.floor((stop - start) / step + 1e-9)) + 1
    if n > MOST_POINTS:
        raise InputError(f"{name} has {n} values, at most {MOST_POINTS} are allowed")
    return start + step * np.arange(n)


def axes_of(over: Sequence[str], protocols: Sequence[str], seeds: int | None) -> list[Axis]:
    """Return the axes of a sweep, that of the seeds last.

    Parameters
    ----------
    over : sequence of str
        As `parse_axis` reads them.
    protocols : sequence of str
        All of which must have the parameters.
    seeds : int, optional
        How many, from the protocol's own on.
    """
    axes = [parse_axis(text) for text in over]
    names = [axis.name for axis in axes]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name} is swept over twice; give all its values in one --over")
    if seeds is not None and SEED in names:
        raise InputError("give --seeds or --over seed=..., not both")
    for given in protocols:
        known = {field.name for field in fields(find_protocol(given).parameters)}
        wanted = [*names, *([SEED] if seeds is not None else [])]
        for name in wanted:
            if name not in known:
                raise InputError(f"{given} has no parameter {name!r}{did_you_mean(name, known)}")
    if seeds is not None:
        if seeds < 1:
            raise InputError(f"seeds must be at least 1, got {seeds}")
        first = find_protocol(protocols[0]).parameters.seed
        axes.append(Axis(SEED, tuple(str(first + k) for k in range(seeds))))
    return axes


def points_of(
    given: str, axes: Sequence[Axis], settings: Sequence[str] = (), quick: bool = False
) -> list[Point]:
    """Return every point of a protocol, its parameters checked.

    Parameters
    ----------
    given : str
        The protocol.
    axes : sequence of Axis
        Whose values are combined.
    settings : sequence of str
        ``name=value`` for all points.
    quick : bool
        Whether the rest is that of the quick form.

    Raises
    ------
    InputError
        If a point is none: the message names the parameter and the value.
    """
    n = int(np.prod([len(axis.texts) for axis in axes]))
    if n > MOST_POINTS:
        raise InputError(f"the sweep has {n} points, at most {MOST_POINTS} are allowed")
    kind = find_protocol(given)
    common = tuple(_pair(text) for text in settings)
    found = []
    for values in itertools.product(*(axis.texts for axis in axes)):
        own = tuple((axis.name, text) for axis, text in zip(axes, values, strict=True))
        parameters = _set_up(kind, common + own, quick).parameters
        found.append(Point(given, common + own, quick, address_of(kind, parameters, quick)))
    return found


def address_of(kind: type[Protocol], parameters: Any, quick: bool = False) -> str:
    """Return the address of a run of a protocol with these parameters, in this environment."""
    content = {
        "protocol": kind.name,
        "source": source_hash(kind),
        "quick": quick,
        "parameters": describe_parameters(parameters),
        "computing": dict(environment()),
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@functools.cache
def environment() -> Mapping[str, str]:
    """Return the versions of what computes, and the hash of this package's code."""
    folder = Path(htm_brian.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        **{package: metadata.version(package) for package in COMPUTING},
        "htm_brian": digest.hexdigest(),
    }


def _set_up(kind: type[Protocol], settings: tuple[tuple[str, str], ...], quick: bool) -> Protocol:
    texts = [f"{name}={value}" for name, value in settings]
    if quick:
        return kind.in_quick_form(lambda parameters: with_settings(parameters, texts))
    return kind(with_settings(kind.parameters, texts))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals:
        raise InputError(f"{text!r} is not a setting; write it as name=value")
    return name, value

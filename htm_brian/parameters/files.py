"""Model files read from disk: a model, or every fault of the file in one line each."""

from __future__ import annotations

import copy
import os
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from htm_brian.errors import InputError, did_you_mean
from htm_brian.parameters.faults import FreeRange, parameter_faults, shortened
from htm_brian.parameters.links import link_faults
from htm_brian.parameters.tables import Model, Table
from htm_brian.parameters.values import Parameter

_HEADER = {"name": str, "level": int, "kind": str, "description": str}
_REQUIRED = ("value", "unit", "source", "low", "high")
_OPTIONAL = ("note", "same_as", "free")
_FREE = ("low", "high", "source")

LARGEST_FILE = 1_000_000
"""Bytes; a model file has some 20 thousand."""

_OTHER_KINDS = {b"\x1f\x8b": "gzip", b"PK": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
"""How compressed files begin, by the program that unpacks them."""


@dataclass
class Reading:
    """What was read from a model file.

    Attributes
    ----------
    model : Model or None
        With what is right; None where the file has no readable header or no table.
    faults : list of str
        What is wrong, one line each.
    faulty : set of str
        Tables and parameters, ``table.key``, that the faults are about.
    """

    model: Model | None = None
    faults: list[str] = field(default_factory=list)
    faulty: set[str] = field(default_factory=set)


def list_models() -> list[str]:
    """Return the names of the models that come with the package, sorted.

    Returns
    -------
    list of str
        As `load_model` takes them.
    """
    folder = resources.files("htm_brian.models")
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_model(name_or_path: str | os.PathLike[str] | Model) -> Model:
    """Read and check a model.

    Parameters
    ----------
    name_or_path : str, path or Model
        The name of a model that comes with the package (see `list_models`), or the path of a
        ``.toml`` file of your own. A `Model` is returned as it is.

    Returns
    -------
    Model
        With every number checked for its unit and range.

    Raises
    ------
    InputError
        If there is no such model or file, or anything is wrong with it; the message names file,
        table and key.

    Examples
    --------
    >>> model = load_model("l5_reduced")
    >>> model["spike"]["threshold"]
    -50. * mvolt
    """
    if isinstance(name_or_path, Model):
        return name_or_path
    reading = read_model(name_or_path)
    if reading.faults:
        raise InputError(reading.faults[0])
    assert reading.model is not None
    return reading.model


def read_model(name_or_path: str | os.PathLike[str]) -> Reading:
    """Read a model, and find all that is wrong with its file.

    What a table or key is for, and so whether one is missing, is for
    `htm_brian.experiment.models.check`.

    Parameters
    ----------
    name_or_path : str or path
        As for `load_model`.

    Returns
    -------
    Reading
        The model, as far as it can be read, and its faults.

    Raises
    ------
    InputError
        If `name_or_path` is neither text nor a path.
    """
    reading = copy.deepcopy(_read(name_or_path))
    if reading.model is not None:
        for path, fault in link_faults(reading.model, _linked):
            reading.faults.append(fault)
            reading.faulty.add(path)
    return reading


def _read(name_or_path: str | os.PathLike[str]) -> Reading:
    """Read a model, but follow no link."""
    if not isinstance(name_or_path, str | os.PathLike):
        raise InputError(f"a model is given by its name or path, got {shortened(name_or_path)}")
    given = os.fspath(name_or_path)
    if given.endswith(".toml") or Path(given).name != given:
        try:
            return _parse(_text(Path(given)), given)
        except InputError as error:
            return Reading(faults=[str(error)])
    known = list_models()
    if given not in known:
        hint = did_you_mean(given, known, "known models")
        path = (
            "htm-brian models lists all; a file of your own is given by its path, ending in .toml"
        )
        return Reading(faults=[f"unknown model {given!r}{hint} ({path})"])
    return _shipped(given)


@cache
def _shipped(name: str) -> Reading:
    """Return the reading of a model of the package; not to be changed."""
    file = resources.files("htm_brian.models") / f"{name}.toml"
    return _parse(file.read_text(encoding="utf-8"), f"models/{name}.toml")


def _linked(name: str) -> Model:
    """Return the model that a link names; a link goes to models of the package only."""
    reading = _read(Path(name).name)
    if reading.model is None or reading.faults:
        raise InputError(reading.faults[0])
    return reading.model


def _text(path: Path) -> str:
    """Return the text of a file, or say in one line why it is none."""
    try:
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "no regular file"
            raise InputError(f"cannot read the model file {path}: it is {what}; give a .toml file")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"cannot read the model file {path}: {reason}") from None
    if len(content) > LARGEST_FILE:
        raise InputError(
            f"cannot read the model file {path}: it is larger than {LARGEST_FILE // 1000} kB, "
            "so it is no model"
        )
    for beginning, program in _OTHER_KINDS.items():
        if content.startswith(beginning):
            raise InputError(
                f"cannot read the model file {path}: it is compressed ({program}); unpack it first"
            )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"cannot read the model file {path}: not UTF-8 text (byte {error.start}); save it as "
            "UTF-8"
        ) from None
    if "\0" in text:
        raise InputError(f"cannot read the model file {path}: it is binary, a model is text (TOML)")
    if not text.strip():
        raise InputError(
            f"{path} is empty; a model needs a table [model] with the keys {', '.join(_HEADER)}, "
            "and one for each mechanism"
        )
    return text


def _parse(text: str, file: str) -> Reading:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Reading(faults=[f"not valid TOML: {error} ({file})"])
    except RecursionError:
        return Reading(faults=[f"not valid TOML: nested too deeply ({file})"])
    reading = Reading()
    header = _parse_header(content.pop("model", None), file, reading)
    if not content:
        reading.faults.append(f"no mechanism; a model needs a table beside [model] ({file})")
    tables = tuple(_parse_table(name, entries, file, reading) for name, entries in content.items())
    if header is not None and tables:
        reading.model = Model(**header, tables=tables, file=file)
    return reading


def _parse_header(header: object, file: str, reading: Reading) -> dict[str, Any] | None:
    """Return the fields of ``[model]``, None where they do not make a header."""
    if not isinstance(header, dict):
        reading.faults.append(f"missing table [model] with the keys {', '.join(_HEADER)} ({file})")
        return None
    where = f"({file}, [model])"
    faults = _field_faults("key", header, _HEADER, _HEADER, where)
    for key, kind in _HEADER.items():
        if key not in header:
            continue
        value = header[key]
        if not isinstance(value, kind) or isinstance(value, bool) or value == "":
            wanted = "an integer from 0 to 3" if kind is int else "a non-empty text"
            faults.append(f"{key} must be {wanted}, got {shortened(value)} {where}")
        elif isinstance(value, int) and not 0 <= value <= 3:
            faults.append(f"level must lie in [0, 3], got {shortened(value)} {where}")
    whole = not faults
    if whole and header["name"] != (stem := Path(file).stem):
        faults.append(f"name must be that of the file, {stem!r}, got {header['name']!r} {where}")
    reading.faults += faults
    return dict(header) if whole else None


def _parse_table(name: str, entries: object, file: str, reading: Reading) -> Table:
    where = f"({file}, [{name}])"
    if not isinstance(entries, dict):
        if isinstance(entries, list) and entries and isinstance(entries[0], dict):
            fault = f"[[{name}]] is a list of tables; write [{name}] once ({file})"
        else:
            shown = shortened(entries)
            fault = f"{name} = {shown} stands outside a table; move it into one ({file})"
        reading.faults.append(fault)
        reading.faulty.add(name)
        return Table(name, (), file)
    parameters = []
    for key, fields in entries.items():
        if not isinstance(fields, dict):
            faults = [
                f"{key} must be written {{ value = ..., unit = ..., source = ..., low = ..., "
                f"high = ... }}, got {shortened(fields)} {where}"
            ]
        else:
            allowed = (*_REQUIRED, *_OPTIONAL)
            faults = _field_faults(f"field of {key}:", fields, _REQUIRED, allowed, where)
            if not faults and "free" in fields:
                free, faults = _parse_free(key, fields["free"], where)
                fields = {**fields, "free": free}
            if not faults:
                faults = list(parameter_faults(name, key, file=file, **fields))
        if faults:
            reading.faults += faults
            reading.faulty.add(f"{name}.{key}")
        else:
            parameters.append(Parameter(table=name, key=key, file=file, **fields))
    return Table(name, tuple(parameters), file)


def _parse_free(key: str, given: object, where: str) -> tuple[FreeRange | None, list[str]]:
    """Return the range that a fit may try, and what is wrong with it."""
    if not isinstance(given, dict):
        return None, [
            f"free of {key} must be written {{ low = ..., high = ..., source = ... }}, got "
            f"{shortened(given)} {where}"
        ]
    faults = _field_faults(f"field of free of {key}:", given, _FREE, _FREE, where)
    return (None, faults) if faults else (FreeRange(**given), [])


def _field_faults(
    what: str,
    given: Collection[str],
    required: Iterable[str],
    allowed: Collection[str],
    where: str,
) -> list[str]:
    missing = [field for field in required if field not in given]
    return [
        f"unknown {what} {field}{did_you_mean(field, missing or allowed)} {where}"
        for field in given
        if field not in allowed
    ] + [f"missing {what} {field} {where}" for field in missing]

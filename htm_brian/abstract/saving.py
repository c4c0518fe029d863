"""Saving and loading of memories: one file, versioned, checksummed, without pickle.

The file is a NumPy archive (npz). Beside the arrays of the memory it holds ``kind``, ``version``,
``config`` (the arguments of the constructor as JSON) and ``checksum``, the SHA-256 of all else.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.permanence import IncidenceRate, PermanenceRule, UpDown
from htm_brian.abstract.segments import layout
from htm_brian.arguments import shown
from htm_brian.errors import InputError

if TYPE_CHECKING:
    from htm_brian.abstract.segments.store import SegmentStore

VERSION = 2
_RULES: dict[str, type[UpDown] | type[IncidenceRate]] = {
    "UpDown": UpDown,
    "IncidenceRate": IncidenceRate,
}


def write_memory(
    path: str | Path, kind: str, config: Mapping[str, Any], arrays: Mapping[str, NDArray]
) -> None:
    """Write a memory under a temporary name, then put it in place.

    Parameters
    ----------
    path : str or path
        Of the file, in a folder that there is.
    kind : str
        Name of the memory's class.
    config : mapping
        Arguments of its constructor; numbers may be NumPy's.
    arrays : mapping of str to ndarray
        Everything else.

    Raises
    ------
    InputError
        Where the path cannot be one of a file, or the permanence rule is a stranger's.
    """
    members = dict(arrays) | {
        "kind": np.array(kind),
        "version": np.array(VERSION),
        "config": np.array(_as_json(dict(config) | {"permanence_rule": _described(config)})),
    }
    write_archive(path, members)


def write_archive(path: str | Path, members: Mapping[str, NDArray]) -> None:
    """Write arrays with their checksum; a process that is killed meanwhile leaves the old file.

    Parameters
    ----------
    path : str or path
        Of the file, in a folder that there is.
    members : mapping of str to ndarray
        Among them ``kind`` and ``version``.

    Raises
    ------
    InputError
        Where the path cannot be one of a file.
    """
    path = _checked(path)
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"path must name a file in a folder that exists, got {shown(str(path))}")
    whole = {**members, "checksum": np.array(_checksum(members))}
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, **whole)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_memory(path: str | Path, kind: str) -> tuple[dict[str, Any], dict[str, NDArray]]:
    """Return the constructor's arguments and the arrays of a saved memory, checked.

    Raises
    ------
    InputError
        Where the file cannot be read, is not a saved memory of this kind, or is damaged.
    """
    members = read_archive(path, kind, VERSION)
    config = json.loads(str(members["config"]))
    name, values = config["permanence_rule"]
    config["permanence_rule"] = _RULES[name](**values)
    return config, members


def read_archive(path: str | Path, kind: str, version: int) -> dict[str, NDArray]:
    """Return the arrays that `write_archive` wrote, checked.

    Parameters
    ----------
    path : str or path
    kind : str
        Name of the memory's class.
    version : int
        Of the format, which its kind has.

    Raises
    ------
    InputError
        Where the file cannot be read, is not a saved memory of this kind, or is damaged.
    """
    file_path = _checked(path)
    try:
        with file_path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            members = {name: archive[name] for name in archive.files}
    except OSError as error:
        raise InputError(f"path {path} cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, KeyError, TypeError):
        raise InputError(f"{path} is cut short or is not a saved memory") from None
    if not {"kind", "version", "config", "checksum"} <= members.keys():
        raise InputError(f"{path} is not a saved memory")
    if str(members["kind"]) != kind:
        raise InputError(f"{path} must hold a {kind}, got a {members['kind']}")
    if int(members["version"]) != version:
        raise InputError(
            f"{path} has format version {int(members['version'])}, but this htm_brian reads "
            f"version {version}: load it with the htm_brian that wrote it, and export its segments"
        )
    if str(members.pop("checksum")) != _checksum(members):
        raise InputError(f"{path} is damaged: its checksum does not match")
    return members


def store_arrays(store: SegmentStore, prefix: str) -> dict[str, NDArray]:
    """Return copies of a store's arrays without their spare room."""
    arrays, counters = store.arrays._asdict(), store.arrays.counters
    per_byte = 1 if store.permanence_bits == 32 else 8 // store.permanence_bits
    ends = {
        "segments": counters[layout.SEGMENT_END],
        "presynaptic": counters[layout.SLOT_END],
        "permanence": -(-counters[layout.SLOT_END] // per_byte),
        "entries": counters[layout.ENTRY_END],
        "revisions": counters[layout.SEGMENT_END],
        "lists": counters[layout.N_LISTS],
    }
    return {
        prefix + name: array[: ends.get(name, len(array))].copy() for name, array in arrays.items()
    }


def restore_store(store: SegmentStore, members: Mapping[str, NDArray], prefix: str) -> None:
    """Put saved arrays into a new store of the same parameters."""
    own = store.arrays
    store.arrays = own._replace(**{name: members[prefix + name] for name in own._fields})


def _as_json(config: Mapping[str, Any]) -> str:
    """Write the arguments of a constructor, which may be numbers of NumPy."""

    def number_of_python(value: object) -> Any:
        if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
            return value.item()
        raise InputError(f"arguments must be plain to be saved, got {shown(value)}")

    return json.dumps(config, default=number_of_python)


def _described(config: Mapping[str, Any]) -> tuple[str, dict[str, float]]:
    rule: PermanenceRule = config["permanence_rule"]
    name = type(rule).__name__
    if _RULES.get(name) is not type(rule):
        raise InputError(f"permanence_rule must be one of {', '.join(_RULES)} to be saved")
    return name, asdict(rule)


def _checked(path: object) -> Path:
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        raise InputError(f"path must be the name of a file, got {shown(path)}")
    return Path(path)


def _checksum(members: Mapping[str, NDArray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(members):
        array = np.ascontiguousarray(members[name])
        digest.update(f"{name} {array.dtype.descr} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()

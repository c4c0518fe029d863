"""A protocol by its name, its file or its module: those of the package, of others, of one's own.

=======================  ==========================================================================
what is given            where it is
=======================  ==========================================================================
``prediction_lead``      a module or folder in ``protocols/``
``their_protocol``       an entry point of an installed package, group ``htm_brian.protocols``
``./my_protocol.py``     a file, or a folder with an ``__init__.py``
``package.module``       a module that Python can import, from the present folder, too
=======================  ==========================================================================

A protocol of the package is drawn by the module of its name in ``figures/``; any other by the
module beside it that is called as it is with ``_figures`` behind, or, where it is a folder, by its
module ``figures``. Nothing heavy is imported before a protocol is, so that names are listed at
once.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import pkgutil
import sys
import traceback
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from htm_brian.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from htm_brian.experiment.protocol import Protocol

GROUP = "htm_brian.protocols"
"""Of the entry points by which an installed package offers protocols; also the package of ours."""

FIGURES = "htm_brian.figures"


def protocol_names() -> list[str]:
    """Return the names of all protocols that are found without a path, sorted."""
    return sorted({*_own(), *_offered()})


def find_protocol(given: str) -> type[Protocol]:
    """Return the protocol that a name, a path or a module names.

    Parameters
    ----------
    given : str
        See the table above.

    Raises
    ------
    InputError
        If there is none, or the module that should hold one does not, or cannot be imported.
    """
    from htm_brian.experiment.protocol import load_protocol

    if _is_path(given):
        return _only_protocol(_import_file(Path(given)), given)
    if given in _own():
        return load_protocol(given)
    offered = _offered()
    if given in offered:
        return _only_protocol(_import_module(offered[given], given), given)
    if "." in given:
        _search_present_folder()
        return _only_protocol(_import_module(given, given), given)
    known = protocol_names()
    hint = did_you_mean(given, known, "known protocols")
    beside = next((path for path in (f"{given}.py", given) if Path(path).exists()), None)
    if beside is not None:
        hint += f"; for the file here: htm-brian run ./{beside}"
    raise InputError(f"unknown protocol {given!r}{hint} (htm-brian list tells what each tests)")


def figure_module(protocol: type[Protocol]) -> str | None:
    """Return the name of the module that draws a protocol's dataset; None where there is none."""
    module = protocol.__module__
    if module.startswith(f"{GROUP}."):
        names = [f"{FIGURES}.{protocol.name}"]
    else:
        names = [f"{module}_figures"]
        if hasattr(sys.modules.get(module), "__path__"):
            names.append(f"{module}.figures")
    return next((name for name in names if importlib.util.find_spec(name) is not None), None)


def is_own(protocol: type[Protocol]) -> bool:
    """Return whether a protocol is one of the package."""
    return protocol.__module__.startswith(f"{GROUP}.")


def source_hash(protocol: type[Protocol]) -> str | None:
    """Return the SHA-256 of the protocol's source; None where that is not in a file.

    Of a folder it is that of all its modules, each with its name.
    """
    file = getattr(sys.modules.get(protocol.__module__), "__file__", None)
    if file is None or not Path(file).is_file():
        return None
    path = Path(file)
    files = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
    digest = hashlib.sha256()
    for each in files:
        digest.update(each.relative_to(path.parent).as_posix().encode() + b"\0")
        digest.update(each.read_bytes() + b"\0")
    return digest.hexdigest()


def _own() -> list[str]:
    folder = importlib.import_module(GROUP)
    names = [module.name for module in pkgutil.iter_modules(folder.__path__)]
    return [name for name in names if not name.startswith("_")]


def _offered() -> dict[str, str]:
    """Return the modules that installed packages offer, by the name of the protocol."""
    return {entry.name: entry.module for entry in metadata.entry_points(group=GROUP)}


def _is_path(given: str) -> bool:
    return given.endswith(".py") or os.sep in given or "/" in given


def _search_present_folder() -> None:
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)


def _import_file(path: Path) -> ModuleType:
    """Import a module or a folder by its path; worker processes then find it by its name."""
    file = path / "__init__.py" if path.is_dir() else path
    if not file.is_file():
        what = "a folder without __init__.py" if path.is_dir() else "no such file"
        raise InputError(f"cannot read the protocol {path}: {what}")
    place = path.resolve()
    name = place.stem if place.is_file() else place.name
    if not name.isidentifier():
        raise InputError(
            f"cannot import {path}: its name must be one that Python can import, such as "
            f"{''.join(c if c.isalnum() else '_' for c in name)}.py"
        )
    folder = str(place.parent)
    if folder in sys.path:
        sys.path.remove(folder)
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    module = _import_module(name, str(path))
    found = getattr(module, "__file__", None)
    if found is None or Path(found).resolve() != file.resolve():
        raise InputError(
            f"cannot import {path}: Python has another module of the name {name}; give the file "
            "another name"
        )
    return module


def _import_module(name: str, given: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(f"{missing}."):
            raise InputError(
                f"there is no module {missing!r}; htm-brian list names the protocols, and a file "
                "is given by its path, such as ./my_protocol.py"
            ) from None
        raise InputError(f"{given} needs the package {missing}, which is not installed") from None
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"cannot import {given}: {_where(error)}") from None


def _where(error: Exception) -> str:
    """Return what went wrong, with the line, in one line."""
    said = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) or not frames:  # says its line itself
        return said
    return f"{said} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})"


def _only_protocol(module: ModuleType, given: str) -> type[Protocol]:
    from htm_brian.experiment.protocol import protocols_in

    classes = protocols_in(module)
    if len(classes) != 1:
        found = ", ".join(each.__name__ for each in classes) or "none"
        raise InputError(f"{given} must hold one subclass of Protocol, found {found}")
    for attribute in ("name", "claim", "source", "parameters"):
        if not hasattr(classes[0], attribute):
            raise InputError(f"{given}: {classes[0].__name__} lacks the attribute {attribute}")
    return classes[0]

"""Which Brian2 the package was tried with, for what has to reach behind its public face.

`htm_brian.engine` uses parts of Brian2 that may change from one release to the next: what a
pathway does at a time step, the text of generated Cython code, how synaptic arrays are kept. Where
that only saves time, another Brian2 is left as it is, with one line of warning; where nothing works
without it, one line refuses before anything is compiled.

A version number does not tell everything, so the first use looks, besides, whether each part is
where it should be.
"""

from __future__ import annotations

import functools
import importlib
import logging

import brian2
from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
from brian2.core.network import Network
from brian2.devices.device import RuntimeDevice
from brian2.synapses.synapses import Synapses, SynapticPathway

from htm_brian.errors import InputError

TRIED = ("2.9", "2.10", "2.11")
"""Of Brian2, in all their releases."""

_PARTS: tuple[tuple[object, tuple[str, ...]], ...] = (
    (Network, ("sorted_objects", "restore")),
    (RuntimeDevice, ("code_object_class", "get_value")),
    (Synapses, ("_resize", "_add_updater")),
    (
        SynapticPathway,
        ("create_code_objects", "initialise_queue", "push_spikes", "_restore_from_full_state"),
    ),
    (CythonCodeObject, ("compile_block", "run_block", "templater", "variables_to_namespace")),
    (CythonCodeObject.templater, ("derive", "synapses", "common_group")),
    # By its name, for the package `brian2.devices` hides the module behind an object.
    (importlib.import_module("brian2.devices.device"), ("_auto_target",)),
)

_logger = logging.getLogger("htm_brian.versions")


def objection() -> str:
    """Return why the parts of this Brian2 are not used; empty where they are."""
    version = brian2.__version__
    if ".".join(version.split(".")[:2]) not in TRIED:
        return f"Brian2 {version} was not tried, only {TRIED[0]} to {TRIED[-1]}"
    absent = _absent_parts()
    return f"this Brian2 {version} is another than the one tried: it lacks {absent}" * bool(absent)


def require(what: str) -> None:
    """Refuse a Brian2 that was not tried.

    Parameters
    ----------
    what : str
        That which does not work with another, in the plural.

    Raises
    ------
    InputError
        Which says how to mend it.
    """
    found = objection()
    if found:
        series, release = TRIED[-1].split(".")
        wanted = f"brian2>={TRIED[0]},<{series}.{int(release) + 1}"
        raise InputError(f"{what} need parts of Brian2: {found}; pip install '{wanted}'")


def usable(what: str) -> bool:
    """Return whether this Brian2 was tried; log one line, once, where it was not."""
    found = objection()
    if found:
        _warn_once(f"{what} are left to Brian2: {found}")
    return not found


@functools.cache
def _warn_once(line: str) -> None:
    _logger.warning(line)


@functools.cache
def _absent_parts() -> str:
    return ", ".join(
        f"{getattr(owner, '__name__', type(owner).__name__)}.{name}"
        for owner, names in _PARTS
        for name in names
        if not hasattr(owner, name)
    )

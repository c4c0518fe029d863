"""Compiler settings that make Brian2's generated code two to three times as fast; opt in.

Brian2 leaves speed on the table with GCC for three reasons. Without ``__FAST_MATH__`` the SIMD
versions of `exp` stay hidden. With more than some ten arrays in a loop the compiler gives up
proving that they do not overlap, and does not vectorise. And before the loop in Cython's code stand
some hundred checks of arguments, each of which GCC takes to fail once in ten times: it thinks that
the loop is hardly ever reached, and leaves it as it is. All three are told to it here. Infinite and
NaN values keep their meaning. The flags serve Cython and C++ standalone alike.

Cython's code has, besides, a price for each call, which few or small cells feel most:
`htm_brian.engine.lean_calls` takes most of it away.

Brian2 finds compiled Cython code again by its source only, not by its flags. So code compiled with
these flags has a cache folder of its own, one for each set of flags, compiler and processor.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from brian2.core.preferences import prefs

from htm_brian.engine.lean_calls import use_lean_calls

FLAGS = (
    "-w",
    "-O2",
    "-ftree-vectorize",
    "-fvect-cost-model=dynamic",
    "-ffast-math",
    "-fno-finite-math-only",
    "-march=native",
    "-std=c++11",
    "-D__FAST_MATH__",
    "--param=vect-max-version-for-alias-checks=10000",
    "--param=builtin-expect-probability=100",
)
"""For GCC."""

_logger = logging.getLogger("htm_brian.fast_settings")


@dataclass(frozen=True)
class FastSettings:
    """What `use_fast_settings` did.

    Attributes
    ----------
    applied : bool
        Whether the flags are in force.
    reason : str
        Why they are not; empty where they are.
    flags : tuple of str
        The compiler's flags; empty where Brian2's own are left.
    cache : Path or None
        Folder of compiled Cython code; None where Brian2's own is left.
    lean_calls : bool
        Whether calls of Cython code are lean; not with a Brian2 that was not tried.
    """

    applied: bool
    reason: str
    flags: tuple[str, ...]
    cache: Path | None
    lean_calls: bool


def use_fast_settings(cache: str | os.PathLike[str] | None = None) -> FastSettings:
    """Make Brian2 compile for speed, from here on and in this process.

    Where the compiler is not GCC, nothing is changed, and a warning is logged that says so.

    Parameters
    ----------
    cache : path, optional
        Where compiled Cython code is kept; by default below ``$XDG_CACHE_HOME`` or ``~/.cache``.

    Returns
    -------
    FastSettings
        What was done.

    Examples
    --------
    >>> from brian2 import prefs
    >>> settings = use_fast_settings()
    >>> settings.applied and "-D__FAST_MATH__" in prefs.codegen.cpp.extra_compile_args_gcc
    True
    """
    compiler, reason = find_gcc()
    if reason:
        _logger.warning("fast settings are left out: %s", reason)
        return FastSettings(False, reason, (), None, False)
    folder = Path(cache) if cache is not None else default_cache() / _fingerprint(compiler)
    prefs["codegen.cpp.extra_compile_args_gcc"] = list(FLAGS)
    prefs["codegen.runtime.cython.cache_dir"] = str(folder)
    return FastSettings(True, "", FLAGS, folder, lean_calls=not use_lean_calls())


def default_cache() -> Path:
    """Return the folder below which compiled code is kept.

    Returns
    -------
    Path
        Below ``$XDG_CACHE_HOME`` or ``~/.cache``.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path.home() / ".cache") / "htm_brian" / "cython"


def find_gcc() -> tuple[str, str]:
    """Return what the compiler says of its version, and why it cannot be used (else empty).

    Cython code is compiled by ``$CC`` and ``$CXX``, or else as Python was; C++ standalone by
    ``$CXX`` or ``g++``. All must be GCC.

    Returns
    -------
    versions, reason : str
        One of them is empty.
    """
    if sys.platform == "win32":
        return "", "the flags are for GCC, and Brian2 uses Microsoft's compiler here"
    commands = [
        os.environ.get("CC", "") or str(sysconfig.get_config_var("CC") or "gcc"),
        os.environ.get("CXX", "") or str(sysconfig.get_config_var("CXX") or "g++"),
        os.environ.get("CXX", "") or "g++",
    ]
    versions = []
    for command in dict.fromkeys(commands):
        if shutil.which(command.split()[0]) is None:
            return "", f"no compiler {command!r} was found; install gcc and g++"
        said = subprocess.run(
            [*command.split(), "--version"], capture_output=True, text=True, check=False
        ).stdout
        if "Free Software Foundation" not in said:
            name = said.partition("\n")[0] or "unknown"
            return "", f"the flags are for GCC, and {command!r} is another compiler ({name})"
        versions.append(said.partition("\n")[0])
    return "; ".join(versions), ""


def _fingerprint(compiler: str) -> str:
    """Return a name that differs wherever ``-march=native`` code could differ."""
    told = "\n".join((*FLAGS, compiler, platform.machine(), _processor(), sys.version))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _processor() -> str:
    """Return what Linux tells of the processor's instruction sets, elsewhere its name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    kept = {line for line in lines if line.startswith(("model name", "flags", "Features"))}
    return "\n".join(sorted(kept))

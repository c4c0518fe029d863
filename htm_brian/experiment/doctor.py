"""Examines an installation: versions, compiler, code paths, cache; tells what mends it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from htm_brian.engine import versions
from htm_brian.engine.fast_settings import default_cache, find_gcc
from htm_brian.experiment.packages import DISTRIBUTION_OF_PACKAGE, EXTRA_OF_PACKAGE
from htm_brian.experiment.protocol import Table
from htm_brian.experiment.results import PACKAGES

OK, ABSENT, FAIL = "ok", "absent", "FAIL"
"""What is found of a part; what is absent may be done without."""

PATIENCE = 300
"""Seconds that a code path may take; compiling its one piece of code takes ten."""

PROBE = """
import sys
from brian2 import Network, NeuronGroup, device, ms, prefs, set_device
path, folder = sys.argv[1:]
if path == "standalone":
    set_device("cpp_standalone", directory=folder)
else:
    prefs.codegen.target = path
    prefs.codegen.runtime.cython.cache_dir = folder
group = NeuronGroup(3, "dv/dt = -v/(10*ms) : 1", method="exact")
group.v = 1
Network(group).run(10*ms)
assert abs(group.v[1] - 0.36788) < 1e-4, group.v[1]
"""
"""Decays to 1/e on one code path."""

COMPILER_REMEDY = "install one: on Debian, apt install g++ python3-dev; on macOS, Xcode's tools"


@dataclass(frozen=True)
class Finding:
    """One part of an installation.

    Parameters
    ----------
    part, found : str
        What was looked at, and what it is like.
    state : str
        One of `OK`, `ABSENT`, `FAIL`.
    remedy : str
        What mends it, where there is something to mend.
    """

    part: str
    found: str
    state: str = OK
    remedy: str = ""


def examine(compiling: bool = True) -> Iterator[Finding]:
    """Yield one finding after the other.

    Parameters
    ----------
    compiling : bool
        Whether the code paths that compile are tried, which takes some 20 s.
    """
    yield _python()
    yield from _packages()
    yield from _compiler()
    for path in ("numpy", "cython", "standalone") if compiling else ("numpy",):
        yield _code_path(path)
    yield _cache()
    yield from _extras()


def table(findings: list[Finding]) -> Table:
    """Return the findings for people."""
    rows = [[each.part, each.found, each.state, each.remedy] for each in findings]
    return Table(["part", "found", "state", "to mend it"], rows)


def _python() -> Finding:
    found = f"{platform.python_version()}, {platform.platform()}, {os.cpu_count()} processors"
    return Finding("Python", found)


def _packages() -> Iterator[Finding]:
    for package in PACKAGES:
        try:
            version = metadata.version(package)
        except metadata.PackageNotFoundError:
            yield Finding(package, "not installed", FAIL, f"pip install {package}")
            continue
        objection = versions.objection() if package == "brian2" else ""
        if objection:
            wanted = f"pip install 'brian2~={versions.TRIED[-1]}.0'"
            yield Finding(package, objection, FAIL, f"networks that learn need another: {wanted}")
        else:
            yield Finding(package, version)


def _compiler() -> Iterator[Finding]:
    said, reason = find_gcc()
    if reason:
        yield Finding("compiler", reason, ABSENT, COMPILER_REMEDY)
    else:
        yield Finding("compiler", said)
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if header.exists():
        yield Finding("headers of Python", str(header.parent))
    else:
        yield Finding("headers of Python", f"no {header}", ABSENT, COMPILER_REMEDY)


def _code_path(path: str) -> Finding:
    """Run the probe in a process of its own, with an empty cache."""
    part = f"code path {path}"
    remedy = {
        "numpy": "reinstall Brian2 and NumPy: pip install --force-reinstall brian2",
        "cython": f"{COMPILER_REMEDY}; meanwhile use --set codegen=numpy",
        "standalone": f"{COMPILER_REMEDY}; only scripts of your own use it",
    }[path]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-c", PROBE, path, folder],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Finding(part, f"no end after {PATIENCE} s", FAIL, remedy)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return Finding(part, lines[-1].strip() if lines else "no word of why", FAIL, remedy)
    return Finding(part, f"works; {time.monotonic() - started:.1f} s from nothing")


def _cache() -> Finding:
    folder = default_cache()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    found = f"{folder}: {size / 1e6:.0f} MB; {free / 1e9:.1f} GB free"
    if not os.access(there, os.W_OK):
        remedy = "let XDG_CACHE_HOME name a folder that you may write to"
        return Finding("compiled code", f"{found}; not writable", FAIL, remedy)
    if free < 200e6:
        return Finding("compiled code", found, FAIL, f"make room; {folder} may be deleted")
    return Finding("compiled code", found)


def _extras() -> Iterator[Finding]:
    for package, extra in EXTRA_OF_PACKAGE.items():
        distribution = DISTRIBUTION_OF_PACKAGE.get(package, package)
        part = f"extra [{extra}], {distribution}"
        if importlib.util.find_spec(package) is None:
            yield Finding(part, "not installed", ABSENT, _way_to(distribution))
        else:
            yield Finding(part, metadata.version(distribution))


def _way_to(distribution: str) -> str:
    """Return how a package of an extra is installed, or why it cannot be here."""
    if distribution == "brian2cuda" and sys.version_info[:2] != (3, 12):
        return "needs Python 3.12, and a graphics card"
    return f"pip install {distribution}"

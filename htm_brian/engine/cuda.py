"""Level 1 on a graphics card, as a program of Brian2CUDA's device ``cuda_standalone``.

Brian2CUDA 1.0b1 is made for Brian2 2.10.1 and so for Python 3.12. What this package reaches for in
Brian2, and what becomes of it on the card:

==============================  ====================================================================
of this package                 on the card
==============================  ====================================================================
cells, branches, methods of     as they are: they are text, which Brian2CUDA turns into kernels
integration, sums over branches
draws of release                the same numbers as on every other path, and so the same vesicles
fast settings, lean calls       not in force: they are GCC's and Cython's
rewiring, queues, stretches     refused, as on every standalone device: a network that learns runs
of a run, checkpoints           in runtime mode only
==============================  ====================================================================

Some places in Brian2CUDA's templates stand in the way, and `use_cuda` mends them in memory
(`MENDS`); after Brian2's own ``set_device("cuda_standalone")`` they are as they were.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import brian2
import jinja2
from brian2.codegen.templates import Templater
from brian2.core.preferences import prefs
from brian2.devices.device import set_device

from htm_brian.errors import InputError

TRIED = {"brian2cuda": "1.0b1", "brian2": "2.10.1"}
"""Brian2CUDA asks for this Brian2 exactly."""

NVCC_FLAGS = ("-w",)
HOST_FLAGS = ("-w", "-O2")
"""For GCC below nvcc. Brian2's own ask for C++11, and for all that this processor has, which nvcc
cannot always read."""

_VECTOR_CODE = "{{vector_code|autoindent}}"
_ADVANCE = """\
        {% if varname in spikegenerator_eventspaces %}
        brian::previous_idx{{varname}} = brian::current_idx{{varname}};
        {% endif %}
        brian::current_idx{{varname}} = (brian::current_idx{{varname}} + 1) % brian::dev{{varname}}.size();
"""  # noqa: E501
MENDS: dict[str, tuple[tuple[str, str], ...]] = {
    # A synapse takes a random number of its own, not one by its position among those of its
    # presynaptic cell, which all cells that spike in a step have in common; and a statement may
    # name `i` and `j`, which loops around it are counted by. Delays are counted by the synapses'
    # own clock, not by the default one, which need not be there.
    "synapses.cu": (
        (_VECTOR_CODE, "{\n_vectorisation_idx = _idx;\n" + _VECTOR_CODE + "\n}"),
        ("if (defaultclock.timestep[0] >=", "if ({{owner.clock.name}}.timestep[0] >="),
    ),
    # A reset may need the time both for all cells and for each.
    "reset.cu": ((_VECTOR_CODE, "{\n" + _VECTOR_CODE + "\n}"),),
    # Spikes wait in their group's own steps, not in those of the finest clock.
    "network.cu": (
        (
            _ADVANCE,
            "if (curclocks.find(&brian::{{var.owner.clock.name}}) != curclocks.end())\n{\n"
            + _ADVANCE
            + "}\n",
        ),
    ),
    # Runs that begin in the same second have different noise.
    "objects.cu": (
        ("#include <chrono>\n", "#include <chrono>\n#include <random>\n"),
        (
            "unsigned long long seed = time(0);",
            "std::random_device entropy;\n"
            "unsigned long long seed = ((unsigned long long) entropy() << 32) | entropy();",
        ),
    ),
    # Thrust, as CUDA 13 brings it, needs C++17.
    "makefile": (("-std=c++11", "-std=c++17"),),
}
"""By template, what takes the place of a text, wherever that stands."""


def objection() -> str:
    """Return why nothing can run on a card here, in one line; empty where it can."""
    found = _installed("brian2cuda")
    if found is None:
        here = ".".join(map(str, sys.version_info[:2]))
        return (
            "Brian2CUDA is not installed; it needs Python 3.12 and Brian2 2.10.1, and this is "
            f"Python {here} with Brian2 {brian2.__version__}: pip install 'htm-brian[cuda]' there"
        )
    for package, there in (("brian2cuda", found), ("brian2", brian2.__version__)):
        if there != TRIED[package]:
            return f"{package} {there} was not tried with a card, only {TRIED[package]}"
    if not _has_compiler():
        return "there is no CUDA compiler: put nvcc on the path, or name its folder by CUDA_PATH"
    return _no_card()


def use_cuda(directory: str | os.PathLike[str] | None = None, *, build_on_run: bool = True) -> None:
    """Let Brian2 build a program for the graphics card, from here on and in this process.

    It takes the place of ``set_device("cuda_standalone", ...)``.

    Parameters
    ----------
    directory : path, optional
        Where the program is written; by default a new folder below that for temporary files.
    build_on_run : bool
        As of Brian2's `set_device`: False to build by ``device.build()``, after several runs.

    Raises
    ------
    InputError
        Where there is no card, no compiler, no Brian2CUDA, or a version that was not tried.
    """
    why_not = objection()
    if why_not:
        raise InputError(f"nothing can run on a graphics card: {why_not}")
    prepare()
    set_device(
        "cuda_standalone",
        directory=None if directory is None else str(directory),
        build_on_run=build_on_run,
    )


def prepare() -> None:
    """Import Brian2CUDA, mend its templates and set the flags of its compilers."""
    with warnings.catch_warnings():
        # Its patterns have escapes that Python 3.12 warns of, when it compiles them first.
        warnings.simplefilter("ignore", SyntaxWarning)
        package = importlib.import_module("brian2cuda")
    mend(package.CUDAStandaloneCodeObject.templater)
    prefs["codegen.cpp.extra_compile_args_gcc"] = list(HOST_FLAGS)
    prefs["devices.cuda_standalone.cuda_backend.extra_compile_args_nvcc"] = list(NVCC_FLAGS)


def mend(templater: Templater) -> None:
    """Let `templater` give Brian2CUDA's templates with `MENDS`.

    Raises
    ------
    InputError
        Where a template is not the one that was tried.
    """
    environment = templater.env
    loader = environment.loader
    if isinstance(loader, _Mended):
        return
    mended = {}
    for name, changes in MENDS.items():
        text = loader.get_source(environment, name)[0]
        for old, new in changes:
            if old not in text:
                raise InputError(
                    f"Brian2CUDA's template {name} is another than that of {TRIED['brian2cuda']}, "
                    f"which was tried: pip install 'brian2cuda=={TRIED['brian2cuda']}'"
                )
            text = text.replace(old, new)
        mended[name] = text
    environment.loader = _Mended([jinja2.DictLoader(mended), loader])
    # Brian2 and Jinja both keep what they have loaded.
    environment.cache.clear()
    templater.templates._templates.clear()


class _Mended(jinja2.ChoiceLoader):
    """Looks for a template among the mended ones first."""


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _has_compiler() -> bool:
    """Return whether there is an nvcc where Brian2CUDA looks for it."""
    folders = (os.environ.get("CUDA_PATH", ""), "/usr/local/cuda", "/opt/cuda")
    there = any(folder and (Path(folder) / "bin" / "nvcc").exists() for folder in folders)
    return there or shutil.which("nvcc") is not None


def _no_card() -> str:
    """Return why there is no card, as the driver's own program says it; empty where there is."""
    if shutil.which("nvidia-smi") is None:
        return "there is no graphics card of NVIDIA's, or no driver for it (no nvidia-smi)"
    told = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    if told.returncode != 0 or "GPU 0" not in told.stdout:
        said = (told.stdout or told.stderr).strip().partition("\n")[0]
        return f"nvidia-smi finds no graphics card ({said or 'it says nothing'})"
    return ""

"""Keeps Brian2 from compiling what NumPy does as well, and lets processes share the rest.

Compiling one piece of Cython code takes three to twelve seconds. A first run waited longest for
pieces that are called once (connecting synapses) or that call back into Python anyway.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from brian2.codegen.codeobject import create_runner_codeobj
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.base import BrianObject
from brian2.core.preferences import prefs
from brian2.devices.device import get_device
from brian2.synapses.synapses import Synapses, SynapticPathway
from numpy.typing import ArrayLike

from htm_brian.engine.fast_settings import use_fast_settings
from htm_brian.engine.lean_calls import PREFERENCE

COMPILER_PREFERENCES = (
    "codegen.target",
    "codegen.cpp.extra_compile_args_gcc",
    "codegen.runtime.cython.cache_dir",
    PREFERENCE,
)


@contextmanager
def code_generation(target: str) -> Iterator[None]:
    """Let Brian2 generate code for `target`, with the fast settings where it is compiled.

    Parameters
    ----------
    target : {"auto", "cython", "numpy"}
    """
    before = {name: prefs[name] for name in COMPILER_PREFERENCES}
    prefs.codegen.target = target
    if target != "numpy":
        use_fast_settings()
    try:
        yield
    finally:
        for name, value in before.items():
            prefs[name] = value


@contextmanager
def uncompiled() -> Iterator[None]:
    """Let what Brian2 generates meanwhile be NumPy code.

    For work that is done once, and for small or short runs: compiling would take longer.
    """
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    try:
        yield
    finally:
        prefs.codegen.target = before


def connect_pairs(synapses: Synapses, presynaptic: ArrayLike, postsynaptic: ArrayLike) -> None:
    """Make one synapse for each pair, without compiling anything.

    Parameters
    ----------
    synapses : Synapses
        Of a network for Brian2's runtime device.
    presynaptic, postsynaptic : array_like of int, shape (n_synapses,)
        Indices of the cells.
    """
    with uncompiled():
        synapses.connect(i=presynaptic, j=postsynaptic)


def compile_apart(objects: Iterable[BrianObject]) -> None:
    """Generate and compile the code of `objects`, in an order of this process's own.

    Brian2 would do it in the order of the network. Processes that need the same code would then
    wait for each other's compiler, piece by piece; so they take different pieces, and find the rest
    done by the others. Preparing a network afterwards finds all its code compiled.

    Parameters
    ----------
    objects : iterable of BrianObject
        Of one network, complete and connected.
    """
    if get_device().code_object_class() is NumpyCodeObject:
        return
    shuffled = [item for item in objects if item.active]
    random.Random(os.getpid()).shuffle(shuffled)
    for item in shuffled:
        item.before_run({})


def push_from_python(pathway: SynapticPathway) -> None:
    """Give `pathway` NumPy code that hands spikes to its queue; Cython's calls Python too."""
    if pathway._pushspikes_codeobj is None:
        events = f"_{pathway.event}space"
        pathway._pushspikes_codeobj = create_runner_codeobj(
            pathway,
            "",
            "synapses_push_spikes",
            name=f"{pathway.name}_push_spikes",
            check_units=False,
            additional_variables=pathway.variables,
            needed_variables=[events],
            template_kwds={"eventspace_variable": pathway.source.variables[events]},
            run_namespace={},
            codeobj_class=NumpyCodeObject,
        )

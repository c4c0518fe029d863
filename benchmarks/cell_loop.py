"""One step of a Brian2 group's state update as a bare C++ loop over copies of its arrays."""

from __future__ import annotations

import ctypes
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import shared_library
from brian2 import NeuronGroup
from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.core.variables import ArrayVariable, Constant
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from numpy.typing import NDArray

from htm_brian.engine.fast_settings import FLAGS

SOURCE = """
#include <cmath>
#include <cstdint>
#include <cstdlib>
using std::abs;
{support}
extern "C" void step(const int64_t n, void **arrays) {{
{pointers}
{scalar}
// What no flag tells the compiler: the arrays do not overlap.
#pragma GCC ivdep
    for (int64_t _idx = 0; _idx < n; _idx++) {{
{vector}
    }}
}}
"""


class CellLoop:
    """The compiled loop, and the arrays that it works on.

    Parameters
    ----------
    folder : path
        Where it is compiled.
    group : NeuronGroup
        Prepared for running; its state is copied.
    """

    def __init__(self, folder: Path, group: NeuronGroup) -> None:
        updater = group.state_updater
        variables = updater.codeobj.variables
        scalars = {name: "0" for name, each in variables.items() if getattr(each, "scalar", False)}
        generator = CPPCodeGenerator(
            variables,
            defaultdict(lambda: "_idx", scalars),
            owner=group,
            iterate_all=["_idx"],
            codeobj_class=CPPStandaloneCodeObject,
            name="loop",
            template_name="stateupdate",
        )
        scalar, vector, others = generator.translate({None: updater.abstract_code}, np.float64)
        lines = [*scalar[None], *vector[None]]
        pointers = sorted(set(re.findall(r"\b_ptr_array_\w+", "\n".join(lines))))
        owners = {
            generator.get_array_name(each): each
            for each in variables.values()
            if isinstance(each, ArrayVariable)
        }
        kinds = {np.dtype("float64"): "double", np.dtype("int32"): "int32_t"}
        self._arrays, declarations = [], []
        for place, pointer in enumerate(pointers):
            array = np.array(owners[pointer].get_value(), ndmin=1)
            self._arrays.append(array)
            declarations.append(f"auto {pointer} = ({kinds[array.dtype]} *)arrays[{place}];")
        text = "\n".join(lines)
        for name, each in variables.items():  # a unit in an equation is one of these
            if isinstance(each, Constant) and re.search(rf"\b{name}\b", text):
                declarations.append(f"const double {name} = {float(each.get_value())!r};")
        self._names = pointers
        self._n = len(group)
        source, library = folder / "loop.cpp", folder / "loop.so"
        source.write_text(
            SOURCE.format(
                support="\n".join(others["support_code_lines"]),
                pointers="\n".join(declarations),
                scalar="\n".join(scalar[None]),
                vector="\n".join(vector[None]),
            )
        )
        shared_library.build("g++", FLAGS, source, library)
        self._step = ctypes.CDLL(str(library)).step
        addresses = [array.ctypes.data for array in self._arrays]
        self._addresses = (ctypes.c_void_p * len(addresses))(*addresses)

    def step(self) -> None:
        """Do one step."""
        self._step(ctypes.c_int64(self._n), self._addresses)

    def value(self, pointer: str) -> NDArray[np.float64]:
        """Return the array behind a pointer, ``_ptr_array_GROUP_VARIABLE``."""
        return self._arrays[self._names.index(pointer)]


@contextmanager
def cell_loop(group: NeuronGroup) -> Iterator[CellLoop | None]:
    """Compile the loop; None without g++."""
    if shutil.which("g++") is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        yield CellLoop(Path(folder), group)

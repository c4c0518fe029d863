"""Brian2's Cython code without what each call does before its loop begins; opt in.

A call of Brian2's code looks up two or three names for each array, and has Python's buffer protocol
check its type and layout: 0.15 us an array, as long as the work on a hundred small cells. But what
the names stand for is settled when the code object is made, for Brian2 hands it the same arrays and
constants from then on. So they are looked up and checked once, here, and the code finds the
addresses and lengths of the arrays, and the constants, in one table.

Only the text before the loop changes, and what is not recognised in it stays: Brian2's own arrays
that may be exchanged between calls, C++ arrays (`DynamicArrayVariable` from Brian2 2.10 on), arrays
of more than one dimension, Python objects. C++ standalone has no such calls.

An address is safe as long as its memory is. So it is taken only of memory that NumPy owns, and the
code object keeps a reference to the array: NumPy frees such memory with the last reference. Memory
of others, such as that of a C++ array, which moves when the array grows, is asked for at each call.
"""

from __future__ import annotations

import importlib
import logging
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
from brian2.codegen.targets import codegen_targets
from brian2.core.preferences import BrianPreference, prefs
from numpy.typing import NDArray

from htm_brian.engine.versions import objection, usable

PREFERENCE = "htm_brian.lean_calls"
TABLE = "_lean_table"
"""Name of the table in a code object's namespace."""

prefs.register_preferences(
    "htm_brian",
    "Preferences of htm_brian",
    lean_calls=BrianPreference(
        default=False,
        docs="Whether Cython code keeps the addresses of its arrays from one call to the next.",
    ),
)

_logger = logging.getLogger("htm_brian.lean_calls")

_MAIN = "def main(_namespace):\n"
_START = f"    cdef int64_t * {TABLE} = <int64_t *> (<_numpy.ndarray> _namespace['{TABLE}']).data\n"
_BUFFER = re.compile(
    r"^ +cdef _numpy\.ndarray\[(?P<type>\w+), ndim=1, mode='c'(?P<cast>, cast=True)?\]"
    r" _buf_(?P<name>\w+) = _namespace\['(?P=name)'\]\n",
    re.MULTILINE,
)
_DATA = re.compile(r"\b_buf_(?P<name>\w+)\.data\b")
_LENGTH = re.compile(r"\blen\(_namespace\['(?P<name>\w+)'\]\)")
_CONSTANT = re.compile(
    r"^(?P<start> +cdef (?P<type>double|int32_t|int64_t) (?P<name>\w+) = )"
    r'_namespace\["(?P=name)"\]$',
    re.MULTILINE,
)
_OBJECT = re.compile(r'^ +(?P<name>\w+) = _namespace\["(?P=name)"\]\n', re.MULTILINE)
_OWNER = "    if '_owner' in _namespace:\n        _owner = _namespace['_owner']\n"

_TYPES = {"double": "f8", "float": "f4", "int32_t": "i4", "int64_t": "i8", "uint64_t": "u8"}


@dataclass
class LeanCode:
    """Cython code that takes from a table what Brian2's looks up.

    Attributes
    ----------
    source : str
        The code.
    table : ndarray of int64, shape (n_entries,)
        Addresses, lengths and constants; of a floating-point number its bits.
    arrays : list of ndarray
        Those whose addresses are in the table.
    """

    source: str
    table: NDArray[np.int64]
    arrays: list[NDArray[Any]] = field(repr=False)


def lean_code(source: str, namespace: Mapping[str, Any], changing: Collection[str]) -> LeanCode:
    """Return Cython code of Brian2 with a table in the place of most of its namespace.

    Parameters
    ----------
    source : str
        What Brian2 wrote.
    namespace : mapping
        The values of its names.
    changing : collection of str
        Names whose values are exchanged between calls: they are looked up at each.
    """
    uses = Counter(re.findall(r"\w+", source))
    arrays: dict[str, NDArray[Any]] = {}
    table: list[np.int64] = []

    def entry(value: np.int64) -> str:
        table.append(value)
        return f"{TABLE}[{len(table) - 1}]"

    def buffer(found: re.Match[str]) -> str:
        name = found["name"]
        array: Any = namespace.get(name)
        # Used twice: here and for its data.
        if name in changing or uses[f"_buf_{name}"] != 2 or not _passes(array, found):
            return found[0]
        arrays[name] = array
        return ""

    def data(found: re.Match[str]) -> str:
        array = arrays.get(found["name"])
        return found[0] if array is None else entry(np.int64(array.ctypes.data))

    def length(found: re.Match[str]) -> str:
        array = arrays.get(found["name"])
        return found[0] if array is None else entry(np.int64(len(array)))

    def constant(found: re.Match[str]) -> str:
        value = namespace.get(found["name"])
        if found["name"] in changing or not isinstance(value, (int, float, np.number)):
            return found[0]
        if found["type"] == "double":
            place = entry(np.float64(value).view(np.int64))
            return f"{found['start']}(<double *> &{place})[0]"
        if int(value) != value or not _fits(int(value), found["type"]):
            return found[0]
        return found["start"] + entry(np.int64(value))

    def unused(found: re.Match[str]) -> str:
        return "" if uses[found["name"]] == 2 else found[0]

    for pattern, change in (
        (_BUFFER, buffer),
        (_DATA, data),
        (_LENGTH, length),
        (_CONSTANT, constant),
        (_OBJECT, unused),
    ):
        source = pattern.sub(change, source)
    if uses["_owner"] == _OWNER.count("_owner"):
        source = source.replace(_OWNER, "", 1)
    if len(table) > 0:
        source = source.replace(_MAIN, _MAIN + _START, 1)
    return LeanCode(source, np.array(table, dtype=np.int64), list(arrays.values()))


def _passes(array: object, buffer: re.Match[str]) -> bool:
    """Return whether Cython would take `array` for a buffer of this type."""
    if not isinstance(array, np.ndarray) or array.ndim != 1 or not _kept_by_reference(array):
        return False
    if buffer["cast"]:
        same = buffer["type"] == "char" and array.itemsize == 1
    else:
        same = buffer["type"] in _TYPES and array.dtype == np.dtype(_TYPES[buffer["type"]])
    return bool(same and array.flags.c_contiguous and array.flags.aligned)


def _kept_by_reference(array: NDArray[Any]) -> bool:
    """Return whether a reference to `array` keeps its memory where it is."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    return bool(owner.flags.owndata)


def _fits(value: int, type_name: str) -> bool:
    limits = np.iinfo(np.int32 if type_name == "int32_t" else np.int64)
    return bool(limits.min <= value <= limits.max)


class LeanCythonCodeObject(CythonCodeObject):
    """Brian2's Cython target; lean where the preference says so when the object is made.

    Attributes
    ----------
    lean : LeanCode or None
        What it runs; None where that is Brian2's own code.
    """

    def __init__(self, *args: Any, **kwds: Any) -> None:
        super().__init__(*args, **kwds)
        self._plain = self.code.run
        self.lean: LeanCode | None = None
        if prefs[PREFERENCE]:
            changing = {name for name, _ in self.nonconstant_values}
            self.lean = lean_code(self._plain, self.namespace, changing)
            self.code.run = self.lean.source
            self.namespace[TABLE] = self.lean.table

    def compile_block(self, block: str) -> Any:
        """Compile; should the compiler refuse the lean code, Brian2's own."""
        if block != "run" or self.lean is None:
            return super().compile_block(block)
        try:
            return super().compile_block(block)
        except Exception as error:
            self._become_plain()
            compiled = super().compile_block(block)
            _logger.warning("%s runs as Brian2 wrote it: %s", self.name, error)
            return compiled

    def __call__(self, **kwds: Any) -> Any:
        """Run, with other values for some names if any are given."""
        if self.lean is None or self.nonconstant_values or kwds:
            if self.lean is not None and kwds:
                self._become_plain()
                self.compiled_code["run"] = self.compile_block("run")
            return super().__call__(**kwds)
        return self.run_block("run")

    def _become_plain(self) -> None:
        self.lean = None
        self.code.run = self._plain


def use_lean_calls() -> str:
    """Let Brian2 generate lean Cython code, from here on; return why it cannot (else empty).

    The preference ``htm_brian.lean_calls`` switches it off and on again.
    """
    if not usable("calls of Cython code"):
        return objection()
    codegen_targets.discard(CythonCodeObject)
    codegen_targets.add(LeanCythonCodeObject)
    # By its name, for the package `brian2.devices` hides the module behind an object.
    devices: Any = importlib.import_module("brian2.devices.device")
    if devices._auto_target is CythonCodeObject:
        devices._auto_target = LeanCythonCodeObject
    prefs[PREFERENCE] = True
    return ""

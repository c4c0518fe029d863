"""Brian2's random numbers, as they can be put back.

NumPy's global generator serves the whole process. Compiled code draws from it 20,000 numbers at a
time and hands them out one by one; Brian2 stores the address of these numbers only, where others
are a moment later, and nothing in another process. Here the numbers that come next are stored.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from brian2.codegen.generators import cython_generator
from brian2.devices.device import get_device
from numpy.typing import NDArray

_KINDS = ("rand", "randn")
_BUFFER = cython_generator._BUFFER_SIZE


def random_state() -> dict[str, Any]:
    """Return NumPy's global generator, and what compiled code has drawn in advance.

    Returns
    -------
    dict
        ``numpy``; ``rand`` and ``randn``, each a float array of the numbers that come next.
    """
    device = get_device()
    name, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)  # noqa: NPY002
    drawn = {}
    for kind in _KINDS:
        address = int(getattr(device, f"{kind}_buffer")[0])
        index = int(getattr(device, f"{kind}_buffer_index")[0])
        # At 0 the next call draws anew, whatever is in the memory.
        drawn[kind] = _memory(address)[index:].copy() if index and address else np.empty(0)
    return {"numpy": (str(name), keys, int(position), int(has_gauss), float(gauss)), **drawn}


def set_random_state(state: dict[str, Any]) -> None:
    """Go back to what `random_state` returned.

    Parameters
    ----------
    state : dict
    """
    device = get_device()
    np.random.set_state(state["numpy"])  # noqa: NPY002
    for kind in _KINDS:
        coming, buffer = state[kind], getattr(device, f"{kind}_buffer")
        if len(coming) and not buffer[0]:
            buffer[0] = _own_memory()
        if len(coming):
            _memory(int(buffer[0]))[_BUFFER - len(coming) :] = coming
        getattr(device, f"{kind}_buffer_index")[0] = (_BUFFER - len(coming)) % _BUFFER


@contextmanager
def own_memory_kept() -> Iterator[None]:
    """Let Brian2 restore a state from a file without the addresses in it, which are another's.

    Compiled code draws anew after that.
    """
    device = get_device()
    before = {kind: int(getattr(device, f"{kind}_buffer")[0]) for kind in _KINDS}
    try:
        yield
    finally:
        for kind, address in before.items():
            getattr(device, f"{kind}_buffer")[0] = address
            getattr(device, f"{kind}_buffer_index")[0] = 0


def _memory(address: int) -> NDArray[np.float64]:
    """Return the numbers that compiled code has drawn, as they lie in memory."""
    return np.ctypeslib.as_array((ctypes.c_double * _BUFFER).from_address(address))


def _own_memory() -> int:
    """Return the address of memory for them, which compiled code frees when it draws anew."""
    # It takes its own from NumPy in the same way, and lets NumPy forget it.
    numbers = np.zeros(_BUFFER)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(numbers))
    return int(numbers.ctypes.data)

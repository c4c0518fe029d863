# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""Which slots of a `Synapses` object hold a synapse, and what follows from that in Brian2.

Every synapse of the Brian2 object is a slot. `mark_slots` gives each of them the variable `in_use`,
lets summed variables pass over those that are not, and empties the counts of synapses per cell,
which `occupy` and `vacate` then keep.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.devices.device import get_device
from brian2.synapses.synapses import SummedVariableUpdater, Synapses
from numba import njit
from numpy.typing import NDArray

from htm_brian.engine.arrays import ends, raw
from htm_brian.engine.lean_calls import LeanCythonCodeObject
from htm_brian.errors import InputError

IN_USE = "in_use"
"""Variable of the synapses: whether a slot holds one. Code of the user's may read it."""


class SumInCython(LeanCythonCodeObject):
    """Cython code of a sum over the slots that are in use."""

    templater = CythonCodeObject.templater.derive("htm_brian.engine")


class SumInNumpy(NumpyCodeObject):
    """NumPy code of a sum over the slots that are in use."""

    templater = NumpyCodeObject.templater.derive("htm_brian.engine")


class SumOfSlots(SummedVariableUpdater):
    """Sums a variable over the slots that are in use; of others it evaluates nothing."""

    def create_code_objects(self, run_namespace: dict[str, Any]) -> None:
        """Generate code with templates of ours."""
        target = get_device().code_object_class(self.group.codeobj_class)
        compiled = issubclass(target, CythonCodeObject)
        self.codeobj_class = SumInCython if compiled else SumInNumpy
        super().create_code_objects(run_namespace)


def mark_slots(synapses: Synapses) -> None:
    """Give each synapse the variable `in_use`, and let summed variables heed it.

    Raises
    ------
    InputError
        Where the synapses have a variable of that name already.
    """
    if IN_USE in synapses.variables:
        raise InputError(f"{synapses.name} must have no variable {IN_USE!r} of its own; rename it")
    synapses.variables.add_dynamic_array(IN_USE, size=len(synapses), dtype=np.bool_)
    synapses.register_variable(synapses.variables[IN_USE])
    for updater in synapses.summed_updaters.values():
        # Brian2 offers no other place to say of which class an updater is.
        updater.__class__ = SumOfSlots
        updater.needed_variables = [*updater.needed_variables, IN_USE]
        updater.template_kwds = updater.template_kwds | {"_in_use_var": synapses.variables[IN_USE]}


def occupy(
    synapses: Synapses,
    slots: NDArray[np.int32],
    presynaptic: NDArray[np.int32],
    postsynaptic: NDArray[np.int32],
    offsets: tuple[int, int] = (0, 0),
) -> None:
    """Write the cells of synapses into `slots`, and count them as in use.

    Parameters
    ----------
    synapses : Synapses
    slots, presynaptic, postsynaptic : ndarray of int, shape (n_synapses,)
        The slots, and the cells counted from the first of a subgroup.
    offsets : tuple of int
        Number of that first cell of source and target.
    """
    pre, post = ends(synapses)
    outgoing, incoming, in_use = _counts(synapses)
    cells = presynaptic, postsynaptic
    _occupy(pre, post, outgoing, incoming, in_use, slots, cells, offsets)


def vacate(synapses: Synapses, slots: Any) -> None:
    """Count `slots` as in use no more."""
    pre, post = ends(synapses)
    outgoing, incoming, in_use = _counts(synapses)
    _vacate(pre, post, outgoing, incoming, in_use, slots)


def vacate_all(synapses: Synapses) -> None:
    """Count no slot as in use."""
    for counts in _counts(synapses):
        counts[:] = 0


def _counts(synapses: Synapses) -> list[NDArray[Any]]:
    """Return the synapses of each source, those of each target, and whether a slot holds one."""
    return [raw(synapses, name) for name in ("N_outgoing", "N_incoming", IN_USE)]


@njit(cache=True)
def _occupy(pre, post, outgoing, incoming, in_use, slots, cells, offsets):
    if len(slots) == len(in_use) or _count_used(in_use, slots) == outgoing.sum():
        outgoing[:] = 0
        incoming[:] = 0
    else:
        _vacate(pre, post, outgoing, incoming, in_use, slots)
    # One array after the other: slots in any order reach more memory than is kept near at once.
    _write(pre, slots, cells[0], offsets[0])
    _write(post, slots, cells[1], offsets[1])
    for slot in slots:
        in_use[slot] = True
    for k in range(len(slots)):
        outgoing[cells[0][k] + offsets[0]] += 1
        incoming[cells[1][k] + offsets[1]] += 1


@njit(cache=True)
def _count_used(in_use, slots):
    used = 0
    for slot in slots:
        used += in_use[slot]
    return used


@njit(cache=True)
def _write(ends, slots, cells, offset):
    for k in range(len(slots)):
        ends[slots[k]] = cells[k] + offset


@njit(cache=True)
def _vacate(pre, post, outgoing, incoming, in_use, slots):
    for slot in slots:
        if in_use[slot]:
            outgoing[pre[slot]] -= 1
            incoming[post[slot]] -= 1
            in_use[slot] = False


@njit(cache=True)
def first_repeated(slots, n_slots):
    """Return the first slot that is named twice; -1 where each is named once."""
    falls = 0
    for k in range(1, len(slots)):
        falls += slots[k] <= slots[k - 1]
    if falls == 0:
        return -1
    seen = np.zeros(n_slots, dtype=np.bool_)
    for slot in slots:
        if seen[slot]:
            return slot
        seen[slot] = True
    return -1

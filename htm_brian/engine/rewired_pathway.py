"""Pathways of a `Synapses` object whose spikes pass through a queue of ours.

Brian2 makes the pathways of a `Synapses` object itself, each with a C++ queue that knows the
synapses as they were when the run began; from Brian2 2.10 on, compiled code takes what is due from
that queue without asking Python. `take_over` gives a pathway another queue, and code that asks it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
from brian2.devices.device import RuntimeDevice, get_device
from brian2.synapses.synapses import Synapses, SynapticPathway
from numpy.typing import NDArray

from htm_brian.engine.compiling import push_from_python
from htm_brian.engine.lean_calls import LeanCythonCodeObject
from htm_brian.engine.spike_queue import RewiredQueue
from htm_brian.engine.synapse_lists import Slots, SynapseLists
from htm_brian.engine.versions import require
from htm_brian.errors import InputError


class RewiredCythonCode(LeanCythonCodeObject):
    """Cython code of a pathway that asks a queue written in Python what is due."""

    templater = CythonCodeObject.templater.derive("htm_brian.engine")


class RewiredPathway(SynapticPathway):
    """A pathway of Brian2's after `take_over`."""

    def create_code_objects(self, run_namespace: dict[str, Any]) -> None:
        """Generate code that serves the queue, whatever the target."""
        push_from_python(self)
        target = get_device().code_object_class(self.synapses.codeobj_class)
        self.codeobj_class = RewiredCythonCode if issubclass(target, CythonCodeObject) else target
        super().create_code_objects(run_namespace)

    def _full_state(self) -> dict[str, Any]:
        """Return what Brian2 stores, and delays that were set since the synapses were made."""
        state: dict[str, Any] = super()._full_state()
        state[_DELAYS] = self.variables["delay"].get_value().copy()
        return state

    def _restore_from_full_state(self, state: dict[str, Any]) -> None:
        delays = state[_DELAYS]
        super()._restore_from_full_state({k: v for k, v in state.items() if k != _DELAYS})
        variable = self.variables["delay"]
        variable.resize(len(delays))
        variable.set_value(delays)


_DELAYS = "_delays"


def take_over(pathway: SynapticPathway, lists: SynapseLists, owns_lists: bool) -> RewiredQueue:
    """Let spikes of `pathway` take the way that `lists` names; before the first run.

    Parameters
    ----------
    pathway : SynapticPathway
        Of Brian2's runtime device.
    lists : SynapseLists
        The synapses of each cell from which spikes come.
    owns_lists : bool
        Whether Brian2's `store` keeps the lists with this pathway.

    Returns
    -------
    RewiredQueue
        Through which the spikes pass.
    """
    variable = pathway.variables["delay"]

    def one_delay(slots: Slots) -> float:
        return float(variable.get_value()[0])

    def delays(slots: Slots) -> NDArray[np.float64]:
        found: NDArray[np.float64] = variable.get_value()[slots]
        return found

    delay = one_delay if variable.scalar else delays
    queue = RewiredQueue(lists, delay, pathway.spikes_start, owns_lists)
    # Brian2 offers no other place to say of which class a pathway is.
    pathway.__class__ = RewiredPathway
    pathway.queue = queue
    pathway.variables.add_object("_queue", queue)
    return queue


def pathways(synapses: Synapses) -> list[SynapticPathway]:
    """Return all pathways of `synapses`."""
    return list(synapses._pathways)


def check_rewirable(synapses: Synapses) -> None:
    """Refuse synapses whose pathways cannot be taken over.

    Raises
    ------
    InputError
        Which says why, and what would be right.
    """
    require("synapses that are rewired")
    name = synapses.name
    if not isinstance(get_device(), RuntimeDevice):
        raise InputError(
            f"{name} cannot be rewired on a standalone device; call brian2.set_device('runtime')"
        )
    if any(isinstance(each, RewiredPathway) for each in pathways(synapses)):
        raise InputError(f"{name} must not be structural already; use what it is part of")
    ran = [each.objname for each in pathways(synapses) if len(each.code_objects) > 0]
    if ran:
        raise InputError(
            f"{name} must not have run yet, but pathway {ran[0]!r} did; make it structural before "
            "the first run"
        )

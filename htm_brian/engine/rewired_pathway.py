"""Pathways of a `Synapses` object whose spikes pass through a queue of ours.

Brian2 makes the pathways of a `Synapses` object itself, each with a C++ queue that knows the
synapses as they were when the run began; from Brian2 2.10 on, compiled code takes what is due from
that queue without asking Python. `take_over` gives a pathway another queue, and code that asks it.
"""

from __future__ import annotations

from typing import Any

from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
from brian2.devices.device import get_device
from brian2.synapses.synapses import SynapticPathway

from htm_brian.engine.compiling import push_from_python
from htm_brian.engine.lean_calls import LeanCythonCodeObject
from htm_brian.engine.spike_queue import RewiredQueue
from htm_brian.engine.synapse_lists import SynapseLists


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


def take_over(pathway: SynapticPathway, lists: SynapseLists, owns_lists: bool) -> RewiredQueue:
    """Let spikes of `pathway` take the way that `lists` names; before the first run.

    Parameters
    ----------
    pathway : SynapticPathway
        With one delay for all synapses; of Brian2's runtime device.
    lists : SynapseLists
        The synapses of each cell from which spikes come.
    owns_lists : bool
        Whether Brian2's `store` keeps the lists with this pathway.

    Returns
    -------
    RewiredQueue
        Through which the spikes pass.
    """
    delay = pathway.variables["delay"]
    queue = RewiredQueue(
        lists, lambda: float(delay.get_value()[0]), pathway.spikes_start, owns_lists
    )
    # Brian2 offers no other place to say of which class a pathway is.
    pathway.__class__ = RewiredPathway
    pathway.queue = queue
    pathway.variables.add_object("_queue", queue)
    return queue


def has_one_delay(pathway: SynapticPathway) -> bool:
    """Return whether a pathway has one delay for all its synapses."""
    return bool(pathway.variables["delay"].scalar)

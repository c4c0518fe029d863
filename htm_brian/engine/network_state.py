"""The whole state of a network as plain values and arrays, for a file that is no pickle.

Brian2 stores a network in a form of its own (`Network.store`): pairs of an array and its size,
queues as nested lists, and of random numbers an address (`htm_brian.engine.random_numbers`). From
this state a network goes on bit for bit, also in another process.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.device import get_device

from htm_brian.engine.running import in_a_run
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.errors import InputError

_NAME, _TIME, _RANDOM, _QUEUE = "checkpoint", "0_t", "_random_generator_state", "_spikequeue"


def network_state(network: SteppedNetwork, parts: Collection[str]) -> dict[str, Any]:
    """Return the state of a network between two stretches.

    Parameters
    ----------
    network : SteppedNetwork
    parts : collection of str
        Names of the objects to keep.

    Returns
    -------
    dict
        ``time`` in seconds; ``objects``, by name, with the arrays of the ``variables`` and, in
        ``more``, queues and what else there is; ``clocks``, each by the name of the first object
        that has it, for Brian2 numbers their names; ``random``, the process's random numbers.

    Raises
    ------
    InputError
        In the middle of a run.
    """
    if in_a_run():
        raise InputError("a network can be saved between two elements, not in the middle of a run")
    network.store(_NAME)
    stored, random = network.take(_NAME)
    clocks = _clocks(network, parts)
    return {
        "time": float(stored[_TIME]),
        "objects": {name: _unpaired(stored[name]) for name in sorted(stored) if name in parts},
        "clocks": {owner: _unpaired(stored[name]) for owner, name in clocks.items()},
        "random": random,
    }


def restore_network(network: SteppedNetwork, state: dict[str, Any]) -> None:
    """Put a network that was built alike, and the random numbers, into a state.

    Parameters
    ----------
    network : SteppedNetwork
        Of the same objects.
    state : dict
        As `network_state` returned it.

    Raises
    ------
    InputError
        Where the network has other objects, variables or sizes.
    """
    clocks = _clocks(network, {item.name for item in network.sorted_objects})
    _check_alike(network, state["objects"], clocks.keys() ^ state["clocks"].keys())
    stored = {name: _paired(values) for name, values in state["objects"].items()}
    stored |= {clocks[owner]: _paired(values) for owner, values in state["clocks"].items()}
    network.put(_NAME, {**stored, _TIME: state["time"]}, state["random"])
    try:
        network.restore(_NAME, restore_random_state=True)
    finally:
        network.take(_NAME)


def code_target() -> str:
    """Return what Brian2 generates code for, ``"numpy"`` or ``"cython"``: they draw differently."""
    return str(get_device().code_object_class(None).class_name)


def _unpaired(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the arrays of an object without their sizes, and apart from what else it stores."""
    variables, more = {}, {}
    for name, value in state.items():
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], np.ndarray):
            variables[name] = value[0]
        else:
            more[name] = _flat(value) if name == _QUEUE else value
    return {"variables": variables, "more": more}


def _paired(state: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found = {}
    for name, values in state["variables"].items():
        found[name] = values, values.shape if values.ndim > 1 else len(values)
    for name, value in state["more"].items():
        found[name] = _nested(value) if name == _QUEUE else value
    return found


def _flat(queue: Any) -> Any:
    """Return the queue of a pathway with its spikes in one array; other queues as they are."""
    if not (isinstance(queue, tuple) and len(queue) == 2):
        return queue
    offset, steps = queue
    lengths = np.array([len(step) for step in steps], dtype=np.int64)
    spikes = np.array([spike for step in steps for spike in step], dtype=np.int32)
    return {"offset": int(offset), "lengths": lengths, "synapses": spikes}


def _nested(queue: Any) -> Any:
    if not (isinstance(queue, dict) and "lengths" in queue):
        return queue
    steps = np.split(queue["synapses"], np.cumsum(queue["lengths"])[:-1])
    return queue["offset"], [step.tolist() for step in steps]


def _clocks(network: SteppedNetwork, parts: Collection[str]) -> dict[str, str]:
    """Return the names of clocks by that of the first object that has it."""
    first: dict[str, str] = {}
    for item in sorted(network.sorted_objects, key=lambda item: str(item.name)):
        if item.name in parts:
            first.setdefault(item.clock.name, item.name)
    return {owner: clock for clock, owner in first.items()}


def _check_alike(network: SteppedNetwork, objects: dict[str, Any], clocks: Collection[str]) -> None:
    """Refuse a state of another network; `clocks` are those that only one of the two has."""
    names = {item.name for item in network.sorted_objects}
    own = {name: _unpaired(each) for name, each in network._full_state().items() if name in names}
    for name in sorted([*(own.keys() ^ objects.keys()), *clocks]):
        where = "only this network has" if name in own else "this network lacks"
        raise InputError(f"it is the state of another network: {where} {name}")
    for name, state in own.items():
        mine, its = state["variables"], objects[name]["variables"]
        for variable in sorted(mine.keys() ^ its.keys()):
            where = "only this network has" if variable in mine else "this network lacks"
            raise InputError(f"it is the state of another network: {where} {variable} of {name}")
        variables = network[name].variables if mine else {}
        for variable, values in mine.items():
            grows = isinstance(variables[variable], DynamicArrayVariable)
            if not grows and values.shape != its[variable].shape:
                raise InputError(
                    f"it is the state of another network: {variable} of {name} has "
                    f"{its[variable].size} values there, and {values.size} here"
                )

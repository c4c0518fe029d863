"""The bare C++ loop of network_loop.cpp over copies of a network's arrays."""

from __future__ import annotations

import ctypes
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import shared_library
from brian2.synapses.synapses import Synapses
from network_equations import derived_code
from numpy.typing import NDArray

from htm_brian.engine import derivation
from htm_brian.engine.fast_settings import FLAGS
from htm_brian.engine.processor import PAGE, moved
from htm_brian.network.sleeping_cells import memory_of
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.synapses.release.transmission import CHANCE

SOURCE = Path(__file__).with_name("network_loop.cpp")
PARAMETERS, FUNCTIONS = "parameters.inc", "derived.inc"
PARTS = ("state update", "thresholds, resets", "synapses")


def _fields(parameters: list[str]) -> dict[str, type]:
    """Return names and types of the fields of the loop's `Network`, with these parameters in it."""
    (body,) = re.findall(r"struct Network \{(.*?)\n\};", SOURCE.read_text(), re.DOTALL)
    body = body.replace(f'#include "{PARAMETERS}"', _declared(parameters))
    found: dict[str, type] = {}
    for declaration in re.sub(r"//.*|\bconst\b", "", body).split(";"):
        words = declaration.split(maxsplit=1)
        for name in words[1].split(",") if words else ():
            kind = ctypes.c_int64 if words[0] == "int64_t" else ctypes.c_double
            found[name.strip(" *\n")] = ctypes.c_void_p if "*" in name else kind
    return found


def _declared(parameters: list[str]) -> str:
    """Return the declaration of those parameters that the loop does not declare itself."""
    own = set(re.findall(r"\w+", SOURCE.read_text().partition("\n};")[0]))
    return f"double {', '.join(name for name in parameters if name not in own)};"


class BareLoop:
    """The compiled loop, starting from a network's state.

    Parameters
    ----------
    library : path
        Of the compiled loop.
    parameters : list of str
        What its functions read of cell and branch.
    tm : SpikingTemporalMemory
        Network to copy, in which all cells and branches are awake.
    sleeping : bool
        Whether the loop lets those sleep that nothing reaches.
    """

    def __init__(
        self, library: Path, parameters: list[str], tm: SpikingTemporalMemory, sleeping: bool
    ) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.new_queues.restype = ctypes.c_void_p
        self._library.run_element.restype = ctypes.c_int64
        fields = list(_fields(parameters).items())
        network = type("Network", (ctypes.Structure,), {"_fields_": fields})
        if self._library.size_of_network() != ctypes.sizeof(network):
            raise RuntimeError("the fields of network_loop.cpp were misread")
        self._arrays = _arrays(tm)
        values = _numbers(tm) | {"sleeps": int(sleeping)}
        for name, kind in fields:
            if kind is ctypes.c_void_p:
                if name not in self._arrays:
                    self._arrays[name] = _state(tm, name)
                values[name] = self._arrays[name].ctypes.data
            elif name not in values:
                values[name] = float(_state(tm, name)[0])
        self._network = network(**values)
        self._queues = ctypes.c_void_p(self._library.new_queues(ctypes.byref(self._network)))

    def close(self) -> None:
        """Give the memory of the queues back."""
        self._library.delete_queues(self._queues)

    def compute(self, columns: NDArray[np.integer]) -> NDArray[np.int64]:
        """Run an element and return the cells that fired."""
        relayed = np.array(columns, dtype=np.int32)
        n_fired = self._library.run_element(
            ctypes.byref(self._network),
            self._queues,
            ctypes.c_void_p(relayed.ctypes.data),
            ctypes.c_int64(len(relayed)),
        )
        return np.unique(self._arrays["fired"][:n_fired].astype(np.int64))

    def seconds(self) -> dict[str, float]:
        """Return the processor time of each part since the last call."""
        seconds = dict(zip(PARTS, self._arrays["seconds"].tolist(), strict=True))
        self._arrays["seconds"][:] = 0
        return seconds


def _state(tm: SpikingTemporalMemory, name: str) -> NDArray[np.float64]:
    """Return a copy of a variable of the cells or else of the branches in use.

    Those of the cells lie in memory as the network's do.
    """
    if name in tm.layer.cells.variables:
        values = tm.layer.cells.variables[name].get_value()
        return moved(values, values.ctypes.data % PAGE)
    branches = tm.layer.dendrites.branches.variables[name].get_value()
    return np.array(branches[: tm.layer.dendrites.n_branches])


def _arrays(tm: SpikingTemporalMemory) -> dict[str, NDArray[Any]]:
    flat = tm.store.flat()
    order = np.argsort(flat.presynaptic, kind="stable")
    ends = np.cumsum(np.bincount(flat.presynaptic, minlength=tm.n_cells))
    interneurons = tm.layer.minicolumns.interneurons.variables
    distal = tm.layer.dendrites.distal.synapses
    return {
        "weight": (flat.permanence[order] >= tm.connected_permanence).astype(float),
        "transmission_probability": _chance(distal, flat.permanence[order]),
        "counts_until": np.zeros(len(order)),
        "owner": np.array(tm.store.owner),
        "branch": flat.segment[order],
        "excitability": np.array(tm.layer.minicolumns.feedforward.excitability),
        "first_synapse": np.concatenate([[0], ends]),
        "drive": np.array(interneurons["drive"].get_value()),
        "relay_drive": np.array(interneurons["relay_drive"].get_value()),
        "last_interneuron_spike": np.array(interneurons["last_spike"].get_value()),
        "seconds": np.zeros(len(PARTS)),
        "fired": np.zeros(8 * tm.n_cells, dtype=np.int32),
    }


def _chance(distal: Synapses, permanence: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the probability that each synapse transmits a spike."""
    chance = derivation.after(CHANCE)["chance"]
    names = derivation.names_in([chance])
    shared = {name: distal.variables[name].get_value() for name in names if name != "permanence"}
    return derivation.function(names, chance)(permanence=permanence.astype(float), **shared)


def _numbers(tm: SpikingTemporalMemory) -> dict[str, Any]:
    minicolumns, dendrites = tm.layer.minicolumns, tm.layer.dendrites
    interneurons = minicolumns.interneurons
    distal, inhibition = dendrites.distal.synapses, tm.model["layer_inhibition"]
    answered, branch_dt = float(tm.layer.early_until[0]), float(dendrites.branches.clock.dt)
    dt = float(tm.layer.cells.clock.dt)

    def steps(duration: Any) -> int:
        return round(float(duration) / dt)

    def delay(pathway: Any) -> int:
        return steps(pathway.variables["delay"].get_value()[0])

    return {
        "n_cells": tm.n_cells,
        "cells_per_column": tm.cells_per_column,
        "n_branches": dendrites.n_branches,
        "n_steps": steps(tm.model["element"]["period"]),
        "steps_per_branch_step": steps(branch_dt),
        "relay_delay": delay(minicolumns.feedforward.volley_0),
        "gating_delay": delay(minicolumns.gating.pre),
        "recruitment_delay": delay(minicolumns.recruitment.pre),
        "inhibition_delay": delay(minicolumns.inhibition.pre),
        "release_delay": delay(distal.release),
        "withdrawal_delay": delay(distal.withdraw),
        "dt": dt,
        "variation": float(minicolumns.feedforward.variation[:]),
        "coincidence_window": float(distal.coincidence_window[:]),
        "interneuron_refractory_period": float(interneurons.refractory_period[:]),
        "recruiting": tm.layer.race.recruiting,
        "relay_drive_peak": float(interneurons.relay_drive_peak[:]),
        "relay_decay": float(interneurons.relay_decay[:]),
        "early_until": answered,
        "somatic_conductance": float(inhibition["conductance"]),
        "volley_lasts": tm.layer.volley_lasts,
        **dict(zip(("remembered", "settled"), memory_of(tm.layer.cells), strict=True)),
        "dendritic_step": round(answered / branch_dt) * steps(branch_dt),
        "somatic_step": steps(inhibition["delay"]),
        "step": int(tm.layer.cells.clock.variables["timestep"].get_value()[0]),
    }


@contextmanager
def bare_loop(tm: SpikingTemporalMemory, sleeping: bool = False) -> Iterator[BareLoop | None]:
    """Compile the loop and let it take over the state of `tm`; None without g++."""
    compiler = shutil.which("g++")
    if compiler is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        library, code = Path(folder) / "loop.so", derived_code(tm.cell_model)
        (Path(folder) / PARAMETERS).write_text(_declared(code.parameters))
        (Path(folder) / FUNCTIONS).write_text(code.functions)
        folders = ["-I", folder, "-I", str(SOURCE.parent)]
        shared_library.build(compiler, [*FLAGS, *folders], SOURCE, library)
        loop = BareLoop(library, code.parameters, tm, sleeping)
        yield loop
        loop.close()

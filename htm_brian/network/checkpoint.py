"""A spiking memory in one file, from which it goes on bit for bit, also in another process.

The file is a NumPy archive (npz) without pickle, written under another name and then put in place:
whenever the process is killed, there is a whole file, the old one or the new one.

=============  =====================================================================================
member         what it is
=============  =====================================================================================
``kind``       ``SpikingTemporalMemory``
``version``    of this format
``config``     text (JSON): ``made_with``, versions of the packages; ``code``, for what Brian2
               generated code; ``room``, branches that there is room for; ``arguments`` of the
               constructor, with both models and the rule, number by number; ``state``
``state/...``  the arrays that the state names
``checksum``   SHA-256 of all else
=============  =====================================================================================

The state has the ``time`` in seconds; ``random``, NumPy's global generator and the numbers that
compiled code has drawn in advance; ``clocks``; and ``objects``, for each object of Brian2's by its
name: its ``variables``, in SI units, and in ``more`` the spikes under way in its queue, the lists
of synapses that the queue goes by, and what is kept outside Brian2. That is, in ``memory_state``,
what the last element left, and, in ``layer_state``, segments and permanences
(`htm_brian.abstract.segments.layout`), which of them Brian2 has been told of, and the number of
elements. `htm_brian.network.plain_values` tells how values are written.
"""

from __future__ import annotations

import inspect
import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import brian2
import numpy as np
from brian2.monitors.spikemonitor import EventMonitor

import htm_brian
from htm_brian.abstract.saving import read_archive, write_archive
from htm_brian.abstract.temporal_parameters import TemporalMemoryParameters
from htm_brian.engine.network_state import code_target, network_state, restore_network
from htm_brian.errors import InputError, listed
from htm_brian.network.event_layer import EventLayer
from htm_brian.network.plain_values import from_plain, to_plain
from htm_brian.parameters import Model
from htm_brian.synapses.plasticity.rule import PlasticityRule

if TYPE_CHECKING:
    from htm_brian.network.tree_layer import TreeLayer

VERSION = 1
KIND = "SpikingTemporalMemory"


class Checkpoints:
    """What a memory is that can be saved between two elements, and loaded again."""

    parameters: TemporalMemoryParameters
    layer: EventLayer | TreeLayer
    model: Model
    cell_model: Model
    rule: PlasticityRule
    _options: dict[str, Any]
    _parts: frozenset[str]

    def save(self, path: str | Path) -> None:
        """Write everything into one file, from which `load` goes on bit for bit.

        Saving changes nothing. A file that is there is replaced when the new one is whole.

        Parameters
        ----------
        path : str or Path
            The file; `htm_brian.network.checkpoint` says what is in it.

        Raises
        ------
        InputError
            In the middle of a run; where the file cannot be written; where the network has objects
            of its user's, except monitors of spikes, which are left out; where the rule is none of
            this package's.
        """
        network, arrays = self.layer.network, dict[str, Any]()
        strangers = sorted(
            item.name
            for item in network.sorted_objects
            if item.name not in self._parts and not isinstance(item, EventMonitor)
        )
        if strangers:
            raise InputError(
                f"a checkpoint holds the memory's own objects, but {listed(strangers)} were added "
                "to its network: remove them first, and add them again after load"
            )
        config = {
            "made_with": _versions(),
            "code": code_target(),
            "room": network.room(),
            "arguments": to_plain(self._arguments(), "arguments", arrays),
            "state": to_plain(network_state(network, self._parts), "state", arrays),
        }
        about = {"kind": KIND, "version": VERSION, "config": json.dumps(config, allow_nan=False)}
        write_archive(path, {**arrays, **{name: np.array(each) for name, each in about.items()}})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the memory that was saved, as it was then.

        Its next elements are those of the one that was saved, bit for bit, with the same packages,
        the same kind of processor and the same code generation. Brian2's random numbers, which the
        whole process shares, go back to what they were.

        Parameters
        ----------
        path : str or Path
            Of a file that `save` wrote.

        Returns
        -------
        SpikingTemporalMemory

        Raises
        ------
        InputError
            Where the file is none, is cut short or damaged, has another version, was saved with
            other code generation, or does not fit what this package builds.
        """
        arrays = read_archive(path, KIND, VERSION)
        try:
            config = json.loads(str(arrays["config"]))
            _check_code(config["code"])
            memory = cls(**from_plain(config["arguments"], arrays))
            layer, room = memory.layer, config["room"]
            if isinstance(layer, EventLayer) and room > layer.network.room():
                layer.make_room(room)
            layer.network.prepare()  # which lets cells sleep
            restore_network(layer.network, from_plain(config["state"], arrays))
        except InputError as error:
            made_with = _named(config["made_with"])
            raise InputError(f"{path} cannot be loaded: {error} (saved with {made_with})") from None
        return memory

    def _note_own_parts(self, **options: Any) -> None:
        """Note what is the memory's own, and the arguments that it does not keep elsewhere."""
        self._parts = frozenset(item.name for item in self.layer.network.sorted_objects)
        self._options = options

    def _arguments(self) -> dict[str, Any]:
        sleeping = getattr(self.layer, "sleeping", None) is not None
        # Those of level 0 alone are no arguments here, nor is the permanence rule: `rule` has it.
        taken = inspect.signature(type(self)).parameters.keys() - {"permanence_rule"}
        return {
            **{name: value for name, value in vars(self.parameters).items() if name in taken},
            **self._options,
            "model": self.model,
            "cell_model": self.cell_model,
            "rule": self.rule,
            "sleeping": sleeping,
        }


def _versions() -> dict[str, str]:
    return {
        "htm_brian": htm_brian.__version__,
        "Brian2": brian2.__version__,
        "NumPy": np.__version__,
        "Python": platform.python_version(),
    }


def _named(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _check_code(saved: str) -> None:
    target = code_target()
    if saved != target:
        raise InputError(
            f"it was saved with code generation for {saved}, which draws other random numbers than "
            f"{target}: set brian2.prefs.codegen.target = {saved!r}"
        )

"""HTM pyramidal cells, synapses and networks in Brian2, each level of detail held against the next.

The names below are loaded when they are first used, so that ``import htm_brian`` is quick and the
abstract level needs no Brian2.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from htm_brian.abstract.spatial_pooler import SpatialPooler
    from htm_brian.abstract.temporal_memory import TemporalMemory
    from htm_brian.cells.group import Cells
    from htm_brian.cells.pyramidal import PyramidalCells
    from htm_brian.network.temporal_memory import SpikingTemporalMemory
    from htm_brian.parameters import load_model
    from htm_brian.sdr.mapping import sdr_to_spikes, spikes_to_sdr
    from htm_brian.sdr.sdr import SDR

__version__ = "0.1.0"

__all__ = [
    "SDR",
    "Cells",
    "PyramidalCells",
    "SpatialPooler",
    "SpikingTemporalMemory",
    "TemporalMemory",
    "load_model",
    "sdr_to_spikes",
    "spikes_to_sdr",
]

_MODULE_OF = {
    "SDR": "htm_brian.sdr.sdr",
    "Cells": "htm_brian.cells.group",
    "PyramidalCells": "htm_brian.cells.pyramidal",
    "SpatialPooler": "htm_brian.abstract.spatial_pooler",
    "SpikingTemporalMemory": "htm_brian.network.temporal_memory",
    "TemporalMemory": "htm_brian.abstract.temporal_memory",
    "load_model": "htm_brian.parameters",
    "sdr_to_spikes": "htm_brian.sdr.mapping",
    "spikes_to_sdr": "htm_brian.sdr.mapping",
}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'htm_brian' has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

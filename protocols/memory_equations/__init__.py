"""Whether the sequence memory computes what its published equations say, cell for cell.

Stimulus: patterns from a small set, with noise, repeats, resets and empty steps, on memories of
random sizes, thresholds and rules. Measurement: after every step the cells, segments and
permanences of `htm_brian.TemporalMemory`, and those of a plain memory of dictionaries and loops
(`htm_brian.protocols.memory_equations.reference`), which was written from the description alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from htm_brian.arguments import check_integer
from htm_brian.experiment.checks import IDENTITY, Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.protocols.memory_equations.measurement import PARTS, compare

THREAD = "discussion: Why don't HTM neuron synapses model long term potentiation and depression?"
PAPER = "Hawkins & Ahmad 2016, Front Neural Circuits 10:23, equations 1 to 6"


@dataclass(frozen=True)
class MemoryEquationsParameters:
    """What a run of `MemoryEquations` depends on.

    Parameters
    ----------
    memories, steps : int
        Memories of random sizes and rules, and steps of each.
    seed : int
        Of all that is left to chance.
    """

    memories: int = 50
    steps: int = 100
    seed: int = 42

    def __post_init__(self) -> None:
        for name, low in (("memories", 1), ("steps", 20), ("seed", 0)):
            check_integer(name, getattr(self, name), low=low)


class MemoryEquations(Protocol):
    """Steps at which the memory and its equations differ."""

    name = "memory_equations"
    claim = "the sequence memory computes, cell for cell, what its published equations say"
    source = f"{THREAD}; {PAPER}"
    parameters = MemoryEquationsParameters()
    quick = QuickForm(MemoryEquationsParameters(memories=10))

    def run(self, progress: Progress) -> Outcome:
        """Step both memories side by side."""
        parameters = self.parameters
        shape = (parameters.memories, parameters.steps, len(PARTS))
        differs = np.zeros(shape, dtype=np.bool_)
        sizes = np.zeros((parameters.memories, parameters.steps, 2), dtype=np.int64)
        progress.begin("memories", parameters.memories)
        for number in range(parameters.memories):
            differs[number], sizes[number] = compare(parameters, number)
            progress.advance()
            if progress.interrupted:
                return Outcome(xr.Dataset(), [], partial=True)
        dataset = xr.Dataset(
            {
                "differs": (("memory", "step", "part"), differs, {"units": "1"}),
                "predictive_cells": (("memory", "step"), sizes[..., 0], {"units": "1"}),
                "synapses": (("memory", "step"), sizes[..., 1], {"units": "1"}),
            },
            coords={"part": list(PARTS)},
        )
        return Outcome(dataset, checks(dataset), metrics=metrics(dataset))


def checks(dataset: xr.Dataset) -> list[Check]:
    """Demand that nothing differs at any step."""
    return [
        Check(
            f"steps at which {part} differ",
            int(dataset.differs.sel(part=part).sum()),
            "1",
            0,
            0,
            PAPER,
            role=IDENTITY,
        )
        for part in dataset.part.to_numpy().tolist()
    ]


def metrics(dataset: xr.Dataset) -> dict[str, int]:
    """Return how much was there to differ."""
    return {
        "steps compared": int(dataset.differs.isel(part=0).size),
        "steps with predicted cells": int((dataset.predictive_cells > 0).sum()),
        "most synapses of a memory": int(dataset.synapses.max()),
    }

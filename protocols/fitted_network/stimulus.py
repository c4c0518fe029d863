"""The networks that are compared: what cells take from the fit, and how often elements come."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from brian2 import ms

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.comparison.ladder import MemoryParameters, Run, SpikingRun
from htm_brian.parameters import Model

GROUPS: dict[str, tuple[str, ...]] = {
    "amplitude of a plateau": (
        *("branch.plateau_conductance", "basal.leak_conductance", "basal.coupling_conductance"),
    ),
    "below the threshold": ("branch.match_conductance", "branch.match_time_constant"),
    "refractory period, bursts": (
        *("branch.refractory_period", "burst.interval", "burst.apical_threshold"),
    ),
    "length of a plateau": ("branch.plateau_duration", "branch.plateau_growth"),
    "volley": (
        *("proximal.coupling_conductance", "feedforward.time_constant", "feedforward.slow_share"),
        "feedforward.volley_conductance",
    ),
}
"""Numbers that are swapped together. Thresholds are not among them: a network sets them by those of
its memory."""

HAND, BRIEF, FULL = "hand-set", "fitted, volley kept", "fitted"


@dataclass(frozen=True)
class Variant:
    """A network: what its cells take from the fit, and the time between two elements, in ms."""

    fitted: str
    period: float

    @property
    def name(self) -> str:
        """How tables and figures call it."""
        return f"{self.fitted}, {self.period:g} ms"


@dataclass(frozen=True)
class Networks:
    """Makes the memories of a run.

    Parameters
    ----------
    memory : MemoryParameters
        Of every memory, abstract or spiking.
    network, hand, brief, full : Model
        The network; the cell that is set by hand, the fitted one with a brief volley, and the
        fitted one.
    seed : int
    codegen : str
        Brian2's way to run its code.
    """

    memory: MemoryParameters
    network: Model
    hand: Model
    brief: Model
    full: Model
    seed: int
    codegen: str

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the parameters of models and memories, for the report."""
        models = (self.network, self.hand, self.brief)
        return [*(row for model in models for row in model.rows()), *self.memory.rows()]

    def cell(self, variant: Variant) -> Model:
        """Return the cell of a variant."""
        if variant.fitted in (BRIEF, FULL):
            return self.brief if variant.fitted == BRIEF else self.full
        source = self.full if variant.fitted == "volley" else self.brief
        paths = GROUPS.get(variant.fitted, ())
        return self.hand.with_values({path: _value(source, path) for path in paths})

    def abstract(self, seed_offset: int = 0) -> TemporalMemory:
        """Return an abstract memory that has learned nothing."""
        return TemporalMemory(**asdict(self.memory), seed=self.seed + seed_offset)

    def spiking(self, variant: Variant, teacher: Run | None) -> SpikingRun:
        """Return a spiking network: with the segments of `teacher`, or to learn by itself."""
        release, segments = ("model", None) if teacher is None else ("reliable", teacher.segments)
        network = self.network.with_values({"element.period": variant.period * ms})
        cell = self.cell(variant)
        return SpikingRun(self.memory, self.seed, network, cell, release, self.codegen, segments)


def _value(model: Model, path: str) -> object:
    table, _, key = path.partition(".")
    return model[table][key]

"""Which number of the fitted cell a network feels: fitted numbers take the place of hand-set ones.

Stimulus: the segments that an abstract memory has learned from a series, transplanted into spiking
networks whose releases never fail, and the rest of the series; if asked for, the whole series, from
which each learns by itself. Measurement: how far active and predictive cells are those of the
abstract memory. The networks differ in the numbers that they take from the fit to level 2, one
group at a time, and in the time between two elements.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from brian2 import ms

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.arguments import check_integer, check_number
from htm_brian.cells.reduced_response import plateau_duration, values_of
from htm_brian.comparison.ladder import MemoryParameters, Run, SpikingRun, run_abstract, run_spiking
from htm_brian.comparison.recording import Recording
from htm_brian.comparison.table import BELOW_CEILING, SAME_STEPS
from htm_brian.comparison.validation import summarise, summarise_cells
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.network.timing import branch_threshold, predicts_after
from htm_brian.parameters import Model, load_model
from htm_brian.sdr.ragged import Ragged
from htm_brian.streams.column_stream import choose_columns, n_steps
from htm_brian.streams.series import read_series
from htm_brian.streams.stream_parameters import StreamParameters, active_column_count

TARGETS = "htm_brian's targets for level 1 against level 0"

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
class FittedNetworkParameters:
    """What a run of `FittedNetwork` depends on.

    `period`, in ms, is that of the swaps; `periods` are those of the cell that is fitted but for
    its volley, and `slow` is that at which it is checked. `apart`: whether each network also
    learns by itself, which takes five times as long.
    """

    input: Path | None = None
    columns: int = 512
    cells: int = 8
    steps: int = 600
    training_share: float = 0.75
    groups: tuple[str, ...] = tuple(GROUPS)
    period: float = 50.0
    periods: tuple[float, ...] = (50.0, 60.0, 75.0, 100.0)
    slow: float = 75.0
    apart: bool = False
    seed: int = 42
    codegen: str = "auto"
    model: str = "minicolumns_slow"
    cell_model: str = "l5_reduced"
    fitted_model: str = "l5_reduced_fitted_brief"
    volley_model: str = "l5_reduced_fitted"

    def __post_init__(self) -> None:
        for name, low in (("columns", 8), ("cells", 1), ("seed", 0), ("steps", 16)):
            check_integer(name, getattr(self, name), low=low)
        check_number("training_share", self.training_share, low=0.1, high=0.9)
        for name in self.groups:
            if name not in GROUPS:
                raise InputError(f"groups must be of {', '.join(GROUPS)}, got {name!r}")
        for period in (self.period, self.slow, *self.periods):
            check_number("period", period, low=30, high=200)

    @property
    def variants(self) -> list[Variant]:
        """Return every network."""
        swaps = [Variant(HAND, self.period), *(Variant(name, self.period) for name in self.groups)]
        periods = sorted({*self.periods, self.slow})
        return [*swaps, *(Variant(BRIEF, period) for period in periods), Variant(FULL, self.slow)]


class FittedNetwork(Protocol):
    """The ladder from the hand-set cell to the fitted one, number by number."""

    name = "fitted_network"
    claim = (
        "a network of cells that are fitted to level 2, not set by hand, computes what the "
        "abstract temporal memory computes"
    )
    source = "levels 0, 1 and 2 of htm_brian"
    parameters = FittedNetworkParameters()

    def __init__(self, parameters: FittedNetworkParameters | None = None) -> None:
        super().__init__(parameters)
        p: FittedNetworkParameters = self.parameters
        self._network, self._hand = load_model(p.model), load_model(p.cell_model)
        self._brief, self._full = load_model(p.fitted_model), load_model(p.volley_model)
        series = read_series(p.input, timestamp_column=None, value_column=None)
        self._series = series.head(min(p.steps, len(series)))
        active = active_column_count(p.columns)
        self._stream = StreamParameters.for_series(self._series, active)
        self._memory = MemoryParameters.for_size(p.columns, p.cells, active)

    def cell(self, variant: Variant) -> Model:
        """Return the cell of a variant."""
        if variant.fitted in (BRIEF, FULL):
            return self._brief if variant.fitted == BRIEF else self._full
        source = self._full if variant.fitted == "volley" else self._brief
        paths = GROUPS.get(variant.fitted, ())
        return self._hand.with_values({path: _value(source, path) for path in paths})

    def network(self, variant: Variant) -> Model:
        """Return the network of a variant."""
        return self._network.with_values({"element.period": variant.period * ms})

    def run(self, progress: Progress) -> Outcome:
        """Teach the abstract memory; transplant; if asked for, let every network learn."""
        p: FittedNetworkParameters = self.parameters
        n, split = len(self._series), round(p.training_share * len(self._series))
        watch = _watch(progress)
        rows = [
            *(row for m in (self._network, self._hand, self._brief) for row in m.rows()),
            *self._memory.rows(),
            *self._stream.rows(self._series),
        ]
        stopped = Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
        progress.begin("choosing columns", n_steps(n, self._stream))
        stream = choose_columns(self._series, p.columns, self._stream, p.seed, watch)
        if stream is None:
            return stopped
        rest = stream.part(split)
        progress.begin("abstract temporal memory", n)
        teacher = run_abstract(self._abstract(p.seed), stream.part(0, split), watch)
        copy = self._abstract(p.seed)
        copy.import_segments(teacher.segments)
        reference = run_abstract(copy, rest, watch, learn=False)
        found: dict[str, dict[str, float]] = {}
        progress.begin("transplanted", len(p.variants) * len(rest))
        for variant in p.variants:
            run = run_spiking(self._spiking(variant, teacher), rest, watch)
            if progress.interrupted:
                return stopped
            found[variant.name] = transplanted(reference.recording, run.recording)
        if p.apart:
            self._apart(stream, found, progress)
            if progress.interrupted:
                return stopped
        dataset = self._dataset(found)
        return Outcome(dataset, checks(dataset, p), metrics(dataset), parameter_rows=rows)

    def _apart(
        self, stream: Ragged, found: dict[str, dict[str, float]], progress: Progress
    ) -> None:
        """Add to what was found how far networks that learned by themselves foretell as much."""
        p: FittedNetworkParameters = self.parameters
        n, watch = len(stream), _watch(progress)
        progress.begin("trained apart", (2 + len(p.variants)) * n)
        first, second = (
            run_abstract(self._abstract(p.seed + k), stream, watch).recording for k in range(2)
        )
        if progress.interrupted:
            return
        half = n // 2
        ceiling = apart(first.part(half, n), second.part(half, n))
        for variant in p.variants:
            run = run_spiking(self._spiking(variant, None), stream, watch)
            if progress.interrupted:
                return
            figures = apart(first.part(half, n), run.recording.part(half, n))
            found[variant.name] |= figures | {f"{name}_ceiling": ceiling[name] for name in ceiling}

    def _abstract(self, seed: int) -> TemporalMemory:
        return TemporalMemory(**asdict(self._memory), seed=seed)

    def _spiking(self, variant: Variant, teacher: Run | None) -> SpikingRun:
        p: FittedNetworkParameters = self.parameters
        release, segments = ("model", None) if teacher is None else ("reliable", teacher.segments)
        network, cell = self.network(variant), self.cell(variant)
        return SpikingRun(self._memory, p.seed, network, cell, release, p.codegen, segments)

    def _dataset(self, found: dict[str, dict[str, float]]) -> xr.Dataset:
        """Return what was found, and how long plateaus predict by their number of synapses."""
        p: FittedNetworkParameters = self.parameters
        names = list(next(iter(found.values())))
        data: dict[str, Any] = {
            name: ("variant", [figures[name] for figures in found.values()]) for name in names
        }
        # The plateaus themselves, of the hand-set cell and of the fitted one.
        theta, most = self._memory.activation_threshold, self._memory.max_new_synapses
        synapses = np.arange(1, most + 1)
        arrival = float(self._network["element"]["arrival"])
        lengths = []
        for name, period in ((HAND, p.period), (BRIEF, p.period), (BRIEF, p.slow)):
            cell = self.cell(Variant(name, period))
            lengths.append(predicts_for(cell, synapses, theta, 1e-3 * period - arrival))
        data["predicts_for"] = (("shown", "synapses"), 1e3 * np.array(lengths), {"units": "ms"})
        data["shown_period"] = ("shown", [p.period, p.period, p.slow], {"units": "ms"})
        return xr.Dataset(
            data,
            coords={
                "variant": list(found),
                "synapses": synapses,
                "shown": [
                    Variant(HAND, p.period).name,
                    *(Variant(BRIEF, period).name for period in (p.period, p.slow)),
                ],
            },
            attrs={"threshold": theta, "arrival": 1e3 * arrival},
        )


def predicts_for(cell: Model, synapses: Any, threshold: int, interval: float) -> Any:
    """Return for how long a branch predicts, in seconds from its synapses; 0 if it never does."""
    needed = branch_threshold(cell, threshold, interval)
    length = plateau_duration(values_of(cell) | {"branch.activation_threshold": needed}, synapses)
    return np.where(length > 0, length + predicts_after(cell), 0)


def transplanted(reference: Recording, other: Recording) -> dict[str, float]:
    """Return how far the cells of a network are those of the abstract memory."""
    figures = summarise_cells(reference, other)
    return {
        "same_steps": figures["exact"],
        "active_cells": figures["active_cells_jaccard"],
        "predictive_cells": figures["predictive_cells_jaccard"],
    }


def apart(reference: Recording, other: Recording) -> dict[str, float]:
    """Return how far a memory foretells the columns of another that learned by itself."""
    figures = summarise(reference, other)
    return {f"apart_{name}": figures[f"predicted_columns_{name}"] for name in ("recall", "jaccard")}


def checks(dataset: xr.Dataset, p: FittedNetworkParameters) -> list[Check]:
    """Hold the hand-set cell, and the fitted one at the slow interval, against the targets."""
    result = []
    for variant in (Variant(HAND, p.period), Variant(BRIEF, p.slow)):
        here = dataset.sel(variant=variant.name)
        result.append(
            Check(
                f"{variant.name}: share of steps with the same active and predictive cells",
                float(here.same_steps),
                "1",
                SAME_STEPS,
                None,
                TARGETS,
            )
        )
        if "apart_jaccard" in dataset:
            for name in ("recall", "jaccard"):
                below = float(here[f"apart_{name}"] - here[f"apart_{name}_ceiling"])
                label = f"{variant.name}, trained apart: {name} of predicted columns less ceiling"
                result.append(Check(label, below, "1", -BELOW_CEILING, None, TARGETS))
    return result


def metrics(dataset: xr.Dataset) -> dict[str, object]:
    """Return every number by variant."""
    names = [name for name in dataset.data_vars if dataset[name].dims == ("variant",)]
    return {
        str(variant): {str(name): float(dataset[name].sel(variant=variant)) for name in names}
        for variant in dataset.variant.values
    }


def _value(model: Model, path: str) -> object:
    table, _, key = path.partition(".")
    return model[table][key]


def _watch(progress: Progress) -> Callable[[int], bool]:
    """Return an ``after_step`` that moves `progress` on, and ends the run at Ctrl-C."""

    def after_step(done: int) -> bool:
        progress.advance()
        return not progress.interrupted

    return after_step

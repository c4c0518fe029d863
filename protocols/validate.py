"""The abstract against the spiking temporal memory, on the same stream of a real series.

Stimulus: a series, encoded and pooled once to active columns (`htm_brian.streams.column_stream`).
Measurement: what both levels do with it (`htm_brian.comparison.two_levels`), in two modes.
*Transplant*: an abstract memory learns on the first part; its segments go into Brian2; both run
over the rest without learning, once without noise and failures of release and once with the
model's own; both carry checks, and the verdict follows both. Level 2 is tried in this mode only:
each segment becomes a basal branch, and the abstract memory has the threshold that the branches are
measured to have.
*Apart*: both learn from scratch over the whole stream, and a second abstract memory with another
seed gives the ceiling of each agreement.
Checks: that there was anything to learn (`htm_brian.comparison.learning`), told by level 0 alone;
then how far the levels agree (`htm_brian.comparison.table`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from htm_brian.arguments import check_integer, check_number
from htm_brian.comparison.ladder import MemoryParameters, Run
from htm_brian.comparison.outcome import outcome_of
from htm_brian.comparison.two_levels import MODES, TwoLevels, estimate_bytes, watch
from htm_brian.engine.versions import require
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.memory import require_bytes
from htm_brian.network.column_race import require_race
from htm_brian.network.event_layer import check_models
from htm_brian.network.spatial_pooler import SpikingSpatialPooler, mean_overlap
from htm_brian.network.tree_layer import check_models as check_trees
from htm_brian.network.tree_layer import measured_threshold
from htm_brian.parameters import Model, load_model
from htm_brian.sdr.ragged import Ragged
from htm_brian.streams.column_stream import choose_columns, input_size, n_steps
from htm_brian.streams.series import Series, read_series
from htm_brian.streams.stream_parameters import SETTABLE, StreamParameters, active_column_count
from htm_brian.synapses.plasticity.network_rules import BETWEEN, NAMES

SHORTEST = 16
POOLERS = ("abstract", "spiking")


@dataclass(frozen=True)
class ValidateParameters:
    """What a run of `Validate` depends on; the options of ``htm-brian validate``.

    Those from `value_buckets` to `duty_cycle_period` are derived from the series where they are
    None (`htm_brian.streams.stream_parameters`). At level 2 `tree_model` and `tree_cell_model` take
    the places of `model` and `cell_model`, and cells have so many basal `branches`. By `rule` the
    spiking memory learns that is trained apart (`htm_brian.synapses.plasticity.network_rules`). The
    columns of a spiking `pooler` are those that spike (`htm_brian.network.spatial_pooler`); how far
    they are the abstract one's is told beside the rest.
    """

    input: Path | None = None
    timestamp_column: str | None = None
    value_column: str | None = None
    date_order: str | None = None
    decimal: str | None = None
    read_as: str | None = None
    level: int = 1
    columns: int = 512
    cells: int = 8
    neurons_per_cell: int = 1
    rule: str = BETWEEN
    steps: int | None = None
    seed: int = 42
    mode: str = "both"
    model: str = "minicolumns"
    cell_model: str = "l5_reduced"
    tree_model: str = "minicolumns_trees"
    tree_cell_model: str = "l23_pyramidal"
    branches: int = 7
    pooler: str = "abstract"
    jobs: int = 2
    codegen: str = "auto"
    value_buckets: int | None = None
    time_of_day_radius: float | None = None
    day_of_week_radius: float | None = None
    season_radius: float | None = None
    weekend_bits: int | None = None
    boost_strength: float | None = None
    duty_cycle_period: int | None = None
    training_share: float = 0.75
    evaluated_share: float = 0.5

    def __post_init__(self) -> None:
        for name, low in (
            ("columns", 8),
            ("cells", 1),
            ("neurons_per_cell", 1),
            ("seed", 0),
            ("jobs", 1),
            ("branches", 1),
        ):
            check_integer(name, getattr(self, name), low=low)
        if self.steps is not None:
            check_integer("steps", self.steps, low=SHORTEST)
        for name in ("training_share", "evaluated_share"):
            check_number(name, getattr(self, name), low=0.1, high=0.9)
        check_integer("level", self.level, low=1, high=2)
        for name, allowed in (
            ("mode", MODES),
            ("codegen", ("auto", "cython", "numpy")),
            ("rule", NAMES),
            ("pooler", POOLERS),
        ):
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}"
                )


class Validate(Protocol):
    """A level against its neighbour: the program's main job."""

    name = "validate"
    claim = (
        "A spiking network of pyramidal cells computes what the abstract temporal memory computes."
    )
    source = "Hawkins & Ahmad 2016, Front. Neural Circuits 10:23; levels 0 and 1 of htm_brian"
    parameters = ValidateParameters()

    def __init__(self, parameters: ValidateParameters | None = None) -> None:
        require("spiking memories")  # now, not when the abstract ones have run for minutes
        super().__init__(parameters)
        p: ValidateParameters = self.parameters
        self.models = _trees(p) if p.level == 2 else [load_model(p.model), load_model(p.cell_model)]
        network, cell = self.models
        if p.level == 1:
            check_models(network, cell, "model")
            require_race(cell, network, p.cells, p.neurons_per_cell)
        self.series = _read(p)
        active = active_column_count(p.columns)
        settings = {name: getattr(p, name) for name in SETTABLE}
        self.stream = StreamParameters.for_series(self.series, active, **settings)
        self.memory = MemoryParameters.for_size(p.columns, p.cells, active)
        if p.level == 2:
            enough = measured_threshold(network, cell, self.memory.max_new_synapses)
            self.memory = replace(self.memory, activation_threshold=enough, min_threshold=enough)
        shared = ("seed", "neurons_per_cell", "rule", "codegen", "jobs")
        shares = ("training_share", "evaluated_share")
        self.levels = TwoLevels(
            self.memory,
            mode=p.mode if p.level == 1 else "transplant",
            model=p.model if p.level == 1 else network,
            cell_model=p.cell_model if p.level == 1 else cell,
            **{name: getattr(p, name) for name in shared + shares},
        )
        n, bits = len(self.series), input_size(self.series, self.stream)
        require_bytes(
            estimate_bytes(self.memory, active, n, bits, p.jobs, p.neurons_per_cell),
            f"{p.columns} × {p.cells} cells over {n} steps",
            "choose fewer --columns, --cells or --steps",
        )

    def run(self, progress: Progress) -> Outcome:
        """Choose the columns, let both levels have them, and compare what was recorded."""
        p: ValidateParameters = self.parameters
        stream = self._choose(progress, "abstract")
        overlap = {}
        if p.pooler == "spiking" and stream is not None:
            own, stream = stream, self._choose(progress, "spiking")
            if stream is not None:
                share = mean_overlap(own, stream)
                overlap = {"columns that spike, overlap with the abstract pooler's": share}
        runs = {} if stream is None else self.levels.measure(stream, progress)
        outcome = self._outcome(stream, runs)
        return replace(outcome, metrics=outcome.metrics | overlap)

    def _choose(self, progress: Progress, pooler: str) -> Ragged | None:
        p: ValidateParameters = self.parameters
        progress.begin(f"choosing columns, {pooler}", n_steps(len(self.series), self.stream))
        chooser = partial(SpikingSpatialPooler, seed=p.seed) if pooler == "spiking" else None
        return choose_columns(self.series, p.columns, self.stream, p.seed, watch(progress), chooser)

    def _outcome(self, stream: Ragged | None, runs: dict[str, Run]) -> Outcome:
        models = [*self.models]
        if self.parameters.pooler == "spiking":
            models.append(load_model("spatial_pooler"))
        return outcome_of(self.levels, self.series, self.stream, stream, runs, models)


def _trees(p: ValidateParameters) -> list[Model]:
    """Return network and cell of level 2, with as many branches as asked for."""
    if p.mode == "apart":
        raise InputError("mode must be transplant at level 2, got 'apart'")
    if p.neurons_per_cell != 1:
        raise InputError(f"a cell of level 2 is one neuron, got {p.neurons_per_cell} for each")
    if p.rule != BETWEEN:
        raise InputError(f"rule must be {BETWEEN} at level 2, got {p.rule!r}")
    network, cell = load_model(p.tree_model), load_model(p.tree_cell_model)
    check_trees(network, cell, "model")
    return [network, cell.with_values({"basal.branches": p.branches})]


def _read(p: ValidateParameters) -> Series:
    series = read_series(
        p.input,
        timestamp_column=p.timestamp_column,
        value_column=p.value_column,
        date_order=p.date_order,
        decimal=p.decimal,
        read_as=p.read_as,
    )
    wanted = SHORTEST if p.steps is None else p.steps
    if len(series) < wanted:
        raise InputError(
            f"{series.name} has {len(series)} values, at least {wanted} are needed; "
            "give a longer series" + ("" if p.steps is None else ", or fewer --steps")
        )
    return series if p.steps is None else series.head(p.steps)

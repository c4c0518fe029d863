"""The abstract against the spiking temporal memory, on the same stream of a real series.

Stimulus: a series, encoded and pooled once to active columns (`htm_brian.streams.column_stream`).
Measurement: what both levels do with it, in two modes. *Transplant*: an abstract memory learns on
the first part; its segments go into Brian2; both run over the rest without learning, once with
releases that never fail and once with the model's own. *Apart*: both learn from scratch over the
whole stream, and a second abstract memory with another seed gives the ceiling of each agreement.
Checks: see `htm_brian.comparison.table`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.arguments import check_integer, check_number
from htm_brian.comparison import table as comparison
from htm_brian.comparison.dataset import to_dataset
from htm_brian.comparison.ladder import MemoryParameters, Run, SpikingRun, run_abstract, run_spiking
from htm_brian.comparison.table import Row
from htm_brian.errors import InputError
from htm_brian.experiment.memory import require_bytes
from htm_brian.experiment.processes import WorkerPool
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.parameters import Model, load_model
from htm_brian.sdr.ragged import Ragged
from htm_brian.streams.column_stream import choose_columns, input_size, n_steps
from htm_brian.streams.series import read_series
from htm_brian.streams.stream_parameters import SETTABLE, StreamParameters, active_column_count

MODES = ("both", "transplant", "apart")
SHORTEST = 16
GRACE = 20.0
"""Seconds that stopped processes have to hand in what they recorded."""

TARGETS = "htm_brian's targets for level 1 against level 0"

# For the estimate of memory; measured, and rounded up.
BYTES_PER_PROCESS = 3e8
BYTES_PER_CELL = 2000
BYTES_PER_SYNAPSE = 120
BYTES_PER_INDEX = 4
BYTES_PER_BIT = 12


@dataclass(frozen=True)
class ValidateParameters:
    """What a run of `Validate` depends on; the options of ``htm-brian validate``."""

    input: Path | None = None
    timestamp_column: str | None = None
    value_column: str | None = None
    date_order: str | None = None
    decimal: str | None = None
    read_as: str | None = None
    columns: int = 512
    cells: int = 8
    steps: int | None = None
    seed: int = 42
    mode: str = "both"
    model: str = "minicolumns"
    cell_model: str = "l5_reduced"
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
        for name, low in (("columns", 8), ("cells", 1), ("seed", 0), ("jobs", 1)):
            check_integer(name, getattr(self, name), low=low)
        if self.steps is not None:
            check_integer("steps", self.steps, low=SHORTEST)
        for name in ("training_share", "evaluated_share"):
            check_number(name, getattr(self, name), low=0.1, high=0.9)
        for name, allowed in (("mode", MODES), ("codegen", ("auto", "cython", "numpy"))):
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
        super().__init__(parameters)
        p: ValidateParameters = self.parameters
        self.models = [_load(p.model, "network"), _load(p.cell_model, "cell")]
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
                f"{series.name} has {len(series)} values, at least {wanted} are needed"
            )
        self.series = series if p.steps is None else series.head(p.steps)
        active = active_column_count(p.columns)
        settings = {name: getattr(p, name) for name in SETTABLE}
        self.stream = StreamParameters.for_series(self.series, active, **settings)
        self.memory = MemoryParameters.for_size(p.columns, p.cells, active)
        require_bytes(
            _estimate_bytes(p, len(self.series), active, input_size(self.series, self.stream)),
            f"{p.columns} × {p.cells} cells over {len(self.series)} steps",
            "choose fewer --columns, --cells or --steps",
        )

    def run(self, progress: Progress) -> Outcome:
        """Run what the mode asks for, and compare what was recorded."""
        p: ValidateParameters = self.parameters
        progress.begin("choosing columns", n_steps(len(self.series), self.stream))
        stream = choose_columns(self.series, p.columns, self.stream, p.seed, _watch(progress))
        runs: dict[str, Run] = {}
        if stream is not None:
            with WorkerPool(p.jobs) as pool:
                runs |= self._measure(stream, pool, progress)
        return self._outcome(stream, runs)

    @property
    def expected(self) -> dict[str, int]:
        """Number of steps of every run that the mode asks for."""
        n = len(self.series)
        rest = n - self._split
        apart = dict.fromkeys(("abstract", "abstract_other_seed", "spiking"), n)
        transplant = dict.fromkeys(
            ("transplant_abstract", "transplant_reliable", "transplant_model"), rest
        )
        return {
            "both": apart | transplant,
            "apart": apart,
            "transplant": {"abstract": self._split} | transplant,
        }[self.parameters.mode]

    @property
    def _split(self) -> int:
        return round(self.parameters.training_share * len(self.series))

    def _measure(self, stream: Ragged, pool: WorkerPool, progress: Progress) -> dict[str, Run]:
        """Start the longest spiking run, do the abstract ones meanwhile, then wait for the rest."""
        seed = self.parameters.seed
        if "spiking" in self.expected:
            pool.submit("spiking", run_spiking, self._spiking("model"), stream)
        progress.begin(
            "abstract temporal memory",
            sum(n for name, n in self.expected.items() if "abstract" in name),
        )
        runs: dict[str, Run] = {}
        first = self._abstract(seed)
        runs["abstract"], taught = _run_and_export(
            first, stream.part(0, self.expected["abstract"]), self._split, _watch(progress)
        )
        if "abstract_other_seed" in self.expected and not progress.interrupted:
            runs["abstract_other_seed"] = run_abstract(
                self._abstract(seed + 1), stream, _watch(progress)
            )
        if "transplant_abstract" in self.expected and taught is not None:
            rest = stream.part(self._split)
            copy = self._abstract(seed)
            copy.import_segments(taught)
            runs["transplant_abstract"] = run_abstract(copy, rest, _watch(progress), learn=False)
            for release in ("reliable", "model"):
                spiking = self._spiking(release, taught)
                pool.submit(f"transplant_{release}", run_spiking, spiking, rest)
        self._wait(pool, progress)
        return runs | pool.results

    def _wait(self, pool: WorkerPool, progress: Progress) -> None:
        lengths = {name: n for name, n in self.expected.items() if "abstract" not in name}
        progress.begin("spiking temporal memory (compiling)", sum(lengths.values()))
        pool.follow(lengths, progress, GRACE, "spiking temporal memory")

    def _abstract(self, seed: int) -> TemporalMemory:
        return TemporalMemory(**asdict(self.memory), seed=seed)

    def _spiking(self, release: str, segments: SegmentTable | None = None) -> SpikingRun:
        p: ValidateParameters = self.parameters
        return SpikingRun(self.memory, p.seed, p.model, p.cell_model, release, p.codegen, segments)

    def _outcome(self, stream: Ragged | None, runs: dict[str, Run]) -> Outcome:
        partial = stream is None or any(
            name not in runs or len(runs[name].recording) < n for name, n in self.expected.items()
        )
        rows = self._transplant_rows(runs) + self._apart_rows(runs)
        return Outcome(
            dataset=to_dataset(self.series, stream, runs, self._split),
            checks=comparison.checks_of(rows),
            metrics=self._metrics(runs, rows),
            partial=partial,
            parameter_rows=[
                *(row for model in self.models for row in model.rows()),
                *self.memory.rows(),
                *self.stream.rows(self.series),
            ],
            table=comparison.to_table(rows, self._title(runs, partial)),
        )

    def _transplant_rows(self, runs: dict[str, Run]) -> list[Row]:
        rows: list[Row] = []
        for release in ("reliable", "model"):
            n = _common(runs, "transplant_abstract", f"transplant_{release}")
            if n == 0:
                continue
            if not rows:
                rows.append(Row(f"TRANSPLANT: the same segments, over {n} steps"))
            reference = runs["transplant_abstract"].recording.part(0, n)
            other = runs[f"transplant_{release}"].recording.part(0, n)
            if release == "reliable":
                rows += comparison.reliable_rows(reference, other, TARGETS)
            else:
                rows += comparison.own_release_rows(reference, other)
        return rows

    def _apart_rows(self, runs: dict[str, Run]) -> list[Row]:
        names = ("abstract", "abstract_other_seed", "spiking")
        n = _common(runs, *names)
        start = round((1 - self.parameters.evaluated_share) * n)
        if n - start < 1:
            return []
        reference, second, spiking = (runs[name].recording.part(start, n) for name in names)
        return [
            Row(f"TRAINED APART: over the last {n - start} of {n} steps"),
            *comparison.apart_rows(reference, second, spiking, TARGETS),
        ]

    def _title(self, runs: dict[str, Run], partial: bool) -> str:
        p: ValidateParameters = self.parameters
        size = f"{p.columns} columns × {p.cells} cells, {self.stream.active_columns} active"
        part = "PARTIAL RESULT, stopped before its end. " if partial else ""
        return (
            f"{part}{self.series.title}: {len(self.series)} steps, {size}. "
            "Agreement of spiking with abstract stands beside its ceiling, "
            "that of two abstract memories with different seeds."
        )

    def _metrics(self, runs: dict[str, Run], rows: list[Row]) -> dict[str, Any]:
        """Return the numbers of the table, and how large and how fast each run was."""
        return {
            "input": {"file": self.series.name} | self.series.account,
            "table": {
                row.quantity: {"abstract": row.abstract, "spiking": row.spiking}
                for row in rows
                if row.spiking is not None
            },
            "runs": {
                name: {
                    "steps": len(run.recording),
                    "milliseconds per step": 1e3 * run.seconds / max(1, len(run.recording)),
                    "segments": run.segments.n_segments,
                    "synapses": run.segments.n_synapses,
                }
                for name, run in runs.items()
            },
        }


def _run_and_export(
    memory: TemporalMemory, stream: Ragged, split: int, after_step: Callable[[int], bool]
) -> tuple[Run, SegmentTable | None]:
    """Run over the whole `stream`; return also the segments as they were after `split` steps."""
    exported: list[SegmentTable] = []

    def export_at_split(done: int) -> bool:
        if done == split:
            exported.append(memory.export_segments())
        return after_step(done)

    run = run_abstract(memory, stream, export_at_split)
    return run, exported[0] if exported else None


def _watch(progress: Progress) -> Callable[[int], bool]:
    """Return an ``after_step`` that moves `progress` on, and ends the run at Ctrl-C."""

    def after_step(done: int) -> bool:
        progress.advance()
        return not progress.interrupted

    return after_step


def _common(runs: dict[str, Run], *names: str) -> int:
    """Return the number of steps that all these runs have."""
    return min((len(runs[name].recording) if name in runs else 0) for name in names)


def _load(name: str, kind: str) -> Model:
    model = load_model(name)
    if model.kind != kind:
        raise InputError(f"{name} is a {model.kind} model where a {kind} model is needed")
    return model


def _estimate_bytes(p: ValidateParameters, steps: int, active: int, bits: int) -> float:
    """Estimate the memory of a whole run from above; tests hold measured runs against it."""
    cells = p.columns * p.cells
    synapses = 20.0 * active * steps
    processes = min(p.jobs, 3)
    state = BYTES_PER_CELL * cells + BYTES_PER_SYNAPSE * synapses
    recorded = 3 * BYTES_PER_INDEX * active * p.cells * steps
    pooler = BYTES_PER_BIT * bits * p.columns
    return BYTES_PER_PROCESS * (processes + 1) + (processes + 1) * state + 6 * recorded + pooler

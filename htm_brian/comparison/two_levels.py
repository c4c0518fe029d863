"""The abstract and the spiking temporal memory over one stream: which runs, in which order.

========================  ======================================================================
``abstract``              learns over the stream
``abstract_shuffled``     the same over the stream shuffled in time: what order there is to learn
``abstract_2``, ...       the same with other seeds: how far they agree is the ceiling
``spiking``               learns over the stream, in a process of its own
``transplant_abstract``   goes on with the segments of ``abstract`` as they were at the split
``transplant_reliable``   a spiking memory with these segments: no noise, and no release fails
``transplant_model``      the same, with the noise and the release of the model
========================  ======================================================================

The first two decide alone whether anything was learned (`htm_brian.comparison.learning`). If not,
no spiking memory is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.comparison import table as comparison
from htm_brian.comparison.ladder import (
    ABSTRACT,
    MemoryParameters,
    Run,
    SpikingRun,
    abstract_recordings,
    run_abstract,
    run_spiking,
)
from htm_brian.comparison.learning import Learning, learning_from, shuffle
from htm_brian.comparison.margin import Margin
from htm_brian.comparison.table import Row
from htm_brian.experiment.processes import WorkerPool
from htm_brian.experiment.progress import Progress
from htm_brian.network.tree_dendrites import require_branches
from htm_brian.parameters import Model, load_model
from htm_brian.sdr.ragged import Ragged

MODES = ("both", "transplant", "apart")
LEARNING = ("abstract", "abstract_shuffled")
APART = (*LEARNING, *ABSTRACT[1:], "spiking")
TRANSPLANT = ("transplant_abstract", "transplant_reliable", "transplant_model")
GRACE = 20.0
"""Seconds that stopped processes have to hand in what they recorded."""

TARGETS = "htm_brian's targets for level 1 against level 0"
TARGETS_OF_TREES = "htm_brian's targets for level 2 against level 0"

# For the estimate of memory; measured, and rounded up.
BYTES_PER_PROCESS = 3e8
BYTES_PER_CELL = 2000
BYTES_PER_SYNAPSE = 120
BYTES_PER_INDEX = 4
BYTES_PER_BIT = 12


@dataclass(frozen=True)
class TwoLevels:
    """A comparison of level 1 or 2 with level 0.

    Parameters
    ----------
    memory : MemoryParameters
        Of every memory.
    seed : int
        Of every memory but ``abstract_2`` and so on, which have the next ones.
    mode : {"both", "transplant", "apart"}
    model, cell_model : str or Model
        Models of the spiking memory, or paths of their files.
    neurons_per_cell : int
        Neurons that stand for a cell of the spiking memory.
    rule : str
        By which the spiking memory learns that is trained apart.
    codegen : {"auto", "cython", "numpy"}
        Brian2's code generation.
    jobs : int
        Processes to run side by side.
    training_share : float
        First part of the stream, after which segments are transplanted.
    evaluated_share : float
        Last part of the steps, over which memories that learned are compared.
    """

    memory: MemoryParameters
    seed: int
    mode: str = "both"
    model: str | Model = "minicolumns"
    cell_model: str | Model = "l5_reduced"
    neurons_per_cell: int = 1
    rule: str = "counter"
    codegen: str = "auto"
    jobs: int = 2
    training_share: float = 0.75
    evaluated_share: float = 0.5

    def split(self, n: int) -> int:
        """Return the step of `n` at which the transplant starts."""
        return round(self.training_share * n)

    def lengths(self, n: int) -> dict[str, int]:
        """Return how many of `n` steps every run of this mode takes."""
        split = self.split(n)
        rest = dict.fromkeys(TRANSPLANT, n - split)
        return {
            "both": dict.fromkeys(APART, n) | rest,
            "apart": dict.fromkeys(APART, n),
            "transplant": dict.fromkeys(LEARNING, split) | rest,
        }[self.mode]

    def measure(self, stream: Ragged, progress: Progress) -> dict[str, Run]:
        """Do the runs; those that an interrupt left over are missing or shorter."""
        lengths = self.lengths(len(stream))
        runs, taught = self._level_0(stream, lengths, progress)
        learned = self.learning(runs)
        if progress.interrupted or learned is None or not learned.something:
            return runs
        with WorkerPool(self.jobs) as pool:
            # The longest run starts first; what is left for level 0 is done meanwhile.
            if "spiking" in lengths:
                pool.submit("spiking", run_spiking, self._spiking("model"), stream)
            runs |= self._rest_of_level_0(stream, lengths, taught, pool, progress)
            spiking = {name: n for name, n in lengths.items() if "abstract" not in name}
            progress.begin("spiking temporal memory (compiling)", sum(spiking.values()))
            pool.follow(spiking, progress, GRACE, "spiking temporal memory")
        return runs | pool.results

    def learning(self, runs: Mapping[str, Run]) -> Learning | None:
        """Return what level 0 learned; None if its runs were stopped before their end."""
        if "abstract_shuffled" not in runs:
            return None
        own, shuffled = (runs[name].recording.anomaly for name in LEARNING)
        if len(own) != len(shuffled):
            return None
        return learning_from(own, shuffled, self.evaluated_share)

    def is_partial(self, n: int, runs: Mapping[str, Run], learned: Learning | None) -> bool:
        """Whether a run over `n` steps is missing or too short that should be there."""
        nothing = learned is not None and not learned.something
        return any(
            name not in runs or len(runs[name].recording) < length
            for name, length in self.lengths(n).items()
            if not nothing or name in LEARNING
        )

    def rows(self, runs: Mapping[str, Run], learned: Learning | None) -> list[Row]:
        """Return the rows of the table, with the checks that they carry."""
        rows = [] if learned is None else learned.rows
        return rows + self._transplant_rows(runs) + self._apart_rows(runs)

    @property
    def trees(self) -> bool:
        """Whether the cells of the spiking memory are of level 2."""
        return load_model(self.cell_model).level == 2

    def _level_0(
        self, stream: Ragged, lengths: dict[str, int], progress: Progress
    ) -> tuple[dict[str, Run], SegmentTable | None]:
        """Learn the stream and the shuffled stream; return also the segments at the split."""
        progress.begin(
            "abstract temporal memory", sum(n for name, n in lengths.items() if "abstract" in name)
        )
        part = stream.part(0, lengths["abstract"])
        runs: dict[str, Run] = {}
        runs["abstract"], taught = _run_and_export(
            self._abstract(self.seed), part, self.split(len(stream)), watch(progress)
        )
        if not progress.interrupted:
            runs["abstract_shuffled"] = run_abstract(
                self._abstract(self.seed), shuffle(part, self.seed), watch(progress)
            )
        return runs, taught

    def _rest_of_level_0(
        self,
        stream: Ragged,
        lengths: dict[str, int],
        taught: SegmentTable | None,
        pool: WorkerPool,
        progress: Progress,
    ) -> dict[str, Run]:
        runs: dict[str, Run] = {}
        if "transplant_abstract" in lengths and taught is not None:
            if self.trees:
                require_branches(taught.owner, load_model(self.cell_model))
            rest = stream.part(self.split(len(stream)))
            for release in ("reliable", "model"):
                spiking = self._spiking(release, taught)
                pool.submit(f"transplant_{release}", run_spiking, spiking, rest)
            copy = self._abstract(self.seed)
            copy.import_segments(taught)
            runs["transplant_abstract"] = run_abstract(copy, rest, watch(progress), learn=False)
        for further, name in enumerate(ABSTRACT[1:], start=1):
            if name in lengths and not progress.interrupted:
                other = self._abstract(self.seed + further)
                runs[name] = run_abstract(other, stream, watch(progress))
        return runs

    def _abstract(self, seed: int) -> TemporalMemory:
        """Return a memory of level 0 that predicts before it learns, as the spiking one does."""
        return TemporalMemory(**asdict(self.memory), seed=seed, predict_first=True)

    def _spiking(self, release: str, segments: SegmentTable | None = None) -> SpikingRun:
        return SpikingRun(
            self.memory,
            self.seed,
            self.model,
            self.cell_model,
            release,
            self.codegen,
            segments,
            # Without noise the neurons of a cell are all alike: one does.
            1 if release == "reliable" else self.neurons_per_cell,
            self.rule if segments is None else "counter",
        )

    def _transplant_rows(self, runs: Mapping[str, Run]) -> list[Row]:
        rows: list[Row] = []
        for release in ("reliable", "model"):
            n = _common(runs, "transplant_abstract", f"transplant_{release}")
            if n == 0:
                continue
            if not rows:
                rows.append(Row(f"TRANSPLANT: the same segments, over {n} steps"))
            reference = runs["transplant_abstract"].recording.part(0, n)
            other = runs[f"transplant_{release}"].recording.part(0, n)
            if release == "reliable" and self.trees:
                memory = self.memory
                held = runs["transplant_abstract"].segments
                margin = Margin(held, memory.activation_threshold, memory.connected_permanence)
                rows += comparison.clear_rows(reference, other, margin, TARGETS_OF_TREES)
            elif release == "reliable":
                rows += comparison.reliable_rows(reference, other, TARGETS)
            else:
                rows += comparison.own_release_rows(reference, other)
                if self.trees:
                    continue
                # The race needs Brian2, which is slow to import.
                from htm_brian.comparison.columns import right_columns_row

                rows.append(
                    right_columns_row(
                        reference, other, self.model, self.cell_model, self.neurons_per_cell
                    )
                )
        return rows

    def _apart_rows(self, runs: Mapping[str, Run]) -> list[Row]:
        abstract = abstract_recordings(runs)
        n = _common(runs, "abstract", "spiking")
        start = round((1 - self.evaluated_share) * n)
        if n - start < 1 or len(abstract) < 2:
            return []
        *references, spiking = (
            one.part(start, n) for one in (*abstract, runs["spiking"].recording)
        )
        return [
            Row(
                f"TRAINED APART: over the last {n - start} of {n} steps; each level predicts the "
                "next element before it learns from the present one"
            ),
            *comparison.apart_rows(references, spiking, TARGETS),
        ]


def watch(progress: Progress) -> Callable[[int], bool]:
    """Return an ``after_step`` that moves `progress` on, and ends the run at Ctrl-C."""

    def after_step(done: int) -> bool:
        progress.advance()
        return not progress.interrupted

    return after_step


def estimate_bytes(
    memory: MemoryParameters,
    active: int,
    steps: int,
    bits: int,
    jobs: int,
    neurons_per_cell: int = 1,
) -> float:
    """Estimate the memory of a whole comparison from above.

    Parameters
    ----------
    memory : MemoryParameters
    active : int
        Active columns of a step.
    steps : int
    bits : int
        Bits of the encoding that the spatial pooler takes.
    jobs, neurons_per_cell : int
    """
    cells = memory.columns * memory.cells_per_column
    synapses = 20.0 * active * steps
    processes = min(jobs, 3)
    state = BYTES_PER_CELL * cells * neurons_per_cell + BYTES_PER_SYNAPSE * synapses
    recorded = 3 * BYTES_PER_INDEX * active * memory.cells_per_column * steps
    pooler = BYTES_PER_BIT * bits * memory.columns
    return BYTES_PER_PROCESS * (processes + 1) + (processes + 1) * state + 7 * recorded + pooler


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


def _common(runs: Mapping[str, Run], *names: str) -> int:
    """Return the number of steps that all these runs have."""
    return min((len(runs[name].recording) if name in runs else 0) for name in names)

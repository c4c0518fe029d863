"""What poolers make of what memories of both levels tell, with every seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.abstract.temporal_pooler import TemporalPooler
from htm_brian.engine.compiling import code_generation
from htm_brian.experiment.progress import Progress
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.protocols.temporal_pooling.stimulus import Task, draw_task
from htm_brian.randomness import stream

if TYPE_CHECKING:
    from htm_brian.protocols.temporal_pooling import TemporalPoolingParameters

Cells = NDArray[np.int64]

PREDICTED, BURSTS, ONCE, EVERY = (
    "cells rightly predicted",
    "bursts",
    "one spike of each",
    "every spike",
)
LEARNS, UNTAUGHT, SHUFFLED = "learns", "does not learn", "learns in shuffled order"


@dataclass(frozen=True)
class Reading:
    """A pooler, and what drives it.

    Attributes
    ----------
    level : int
        Of the memory.
    drive : str
        Which of the memory's cells it hears.
    transmission : float
        Probability that a spike is transmitted at a synapse of the pooler.
    learning : str
    """

    level: int
    drive: str
    transmission: float = 1.0
    learning: str = LEARNS

    @property
    def name(self) -> str:
        """What it is, in words."""
        said = f"level {self.level}, {self.drive}"
        if self.transmission < 1:
            said += f", {self.transmission:.0%} transmitted"
        return said if self.learning == LEARNS else f"{said}, pooler {self.learning}"


UNRELIABLE = 0.5
READINGS = (
    Reading(0, PREDICTED),
    Reading(0, PREDICTED, UNRELIABLE),
    Reading(1, BURSTS),
    Reading(1, BURSTS, UNRELIABLE),
    Reading(1, ONCE, UNRELIABLE),
    Reading(1, EVERY),
    Reading(0, PREDICTED, learning=UNTAUGHT),
    Reading(0, PREDICTED, learning=SHUFFLED),
    Reading(1, BURSTS, learning=UNTAUGHT),
    Reading(1, BURSTS, learning=SHUFFLED),
)
TESTED = READINGS[:4]
"""The claim is about these; the others are controls."""

MEASURED = {
    "within": "overlap of codes of one showing, between its places",
    "repeated": "overlap of codes at the same place, between showings",
    "alone": "overlap of codes of one sequence, each element read alone",
    "across": "overlap of codes of different sequences",
    "across_alone": "the same, each element read alone",
    "predicted_size": "cells of a code, over those that it may have",
    "novel_size": "the same where no element was predicted",
}


@dataclass(frozen=True)
class Shown:
    """What a memory told at one element.

    Attributes
    ----------
    predicted, bursts, active : ndarray of int
        Cells that were active and predicted, that fired a burst, and that were active.
    spikes : ndarray of int, shape (n_active,)
        Of each active cell; one at level 0.
    """

    predicted: Cells
    bursts: Cells
    active: Cells
    spikes: NDArray[np.int64]


Showing = list[list[Shown]]
"""By sequence and place."""


@dataclass(frozen=True)
class Told:
    """What a memory told after it had learned.

    Attributes
    ----------
    order : list of ndarray of int
        In which order each showing had the sequences.
    showings : list of Showing
        By sequence, not by order.
    novel : Showing
    anomaly : float
        Mean over all places but the first of each sequence.
    """

    order: list[Cells]
    showings: list[Showing]
    novel: Showing
    anomaly: float


def measure(p: TemporalPoolingParameters, progress: Progress) -> tuple[xr.Dataset, bool]:
    """Return the overlaps of every reading and seed, and whether no run was stopped."""
    progress.begin("seeds", p.seeds)
    shape = len(p.readings), p.seeds
    found = {name: np.full(shape, np.nan) for name in MEASURED}
    anomaly = np.full((2, p.seeds), np.nan)
    example = np.zeros((0, 0))
    with code_generation(p.codegen):
        for seed in range(p.seeds):
            task = draw_task(p, stream(p.seed, "stimulus", seed))
            told = {}
            for level in sorted({reading.level for reading in p.readings}):
                if progress.interrupted:
                    return xr.Dataset(), False
                told[level] = tell(_memory(p, level, seed), task, p, seed)
                anomaly[level, seed] = told[level].anomaly
            for row, reading in enumerate(p.readings):
                values, codes = pool(p, reading, told[reading.level], seed)
                for name, value in values.items():
                    found[name][row, seed] = value
                if seed == 0 and reading == p.readings[0]:
                    example = _matrix(p, codes)
            progress.advance()
    dims = "reading", "seed"
    dataset = xr.Dataset(
        {
            name: (dims, values, {"long_name": MEASURED[name], "units": "1"})
            for name, values in found.items()
        },
        coords={"reading": [reading.name for reading in p.readings]},
        attrs={"places": p.length - 1},
    )
    dataset["anomaly"] = (("level", "seed"), anomaly, {"units": "1"})
    dataset["example"] = (("code", "other_code"), example, {"units": "1"})
    return dataset, True


def tell(memory: Any, task: Task, p: TemporalPoolingParameters, seed: int) -> Told:
    """Let a memory learn the sequences, and note what it tells of them afterwards."""
    rng = stream(p.seed, "order", seed)
    for _ in range(p.episodes):
        for row in rng.permutation(p.sequences):
            for _ in _shown(memory, task, task.sequences[row], learn=True):
                pass
    order, showings, anomalies = [], [], []
    for _ in range(p.showings + p.tests):
        order.append(rng.permutation(p.sequences))
        showing: Showing = [[] for _ in range(p.sequences)]
        for row in order[-1]:
            for place, shown in enumerate(_shown(memory, task, task.sequences[row], learn=False)):
                showing[row].append(shown)
                if place:
                    anomalies.append(float(memory.anomaly))
        showings.append(showing)
    novel = [list(_shown(memory, task, each, learn=False)) for each in task.novel]
    return Told(order, showings, novel, float(np.mean(anomalies)))


def pool(
    p: TemporalPoolingParameters, reading: Reading, told: Told, seed: int
) -> tuple[dict[str, float], NDArray[np.bool_]]:
    """Let a pooler learn from some showings, and compare its codes in the others.

    Returns
    -------
    values : dict of str to float
        See `MEASURED`.
    codes : ndarray of bool, shape (n_sequences, length - 1, cells)
        Of the first test.
    """
    pooler = TemporalPooler(
        p.columns * p.cells,
        p.pooler_cells,
        active=p.pooled,
        least_inputs=p.active // 2,
        seed=1000 * p.seed + seed,
    )
    if reading.learning != UNTAUGHT:
        rng = stream(p.seed, "shuffled", seed)
        for order, showing in zip(told.order, told.showings[: p.showings], strict=False):
            every = [shown for row in order for shown in showing[row][1:]]
            if reading.learning == SHUFFLED:
                every = [every[k] for k in rng.permutation(len(every))]
            for number, shown in enumerate(every):
                if number % (p.length - 1) == 0:
                    pooler.reset()
                _hear(pooler, reading, shown, learn=True)
    tests = told.showings[p.showings :]
    running = np.array([_codes(pooler, reading, showing, alone=False) for showing in tests])
    alone = np.array([_codes(pooler, reading, showing, alone=True) for showing in tests[:1]])
    novel = _codes(pooler, reading, told.novel, alone=False)
    return overlaps(running, alone[0], novel, p.pooled), running[0]


def overlaps(
    running: NDArray[np.bool_], alone: NDArray[np.bool_], novel: NDArray[np.bool_], size: int
) -> dict[str, float]:
    """Return the overlaps of codes, over the cells that a code may have.

    Parameters
    ----------
    running : ndarray of bool, shape (n_tests, n_sequences, n_places, cells)
    alone, novel : ndarray of bool, shape (n_sequences, n_places, cells)
    size : int
    """
    within = [_between(showing, size, same=True) for showing in running]
    across = [_between(showing, size, same=False) for showing in running]
    repeated = [
        (one & other).sum(axis=-1).mean() / size
        for number, one in enumerate(running)
        for other in running[:number]
    ]
    return {
        "within": float(np.mean(within)),
        "repeated": float(np.mean(repeated)),
        "alone": _between(alone, size, same=True),
        "across": float(np.mean(across)),
        "across_alone": _between(alone, size, same=False),
        "predicted_size": float(running.sum(axis=-1).mean() / size),
        "novel_size": float(novel.sum(axis=-1).mean() / size),
    }


def _between(codes: NDArray[np.bool_], size: int, same: bool) -> float:
    """Return the mean overlap of two codes of the same sequence, or of different ones."""
    n_sequences, n_places, _ = codes.shape
    flat = codes.reshape(n_sequences * n_places, -1).astype(np.float64)
    shared = flat @ flat.T / size
    sequence = np.repeat(np.arange(n_sequences), n_places)
    alike = sequence[:, np.newaxis] == sequence
    wanted = (alike & ~np.eye(len(flat), dtype=np.bool_)) if same else ~alike
    return float(shared[wanted].mean())


def _matrix(p: TemporalPoolingParameters, codes: NDArray[np.bool_]) -> NDArray[np.float64]:
    flat = codes.reshape(-1, codes.shape[-1]).astype(np.float64)
    return np.asarray(flat @ flat.T / p.pooled)


def _codes(
    pooler: TemporalPooler, reading: Reading, showing: Showing, alone: bool
) -> NDArray[np.bool_]:
    """Return the codes at all places but the first, which nothing can predict."""
    found = []
    for sequence in showing:
        pooler.reset()
        for shown in sequence[1:]:
            if alone:
                pooler.reset()
            _hear(pooler, reading, shown, learn=False)
            code = np.zeros(pooler.cells, dtype=np.bool_)
            code[pooler.active_cells] = True
            found.append(code)
    return np.array(found).reshape(len(showing), -1, pooler.cells)


def _hear(pooler: TemporalPooler, reading: Reading, shown: Shown, learn: bool) -> None:
    """Let a pooler take in an element; a synapse fails only if each spike of its input fails."""
    cells = {
        PREDICTED: shown.predicted,
        BURSTS: shown.bursts,
        ONCE: shown.bursts,
        EVERY: shown.active,
    }[reading.drive]
    spikes = shown.spikes[np.searchsorted(shown.active, cells)]
    if reading.drive == ONCE:
        spikes = np.ones_like(spikes)
    pooler.compute(cells, learn, 1 - (1 - reading.transmission) ** spikes)


def _memory(p: TemporalPoolingParameters, level: int, seed: int) -> Any:
    common = {"columns": p.columns, "cells_per_column": p.cells, "seed": p.seed + seed}
    if level == 0:
        return TemporalMemory(**common)
    return SpikingTemporalMemory(**common, model=p.model, cell_model=p.cell_model)


def _shown(memory: Any, task: Task, sequence: Cells, learn: bool) -> Iterator[Shown]:
    """Show one sequence, from rest on."""
    memory.reset()
    spikes_of = _spikes if isinstance(memory, SpikingTemporalMemory) else _one_each
    for symbol in sequence:
        before = np.asarray(memory.predictive_cells, dtype=np.int64)
        memory.compute(task.symbols[symbol], learn=learn)
        active = np.asarray(memory.active_cells, dtype=np.int64)
        predicted = np.intersect1d(active, before)
        bursts = np.asarray(getattr(memory, "cell_bursts", predicted), dtype=np.int64)
        yield Shown(predicted, bursts, active, spikes_of(memory, active))


def _one_each(memory: TemporalMemory, active: Cells) -> NDArray[np.int64]:
    return np.ones(len(active), dtype=np.int64)


def _spikes(memory: SpikingTemporalMemory, active: Cells) -> NDArray[np.int64]:
    return np.bincount(memory.spike_cells, minlength=memory.n_cells)[active].astype(np.int64)

"""What one network at one transmission probability gets wrong, and the dataset of all."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.experiment.processes import GRACE, WorkerPool
from htm_brian.experiment.progress import Progress
from htm_brian.parameters import Model, load_model
from htm_brian.protocols.network_release.closed_form import closed_form
from htm_brian.protocols.network_release.stimulus import DEFAULT, Condition, symbol_columns
from htm_brian.streams.sequence_task import ELEMENTS, SEQUENCES, AfterStep, Measured, present

if TYPE_CHECKING:
    from htm_brian.protocols.network_release import NetworkReleaseParameters

BOUHADJAR = "Bouhadjar et al. 2022, PLOS Comput Biol 18:e1010233"
PEER = {1.0: 0.0, 0.95: 0.09, 0.9: 0.20, 0.8: 0.33, 0.7: 0.51, 0.5: 0.67, 0.3: 0.68}
"""Transition error by transmission probability, of one network trained without failures on two
sequences; the published model run in NEST 3.10 with a Bernoulli synapse."""
MULTIPLE_SITES = 5
FROZEN = "trained without failures, then frozen"


def measure_all(
    pool: WorkerPool,
    label: str,
    tasks: dict[tuple[str, float], Task],
    parameters: NetworkReleaseParameters,
    progress: Progress,
) -> dict[tuple[str, float], Measured]:
    """Measure every task in the pool; one that was stopped in its training is left out."""
    names = {f"{label}: {name}, transmission {p:g}": (name, p) for name, p in tasks}
    lengths = {name: tasks[key].episodes * ELEMENTS for name, key in names.items()}
    progress.begin(label, sum(lengths.values()))
    for name, key in names.items():
        pool.submit(name, measure, tasks[key], parameters)
    pool.follow(lengths, progress, GRACE, label)
    return {
        key: pool.results[name]
        for name, key in names.items()
        if name in pool.results and len(pool.results[name].error) == tasks[key].episodes
    }


def to_dataset(
    p: NetworkReleaseParameters,
    trained: dict[tuple[str, float], Measured],
    frozen: dict[tuple[str, float], Measured],
) -> xr.Dataset:
    """Return error and anomaly of every transition tested, by condition and probability."""
    transitions = ELEMENTS - len(SEQUENCES)
    names = [condition.name for condition in p.conditions]
    shape = (2, len(names), len(p.transmission), p.testing, transitions)
    error, anomaly = np.full(shape, np.nan), np.full(shape, np.nan)
    course = np.full((len(names), len(p.transmission), p.training + p.testing), np.nan)
    for k, results in enumerate((trained, frozen)):
        for (name, probability), measured in results.items():
            where = names.index(name), p.transmission.index(probability)
            error[k, *where] = measured.error[-p.testing :]
            anomaly[k, *where] = measured.anomaly[-p.testing :]
            if k == 0:
                course[where] = measured.error.mean(axis=1)
    dimensions = ("regime", "condition", "transmission", "episode", "transition")
    return xr.Dataset(
        {
            "error": (dimensions, error),
            "anomaly": (dimensions, anomaly),
            "course": (("condition", "transmission", "presentation"), course),
            "abstract_course": ("presentation", abstract_course(p)),
            "closed_form": (("condition", "transmission"), closed_form(p)),
            "peer_error": ("peer_transmission", list(PEER.values())),
        },
        coords={
            "regime": ["trained with failures", FROZEN],
            "condition": names,
            "transmission": list(p.transmission),
            "peer_transmission": list(PEER),
        },
        attrs={"multiple_sites": MULTIPLE_SITES, "training": p.training},
    )


def abstract_course(p: NetworkReleaseParameters) -> NDArray[np.float64]:
    """Return the error of the abstract memory in every episode, for scale."""
    memory = TemporalMemory(**asdict(DEFAULT.memory(p.columns, p.cells_per_column)), seed=p.seed)
    columns = symbol_columns(p, DEFAULT)
    return present(memory, columns, p.training + p.testing, True, lambda _: True).error.mean(axis=1)


@dataclass(frozen=True)
class Task:
    """One network at one transmission probability.

    Parameters
    ----------
    condition : Condition
    transmission : float
    episodes : int
        Presentations of all sequences.
    segments : SegmentTable, optional
        Of a trained network, which then learns nothing.
    """

    condition: Condition
    transmission: float
    episodes: int
    segments: SegmentTable | None = None


def measure(task: Task, p: NetworkReleaseParameters, after_step: AfterStep) -> Measured:
    """Present the sequences to one network; ends early, after a whole episode, when told to."""
    # Brian2 is slow to import, and only the workers need it.
    from brian2 import volt

    from htm_brian.engine.compiling import code_generation
    from htm_brian.network.temporal_memory import SpikingTemporalMemory

    with code_generation(p.codegen):
        memory = SpikingTemporalMemory(
            **asdict(task.condition.memory(p.columns, p.cells_per_column)),
            seed=p.seed,
            model=with_transmission(load_model(p.model), task.transmission),
            cell_model=p.cell_model,
        )
        if not task.condition.bursts:
            memory.layer.cells.burst_dendritic_threshold = 1 * volt  # no dendrite gets there
        if task.segments is not None:
            memory.import_segments(task.segments)
        return present(
            memory,
            symbol_columns(p, task.condition),
            task.episodes,
            task.segments is None,
            after_step,
        )


def with_transmission(model: Model, probability: float) -> Model:
    """Return the network with connections of one site that transmits with `probability`."""
    one_site = {"release.sites": 1, "distal.site_growth": 1}
    return model.with_values({**one_site, "release.release_probability": probability})

"""What a spiking temporal memory loses when synapses fail to transmit.

Stimulus: six sequences of five symbols that share symbols and stretches, again and again
(`htm_brian.streams.sequence_task`, after Bouhadjar et al. 2022). Measurement: the error of what the
plateaus predict before each element but the first.

Networks are trained and tested with the same failures, learning all the time; and, as the peer was,
trained without failures and then frozen. Conditions take away what may make up for failures: the
burst of predicted cells, and the synapses that a segment has to spare. Beside each stands the share
of transitions that a network which does not learn should miss, in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.processes import WorkerPool
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.parameters import load_model
from htm_brian.protocols.network_release.checks import checks, metrics
from htm_brian.protocols.network_release.measurement import (
    BOUHADJAR,
    FROZEN,
    Task,
    measure_all,
    to_dataset,
)
from htm_brian.protocols.network_release.stimulus import CONDITIONS, DEFAULT, Condition
from htm_brian.streams.sequence_task import Measured


@dataclass(frozen=True)
class NetworkReleaseParameters:
    """What a run of `NetworkRelease` depends on.

    Parameters
    ----------
    columns, cells_per_column : int
        Size of the networks.
    transmission : tuple of float
        Probabilities that a connection transmits.
    training, testing : int
        Rounds of all sequences.
    conditions : tuple of Condition
        Kinds of network.
    seed : int
        Of all that is left to chance.
    jobs : int
        Processes to run side by side.
    codegen : str
        Brian2's code: auto, cython or numpy.
    model, cell_model : str
        The network and its cells.
    """

    columns: int = 256
    cells_per_column: int = 8
    transmission: tuple[float, ...] = (1.0, 0.9, 0.8, 0.7, 0.5, 0.4, 0.3)
    training: int = 24
    testing: int = 16
    conditions: tuple[Condition, ...] = CONDITIONS
    seed: int = 42
    jobs: int = 2
    codegen: str = "auto"
    model: str = "minicolumns"
    cell_model: str = "l5_reduced"

    def __post_init__(self) -> None:
        check_integer("columns", self.columns, low=20)
        for name in ("cells_per_column", "training", "testing", "jobs"):
            check_integer(name, getattr(self, name), low=1)
        check_integer("seed", self.seed, low=0)
        for probability in self.transmission:
            check_number("transmission", probability, low=0.0, high=1.0)
        if 1.0 not in self.transmission:
            raise InputError(
                "transmission must contain 1, whose network is also frozen and tested with "
                f"failures, got {self.transmission}"
            )
        if DEFAULT not in self.conditions:
            raise InputError(f"conditions must contain {DEFAULT.name!r}")


class NetworkRelease(Protocol):
    """Sequence prediction by spiking cells whose synapses fail."""

    name = "network_release"
    claim = (
        "with sparse distributed representations some percent of the synapses may fail at any "
        "moment and the system keeps working"
    )
    source = f"claim: forum thread on stochastic synapses; task, metric and peer: {BOUHADJAR}"
    parameters = NetworkReleaseParameters()
    seeds_by_default = 10

    def __init__(self, parameters: NetworkReleaseParameters | None = None) -> None:
        super().__init__(parameters)
        self._models = [load_model(self.parameters.model), load_model(self.parameters.cell_model)]

    def run(self, progress: Progress) -> Outcome:
        """Train and test every condition, then test the networks that knew no failures."""
        p: NetworkReleaseParameters = self.parameters
        trained = {
            (condition.name, probability): Task(condition, probability, p.training + p.testing)
            for condition in p.conditions
            for probability in p.transmission
        }
        with WorkerPool(p.jobs) as pool:
            results = measure_all(pool, "networks with failures", trained, p, progress)
            frozen = {
                (condition.name, probability): Task(
                    condition,
                    probability,
                    p.testing,
                    results[condition.name, 1.0].segments,
                )
                for condition in p.conditions
                for probability in p.transmission
                if (condition.name, 1.0) in results
            }
            if progress.interrupted:
                frozen_results: dict[tuple[str, float], Measured] = {}
            else:
                frozen_results = measure_all(pool, FROZEN, frozen, p, progress)
        dataset = to_dataset(p, results, frozen_results)
        return Outcome(
            dataset,
            checks(dataset),
            metrics(dataset),
            partial=progress.interrupted,
            parameter_rows=[
                *(row for model in self._models for row in model.rows()),
                *DEFAULT.memory(p.columns, p.cells_per_column).rows(),
            ],
        )

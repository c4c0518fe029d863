"""The same sequences, learned by each rule, in the noise of the network's own models.

Stimulus: six sequences of five symbols that share symbols and stretches, again and again
(`htm_brian.streams.sequence_task`); then the same symbols in the reverse order; then the first
sequences once more. Measurement: how many elements it takes, what is left of the error, what is
kept, and what it costs in synapses and vesicles.

Two rules learn between elements from lists of active cells and winners; the others at the synapse,
by its own release, the branch and the spikes of its cell. One is the calcium rule as it was fitted
to pairs of spikes, the control of what bound glutamate and the branch are for; in one network cells
fire no bursts, the control of what bursts are for.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from htm_brian.arguments import check_integer
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.parameters import load_model
from htm_brian.protocols.plasticity_in_the_network.checks import checks, metrics
from htm_brian.protocols.plasticity_in_the_network.measurement import measure_all, to_dataset
from htm_brian.protocols.plasticity_in_the_network.stimulus import CONDITIONS, OWN, Condition


@dataclass(frozen=True)
class PlasticityInTheNetworkParameters:
    """What a run of `PlasticityInTheNetwork` depends on.

    Parameters
    ----------
    columns, cells_per_column, active : int
        Size of the networks, and columns of a symbol.
    training : int
        Rounds of all sequences.
    testing : int
        Of these, the last, over which the error is taken.
    new : int
        Rounds of the sequences that come after.
    conditions : tuple of Condition
        What fails and fluctuates, and which rules are tried there.
    seeds : int
        Networks of each rule and condition, each with symbols of its own.
    seed : int
        Of all that is left to chance.
    jobs : int
        Processes to run side by side.
    codegen : str
        Brian2's code: auto, cython or numpy.
    """

    columns: int = 512
    cells_per_column: int = 8
    active: int = 20
    training: int = 28
    testing: int = 4
    new: int = 6
    conditions: tuple[Condition, ...] = CONDITIONS
    seeds: int = 10
    seed: int = 42
    jobs: int = 2
    codegen: str = "auto"

    def __post_init__(self) -> None:
        check_integer("active", self.active, low=4)
        check_integer("columns", self.columns, low=2 * self.active)
        for name in ("cells_per_column", "new", "seeds", "jobs"):
            check_integer(name, getattr(self, name), low=1)
        check_integer("training", self.training, low=2)
        check_integer("testing", self.testing, low=1, high=self.training)
        check_integer("seed", self.seed, low=0)
        if OWN.name not in [condition.name for condition in self.conditions]:
            raise InputError(f"conditions must contain {OWN.name!r}")


class PlasticityInTheNetwork(Protocol):
    """What synapses that learn by what they see make of sequences."""

    name = "plasticity_in_the_network"
    claim = (
        "a network learns sequences by rules that see no more than a synapse sees, in the noise "
        "of its own model"
    )
    source = (
        "discussion: LTP, LTD and stochastic synapses; Hawkins & Ahmad 2016, Front Neural Circuits "
        "10:23; Graupner & Brunel 2012, PNAS 109:3991"
    )
    parameters = PlasticityInTheNetworkParameters()

    def run(self, progress: Progress) -> Outcome:
        """Let every network learn."""
        p = self.parameters
        models = {model: load_model(model) for each in p.conditions for model in _models(each)}
        rows = [row for model in models.values() for row in model.rows()]
        found = measure_all(p, progress)
        if progress.interrupted or not found:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
        dataset = to_dataset(p, found)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)


def _models(condition: Condition) -> tuple[str, str]:
    return condition.model, condition.cell_model

"""The spiking memory at the theory's own size, on the theory's own stream, beside level 0.

Stimulus: high-order sequences among random elements (`htm_brian.streams.sequences_in_noise`), 2048
columns of 32 cells; other sequences from the switch on; or the same ones, when two fifths of the
cells have died. Measurement: the share of predicted columns that become active, smoothed as in the
paper, of level 0 and of the spiking memory on the same stream. Prediction is read from plateaus
when the volley comes, what becomes active from spikes: columns that answer with few early cells.
Conditions: synapses fail; besides, membranes fluctuate and volleys jitter, in another network,
whose volleys are slower.

At 32 cells a column single neurons withstand 1 mV of noise, and only if they are alike
(`in_vivo`). So this is what is tried here; both are parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Quantity, mV

from htm_brian.arguments import check_choice, check_integer, check_number
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity
from htm_brian.protocols.full_size.checks import PAPER, checks, metrics
from htm_brian.protocols.full_size.measurement import CONDITIONS, measure_all, models, to_dataset
from htm_brian.quantities import check_quantity
from htm_brian.streams.sequences_in_noise import BLOCK, SYMBOLS


@dataclass(frozen=True)
class FullSizeParameters:
    """What a run of `FullSize` depends on; sizes and thresholds are those of the paper.

    Parameters
    ----------
    columns, cells_per_column, n_active : int
        Size of the memories, and active columns of an element.
    threshold : int
        Active synapses that make a segment active.
    elements, switch : int
        Length of the stream, and the element from which other sequences come, or cells are dead.
    death : float
        Share of the cells that die.
    conditions : tuple of str
        Some of "release" and "release and noise".
    noise : Quantity
        Standard deviation of the somata's potentials.
    seeds : int
        Streams, each with memories of its own.
    seed : int
        Of all that is left to chance.
    jobs : int
        Processes to run side by side.
    codegen : str
        Brian2's code: auto, cython or numpy.
    """

    columns: int = 2048
    cells_per_column: int = 32
    n_active: int = 40
    threshold: int = 15
    elements: int = 7001
    switch: int = 3500
    death: float = 0.4
    conditions: tuple[str, ...] = CONDITIONS
    noise: Quantity = quantity(1 * mV)
    seeds: int = 10
    seed: int = 42
    jobs: int = 2
    codegen: str = "auto"

    def __post_init__(self) -> None:
        for name in ("cells_per_column", "n_active", "seeds", "jobs"):
            check_integer(name, getattr(self, name), low=1)
        check_integer("columns", self.columns, low=SYMBOLS * self.n_active)
        check_integer("threshold", self.threshold, low=1, high=self.n_active)
        check_integer("switch", self.switch, low=BLOCK)
        check_integer("elements", self.elements, low=self.switch + BLOCK)
        check_integer("seed", self.seed, low=0, high=2**32 - 1 - self.seeds)
        check_number("death", self.death, low=0.0, high=0.9)
        check_quantity("noise", self.noise, mV, low=0 * mV)
        for condition in self.conditions:
            check_choice("conditions", condition, CONDITIONS)


class FullSize(Protocol):
    """High-order sequences learned by 65,536 spiking cells, beside level 0."""

    name = "full_size"
    claim = (
        "a spiking memory of the theory's own size, with synapses that fail, learns high-order "
        "sequences from a stream with noise as the abstract one does, adapts when they change, and "
        "survives the death of many of its cells"
    )
    source = PAPER
    parameters = FullSizeParameters()
    quick = QuickForm(
        FullSizeParameters(
            columns=208,
            cells_per_column=8,
            n_active=8,
            threshold=5,
            elements=161,
            switch=120,
            conditions=CONDITIONS[:1],
            seeds=2,
            jobs=1,
            codegen="numpy",
        ),
        {
            f"release: accuracy {words}, share of level 0's: lower end": "two short streams"
            for words in ("after other sequences came", "after cells died")
        },
    )

    def run(self, progress: Progress) -> Outcome:
        """Run every stream through every memory."""
        found = measure_all(self.parameters, progress)
        used = (
            model for each in self.parameters.conditions for model in models(each, self.parameters)
        )
        rows = [row for model in used for row in model.rows()]
        dataset = to_dataset(self.parameters, found)
        if progress.interrupted or dataset.sizes.get("number", 0) < self.parameters.seeds:
            return Outcome(dataset, [], partial=True, parameter_rows=rows)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)

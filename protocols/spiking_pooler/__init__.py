"""Columns that spike first are those that level 0 chooses, and a memory that they drive predicts.

Stimulus: random inputs of several densities, and the bundled series as an encoder gives it.
Measurement: how many of the columns that spike are those of the abstract pooler with the same
permanences, once without noise and failures of release and once with the model's own; then with
each parameter of the model a tenth off; then where both learn the series apart from the same
permanences; and the anomaly of a memory that either drives. Controls: no inhibition, and synapses
whose columns are shuffled. Level 0 with another order among equals tells how much of its choice is
arbitrary.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from htm_brian.arguments import check_integer
from htm_brian.experiment.model_kinds import load_checked
from htm_brian.experiment.parameter_checks import within
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.memory import require_bytes
from htm_brian.protocols.spiking_pooler.checks import checks, metrics
from htm_brian.protocols.spiking_pooler.measurement import NOISY, RELIABLE, STIMULI, run_seed
from htm_brian.protocols.spiking_pooler.varied import PARAMETERS

BYTES_PER_SYNAPSE, BYTES_PER_CELL = 40, 100
"""Of poolers of both levels, and of a memory; rounded up."""
TOO_FEW = "one pooler's ten winners for twelve inputs bound no mean"


@dataclass(frozen=True)
class SpikingPoolerParameters:
    """What a run of `SpikingPooler` depends on.

    Parameters
    ----------
    model : str
        Of kind "pooler".
    neurons_per_column : int
        In runs with noise; without it all are alike.
    input_size : int
        Bits of a random input.
    columns : int
        Of every pooler and memory.
    density : float
        Share of columns that win.
    active : tuple of float
        Shares of the bits that are on in random inputs.
    shown : int
        Random inputs of each density, and inputs of the series.
    varied_inputs : int
        Inputs of the series that are shown with each parameter off; 0 leaves this out.
    steps : int
        Of the series.
    cells : int
        Of each of the memory's columns.
    seeds : int
        Poolers.
    seed : int
        Of all that is left to chance.
    """

    model: str = "spatial_pooler"
    neurons_per_column: int = 1
    input_size: int = within(1024, 50)
    columns: int = within(1024, 50)
    density: float = within(0.02, 0.005, 0.5)
    active: tuple[float, ...] = within((0.02, 0.05, 0.1, 0.2), 0.005, 0.5)
    shown: int = within(5, 1, 10_000)
    varied_inputs: int = within(6, 0, 10_000)
    steps: int = within(480, 48, 4032)
    cells: int = within(8, 1)
    seeds: int = within(10, 1, 1000)
    seed: int = 42

    def __post_init__(self) -> None:
        check_integer("neurons_per_column", self.neurons_per_column, low=1)


class SpikingPooler(Protocol):
    """Overlap of the columns that spike with those of level 0, and what a memory makes of them."""

    name = "spiking_pooler"
    claim = (
        "columns that are driven by feedforward spikes and race out of inhibition are those that "
        "the abstract spatial pooler chooses, so that a series needs no abstract part"
    )
    source = (
        "Cui, Ahmad and Hawkins 2017, Front. Comput. Neurosci. 11:111; de Almeida, Idiart and "
        "Lisman 2009, J. Neurosci. 29:7497; htm_brian's target of 0.9"
    )
    parameters = SpikingPoolerParameters()
    quick = QuickForm(
        SpikingPoolerParameters(columns=512, shown=3, varied_inputs=0, steps=192, seeds=1),
        {
            "memory: anomaly, driven by spikes less by level 0": "four days teach a memory little",
            f"overlap with level 0, {STIMULI[0]}, {RELIABLE}": TOO_FEW,
            f"overlap with level 0, {STIMULI[0]}, {NOISY}": TOO_FEW,
        },
    )

    def __init__(self, parameters: SpikingPoolerParameters | None = None) -> None:
        super().__init__(parameters)
        p: SpikingPoolerParameters = self.parameters
        self._model = load_checked(p.model, "pooler", 1)
        synapses = p.columns * p.neurons_per_column * p.input_size
        require_bytes(
            synapses * BYTES_PER_SYNAPSE + p.columns * p.cells * BYTES_PER_CELL,
            f"input_size = {p.input_size}, columns = {p.columns}, neurons_per_column = "
            f"{p.neurons_per_column} and cells = {p.cells}",
            "choose smaller ones",
        )

    def run(self, progress: Progress) -> Outcome:
        """Follow one pooler after the other."""
        p, rows = self.parameters, self._model.rows()
        progress.begin("poolers", p.seeds)
        found = []
        for seed in range(p.seeds):
            part = run_seed(p, seed, progress)
            if part is None:
                return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
            found.append(part)
            progress.advance()
        dataset = xr.concat(found, "seed").assign_attrs(
            winners=max(1, round(p.density * p.columns)), varied=len(PARAMETERS)
        )
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)

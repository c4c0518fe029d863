"""Vesicles spent for each bit that a segment tells correctly, by release probability.

Stimulus: SDRs shown to a segment; now and then (`prior`) the one that it has learned, otherwise
others of the same sparsity. Measurement: the bits of information that its activity gives about
which it was, and the vesicles that its synapses release for them.

Two questions. (1) *Equal reliability*: the threshold stays, and there are as many synapses as it
takes for at most 1 % misses. (2) *Equal synapses*: their number stays, and the threshold is the one
that tells most; here what the segment knows falls as spikes are lost.

A vesicle is not all that a spike costs: the spike itself has to get to the terminal. Its price in
vesicles follows from shares of cortical signalling energy (models/signalling_energy.toml):
that of action potentials over that of release and all that it entails, times the vesicles that a
spike releases on average there. Costs without it stand beside.

One transmitted quantum opens enough receptors for a reduced synapse, so of the vesicles that
several sites of one connection release together all but one are wasted. That is why few sites
should release often, and many sites rarely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.parameters import load_model
from htm_brian.protocols.release_cost.checks import HARRIS, checks, metrics
from htm_brian.protocols.release_cost.measurement import (
    SYNAPSES,
    equal_reliability,
    equal_synapses,
    sampled,
    spike_price,
)
from htm_brian.synapses.release.energy import BUDGET

THREADS = (
    "discussions: 'some percent of the synapses could not function at any moment in time'; who "
    "provides the energy, reliability and precision"
)
LEVY = "Levy & Baxter 2002, J Neurosci 22:4746: optimal failure rate f = 4^-H(p*)"


@dataclass(frozen=True)
class ReleaseCostParameters:
    """What a run of `ReleaseCost` depends on.

    Parameters
    ----------
    budget : str
        Model with the shares of cortical energy.
    cells, active : int
        Bits of an SDR, and how many are on.
    prior : float
        How often the SDR that is shown is the segment's own.
    threshold : int
        Synapses that make the segment active.
    max_miss : float
        Share of its own SDRs that it may miss.
    step : float
        From one release probability to the next; must divide 0.1.
    samples : int
        Presentations in the sampled control.
    seed : int
        Of all that is left to chance.
    """

    budget: str = "signalling_energy"
    cells: int = 16384
    active: int = 328
    prior: float = 0.02
    threshold: int = 13
    max_miss: float = 0.01
    step: float = 0.01
    samples: int = 200_000
    seed: int = 42

    def __post_init__(self) -> None:
        check_integer("cells", self.cells, low=100)
        check_integer("active", self.active, low=max(SYNAPSES), high=self.cells)
        check_number("prior", self.prior, low=1e-6, high=0.5)
        check_integer("threshold", self.threshold, low=1, high=min(SYNAPSES))
        check_number("max_miss", self.max_miss, low=1e-9, high=0.5)
        check_number("step", self.step, low=0.001, high=0.1)
        if abs(round(0.1 / self.step) * self.step - 0.1) > 1e-9:
            raise InputError(f"step must divide 0.1, got {self.step}")
        check_integer("samples", self.samples, low=100)
        check_integer("seed", self.seed, low=0)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Release probabilities of a site, from 0.05 or the first step above it to 1."""
        grid = np.arange(1, round(1 / self.step) + 1) * self.step
        return np.round(grid[grid > 0.05 - 1e-9], 6)


class ReleaseCost(Protocol):
    """Vesicles per bit against release probability, sites and synapses."""

    name = "release_cost"
    claim = (
        "losing spikes costs few vesicles per bit; where a connection has several sites it saves"
    )
    source = f"{THREADS}; {LEVY}; {HARRIS}"
    parameters = ReleaseCostParameters()
    seeds_by_default = 10

    def __init__(self, parameters: ReleaseCostParameters | None = None) -> None:
        super().__init__(parameters)
        self._budget = load_model(self.parameters.budget).require(BUDGET)

    def run(self, progress: Progress) -> Outcome:
        """Evaluate the closed forms, and sample three of their points."""
        parameters, rows = self.parameters, self._budget.rows()
        progress.begin("costs of a bit", 3)
        dataset = equal_reliability(parameters, spike_price(self._budget))
        progress.advance()
        if not progress.interrupted:
            dataset = dataset.merge(equal_synapses(parameters, spike_price(self._budget)))
            progress.advance()
        if not progress.interrupted:
            dataset = dataset.merge(sampled(parameters, dataset))
            progress.advance()
        if "sampled_cost" not in dataset:
            return Outcome(dataset, [], partial=True, parameter_rows=rows)
        return Outcome(dataset, checks(dataset), metrics(dataset, parameters), parameter_rows=rows)

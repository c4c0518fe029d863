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
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import entr

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.parameters import Model, load_model
from htm_brian.sdr.theory import (
    burst_transmission,
    false_match_under_release_failure,
    miss_under_release_failure,
    synapses_needed,
)
from htm_brian.synapses.release.energy import BUDGET

THREADS = (
    "discussions: 'some percent of the synapses could not function at any moment in time'; who "
    "provides the energy, reliability and precision"
)
HARRIS = (
    "Harris, Jolivet & Attwell 2012, Neuron 75:762 (BioNumbers 111652): measured release "
    "probability by number of sites, and theirs is the claim that it saves energy; band ± 0.1"
)
LEVY = "Levy & Baxter 2002, J Neurosci 22:4746: optimal failure rate f = 4^-H(p*)"
MEASURED = {1: (0.6, 0.8), 4: (0.15, 0.5), 10: (0.0, 0.2)}
"""Release probability of a site by number of sites: 0.7, 0.25 to 0.4, and 0.1, each ± 0.1."""

SHOWN = (0.3, 0.5, 0.9)
SITES = (1, 2, 4, 10)
SYNAPSES = (20, 40, 80)
PRICES = ("vesicles alone", "vesicles and spikes")


@dataclass(frozen=True)
class ReleaseCostParameters:
    """What a run of `ReleaseCost` depends on."""

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


def spike_price(budget: Model) -> float:
    """Return what a spike costs at one terminal, in vesicles."""
    energy = budget["energy"]
    of_vesicles = sum(
        float(energy[f"{name}_share"]) for name in ("postsynaptic", "release", "recycling")
    )
    per_vesicle = float(energy["action_potential_share"]) / of_vesicles
    return per_vesicle * float(budget["release"]["release_probability"])


def information(
    prior: float, hit: NDArray[np.float64], false_alarm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the bits that a segment's activity tells about whether its pattern is there.

    Examples
    --------
    >>> information(0.5, np.array([1.0, 0.5]), np.array([0.0, 0.5])).tolist()
    [1.0, 0.0]
    """

    def entropy(p: NDArray[np.float64]) -> NDArray[np.float64]:
        bits: NDArray[np.float64] = (entr(p) + entr(1 - p)) / np.log(2)
        return bits

    active = prior * hit + (1 - prior) * false_alarm
    told = entropy(active) - prior * entropy(hit) - (1 - prior) * entropy(false_alarm)
    return np.maximum(told, 0.0)


def arrivals(parameters: ReleaseCostParameters, synapses: NDArray[Any] | int) -> Any:
    """Return the spikes that reach a segment's synapses at one presentation, on average."""
    by_chance = parameters.active / parameters.cells
    return synapses * (parameters.prior + (1 - parameters.prior) * by_chance)


def equal_reliability(parameters: ReleaseCostParameters, price: float) -> xr.Dataset:
    """Keep threshold and misses, and take the synapses that it needs."""
    probabilities = parameters.probabilities
    sites = np.array(SITES)[:, None]
    transmitted = np.asarray(burst_transmission(probabilities[None], sites))
    needed = np.asarray(synapses_needed(parameters.threshold, transmitted, parameters.max_miss))
    hit = 1 - np.asarray(
        miss_under_release_failure(needed, parameters.threshold, transmitted), dtype=np.float64
    )
    wrong = np.asarray(
        false_match_under_release_failure(
            parameters.cells, parameters.active, needed, parameters.threshold, transmitted
        )
    )
    bits = information(parameters.prior, hit, wrong)
    costs = _costs(arrivals(parameters, needed), sites * probabilities, bits, price)
    dims = ("sites", "release_probability")
    return xr.Dataset(
        {
            "synapses_needed": (dims, needed, {"units": "1"}),
            "bits": (dims, bits, {"units": "bit"}),
            "cost": (("price", *dims), costs, {"units": "vesicles/bit"}),
        },
        coords={
            "sites": list(SITES),
            "release_probability": probabilities,
            "price": list(PRICES),
        },
        attrs={"spike_price": price},
    )


def equal_synapses(parameters: ReleaseCostParameters, price: float) -> xr.Dataset:
    """Keep the synapses, one site each, and take the threshold that tells most."""
    probabilities = parameters.probabilities
    bits = np.zeros((len(SYNAPSES), probabilities.size))
    threshold = np.zeros(bits.shape, dtype=np.int64)
    for place, synapses in enumerate(SYNAPSES):
        # A threshold above the one of question 1 tells no more: false matches are rare before.
        tried = np.arange(1, parameters.threshold + 1)[:, None]
        hit = 1 - np.asarray(miss_under_release_failure(synapses, tried, probabilities[None]))
        wrong = np.asarray(
            false_match_under_release_failure(
                parameters.cells, parameters.active, synapses, tried, probabilities[None]
            )
        )
        told = information(parameters.prior, hit, wrong)
        bits[place] = told.max(axis=0)
        threshold[place] = tried[told.argmax(axis=0), 0]
    spikes = arrivals(parameters, np.array(SYNAPSES)[:, None])
    dims = ("synapses", "release_probability")
    return xr.Dataset(
        {
            "best_threshold": (dims, threshold, {"units": "1"}),
            "best_bits": (dims, bits, {"units": "bit"}),
            "best_cost": (
                ("price", *dims),
                _costs(spikes, probabilities[None], bits, price),
                {"units": "vesicles/bit"},
            ),
        },
        coords={"synapses": list(SYNAPSES)},
    )


def _costs(
    spikes: NDArray[np.float64],
    vesicles_per_spike: NDArray[np.float64],
    bits: NDArray[np.float64],
    price: float,
) -> NDArray[np.float64]:
    return np.stack([spikes * (vesicles_per_spike + extra) / bits for extra in (0.0, price)])


def sampled(parameters: ReleaseCostParameters, dataset: xr.Dataset) -> xr.Dataset:
    """Show patterns to segments with one site a synapse, release by release."""
    cost = np.zeros(len(SHOWN))
    for place, probability in enumerate(SHOWN):
        rng = np.random.default_rng([parameters.seed, place])
        at = dataset.sel(sites=1).sel(release_probability=probability, method="nearest")
        needed = int(at.synapses_needed)
        own = rng.binomial(needed, probability, parameters.samples)
        overlap = rng.hypergeometric(
            needed, parameters.cells - needed, parameters.active, parameters.samples
        )
        other = rng.binomial(overlap, probability)
        hit = np.asarray((own >= parameters.threshold).mean())
        wrong = np.asarray((other >= parameters.threshold).mean())
        vesicles = parameters.prior * own.mean() + (1 - parameters.prior) * other.mean()
        cost[place] = vesicles / float(information(parameters.prior, hit, wrong))
    return xr.Dataset(
        {"sampled_cost": ("shown", cost, {"units": "vesicles/bit"})}, coords={"shown": list(SHOWN)}
    )


def optimum(cost: xr.DataArray) -> float:
    """Return the release probability at which a bit costs least."""
    return float(cost.release_probability[int(cost.argmin("release_probability"))])


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the sampled costs against closed forms, and the optima against measured synapses."""
    exact = dataset.cost.sel(price=PRICES[0], sites=1)
    exact = exact.sel(release_probability=list(SHOWN), method="nearest").to_numpy()
    error = float(np.abs(dataset.sampled_cost.to_numpy() / exact - 1).max())
    found = [
        Check(
            "vesicles per bit, sampled over closed form less 1, largest",
            error,
            "1",
            None,
            0.02,
            "closed form: binomial and hypergeometric (htm_brian.sdr.theory)",
        )
    ]
    for sites, (low, high) in MEASURED.items():
        best = optimum(dataset.cost.sel(price=PRICES[1], sites=sites))
        name = f"cheapest release probability, {sites} site{'s' if sites > 1 else ''}"
        found.append(Check(name, best, "1", low, high, HARRIS))
    return found


def metrics(dataset: xr.Dataset, parameters: ReleaseCostParameters) -> dict[str, Any]:
    """Return the costs at the probabilities of interest, and the optima."""
    found: dict[str, Any] = {"price of a spike, vesicles": dataset.attrs["spike_price"]}
    for probability in SHOWN:
        at = dataset.sel(sites=1).sel(release_probability=probability, method="nearest")
        found[f"synapses needed, p = {probability}"] = int(at.synapses_needed)
        for price in PRICES:
            found[f"{price} per bit, p = {probability}"] = float(at.cost.sel(price=price))
    for sites in SITES:
        for price in PRICES:
            best = optimum(dataset.cost.sel(price=price, sites=sites))
            found[f"cheapest release probability, {price}, sites: {sites}"] = best
    for synapses in SYNAPSES:
        best = optimum(dataset.best_cost.sel(price=PRICES[1], synapses=synapses))
        found[f"cheapest failure rate, threshold free, synapses: {synapses}"] = 1 - best
    told = float(information(parameters.prior, np.array(1.0), np.array(0.0)))
    found["failure rate 4^-H of Levy & Baxter 2002"] = 4.0**-told
    return found

"""What a segment tells, and what its synapses release for that, in closed form and sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import entr

from htm_brian.parameters import Model
from htm_brian.sdr.theory import (
    burst_transmission,
    false_match_under_release_failure,
    miss_under_release_failure,
    synapses_needed,
)

if TYPE_CHECKING:
    from htm_brian.protocols.release_cost import ReleaseCostParameters

SHOWN = (0.3, 0.5, 0.9)
SITES = (1, 2, 4, 10)
SYNAPSES = (20, 40, 80)
PRICES = ("vesicles alone", "vesicles and spikes")


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

"""Sampled costs against closed forms, cheapest release probabilities against measured synapses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.protocols.release_cost.measurement import PRICES, SHOWN, SITES, SYNAPSES, information

if TYPE_CHECKING:
    from htm_brian.protocols.release_cost import ReleaseCostParameters

HARRIS = (
    "Harris, Jolivet & Attwell 2012, Neuron 75:762 (BioNumbers 111652): measured release "
    "probability by number of sites, and theirs is the claim that it saves energy; band ± 0.1"
)
MEASURED = {1: (0.6, 0.8), 4: (0.15, 0.5), 10: (0.0, 0.2)}
"""Release probability of a site by number of sites: 0.7, 0.25 to 0.4, and 0.1, each ± 0.1."""


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

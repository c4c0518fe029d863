"""The default condition against its targets, the frozen one against the peer."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import binomtest

from htm_brian.experiment.checks import Check
from htm_brian.protocols.network_release.measurement import BOUHADJAR, MULTIPLE_SITES, PEER
from htm_brian.protocols.network_release.stimulus import DEFAULT

TARGETS = {0.8: 0.01, 0.5: 0.05}
"""Largest transition error with the default synapses, by transmission probability."""


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the default condition against its targets, and failure against order."""
    error = dataset.error.sel(condition=DEFAULT.name).mean(("episode", "transition"))
    trained = error.isel(regime=0)
    result = [
        Check(
            f"transition error at transmission {probability:g}, default synapses",
            float(trained.sel(transmission=probability)),
            "1",
            None,
            limit,
            f"target of ours; {BOUHADJAR} re-run: {PEER[probability]:g}",
        )
        for probability, limit in TARGETS.items()
        if probability in dataset.transmission
    ]
    peers = [q for q in PEER if q < 1 and q in dataset.transmission]
    result += [
        Check(
            f"frozen after training without failures: peer's error less ours at {probability:g}",
            PEER[probability] - float(error.isel(regime=1).sel(transmission=probability)),
            "1",
            0.0,
            None,
            f"{BOUHADJAR}, re-run in NEST 3.10 with a Bernoulli synapse, on two sequences; "
            "ours has six, so that the task is not the same",
        )
        for probability in peers
    ]
    if dataset.sizes["transmission"] > 1:
        result.append(
            Check(
                "graceful: largest rise of the error where transmission falls by 0.1",
                steepest_rise(trained),
                "1",
                None,
                0.25,
                "definition of ours: it takes a fall of 0.4 or more to lose every transition",
            )
        )
    return result


def steepest_rise(error: xr.DataArray) -> float:
    """Return by how much the error rises at most where transmission falls by 0.1."""
    ordered = error.sortby("transmission")
    return float((-np.diff(ordered.values) / np.diff(ordered.transmission.values)).max() / 10)


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the mean error and anomaly, and the share of wrong transitions with its interval."""
    table: dict[str, Any] = {}
    for regime in dataset.regime.values:
        for condition in dataset.condition.values:
            for probability in dataset.transmission.values:
                where = {"regime": regime, "condition": condition, "transmission": probability}
                error = dataset.error.sel(where).values.ravel()
                if np.isnan(error).any():
                    continue
                wrong, n = int((error > 0).sum()), error.size
                table[f"{regime} | {condition} | {probability:g}"] = {
                    "transition error": float(error.mean()),
                    "share of transitions wrong": wrong / n,
                    "95 % interval": interval(wrong, n),
                    "missed, closed form without learning": float(
                        dataset.closed_form.sel(condition=condition, transmission=probability)
                    ),
                    "anomaly": float(dataset.anomaly.sel(where).mean()),
                    "release probability of each of 5 sites": site_probability(float(probability)),
                }
    found: dict[str, Any] = {"conditions": table}
    if dataset.sizes["transmission"] > 1:
        found["graceful: the same rise in closed form, without learning"] = steepest_rise(
            dataset.closed_form.sel(condition=DEFAULT.name)
        )
    return found


def interval(wrong: int, n: int) -> list[float]:
    """Return the Clopper-Pearson interval of a share, 95 %."""
    return [float(end) for end in binomtest(wrong, n).proportion_ci(0.95, method="exact")]


def site_probability(transmission: float, sites: int = MULTIPLE_SITES) -> float:
    """Return with which probability each of `sites` must release for this transmission.

    The inverse of `htm_brian.sdr.theory.burst_transmission`.
    """
    return float(1 - (1 - transmission) ** (1 / sites))

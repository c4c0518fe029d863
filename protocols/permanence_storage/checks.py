"""What was lost, against what the discussion allows; the worse end of each interval decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import CLAIM, IDENTITY, Check
from htm_brian.experiment.seeds import mean_interval
from htm_brian.protocols.permanence_storage.measurement import AT, FAR, RULES

if TYPE_CHECKING:
    from htm_brian.protocols.permanence_storage import PermanenceStorageParameters

THREAD = "discussion: New Learning Rule for HTM Synapses"
PRUNING = f"{THREAD}: prune far below the threshold; at it, what could be learned is destroyed"
BITS = f"{THREAD}: permanences as integers of eight bits; htm_brian's target: 99 % of the set"
SHARING = f"{THREAD}: capacity where the mean permanence reaches the threshold; at most 1 % misses"


def checks(dataset: xr.Dataset, parameters: PermanenceStorageParameters) -> list[Check]:
    """Hold pruning, bits and sharing against the discussion."""
    return [*_pruning(dataset, parameters), *_bits(dataset), *_sharing(dataset, parameters)]


def lost(dataset: xr.Dataset, parameters: PermanenceStorageParameters) -> xr.DataArray:
    """Return the share that is gone of synapses whose input exceeds the threshold's rate."""
    worth = dataset.rate > parameters.incidence_rate
    return 1 - dataset.left.where(worth, drop=True).mean("rate")


def capacity(dataset: xr.Dataset, parameters: PermanenceStorageParameters) -> xr.DataArray:
    """Return, by pool, the number of patterns up to which the mean permanence is high enough."""
    mean = dataset.mean_permanence.mean("seed")
    return (mean >= parameters.stored_rate).cumprod("patterns").sum("patterns")


def missed_at_capacity(
    dataset: xr.Dataset, parameters: PermanenceStorageParameters
) -> xr.DataArray:
    """Return the share of patterns that is missed there, by pool and seed."""
    return dataset.missed.sel(patterns=capacity(dataset, parameters).clip(min=1))


def _pruning(dataset: xr.Dataset, parameters: PermanenceStorageParameters) -> list[Check]:
    weak = dataset.disconnected.sum("rate")
    gone = lost(dataset, parameters)
    kept = "synapses that are disconnected and there, pruned"
    share = "share lost of synapses worth keeping, pruned"
    return [
        _at_least(f"{kept} {FAR}", weak.sel(pruning=FAR), 1, PRUNING),
        Check(f"{kept} {AT}", float(weak.sel(pruning=AT).max()), "1", 0, 0, PRUNING, role=IDENTITY),
        _at_most(f"{share} {FAR}", gone.sel(pruning=FAR), 0.05, PRUNING),
        _at_least(f"{share} {AT}", gone.sel(pruning=AT), 0.95, PRUNING),
    ]


def _bits(dataset: xr.Dataset) -> list[Check]:
    return [
        _at_least(
            f"connected alike in eight bits and in float, {rule}, {_said(rounding)}",
            dataset.connected_alike.sel(rule=rule, rounding=rounding),
            0.99,
            BITS,
        )
        for rule in RULES
        for rounding in dataset["rounding"].to_numpy().tolist()
    ]


def _said(rounding: str) -> str:
    return {"nearest": "rounded to nearest", "stochastic": "rounded at random"}[rounding]


def _sharing(dataset: xr.Dataset, parameters: PermanenceStorageParameters) -> list[Check]:
    missed = missed_at_capacity(dataset, parameters)
    return [
        _at_most(
            f"patterns missed at the capacity, {parameters.pattern_size} of {pool} inputs each",
            missed.sel(pool=pool),
            0.01,
            SHARING,
        )
        for pool in parameters.pools
    ]


def _at_most(name: str, values: xr.DataArray, high: float, source: str) -> Check:
    better, worse = mean_interval(values.to_numpy())
    return Check(name, worse, "1", None, high, source, better_end=better, role=CLAIM)


def _at_least(name: str, values: xr.DataArray, low: float, source: str) -> Check:
    worse, better = mean_interval(values.to_numpy())
    return Check(name, worse, "1", low, None, source, better_end=better, role=CLAIM)


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return what nothing is asked of: survivors by rate, and where misses really begin."""
    left = dataset.left.mean("seed")
    found: dict[str, Any] = {
        f"share of synapses left, input active in {rate:.0%} of events, pruned {name}": float(
            left.sel(pruning=name, rate=rate)
        )
        for name in dataset["pruning"].to_numpy().tolist()
        for rate in dataset.rate.to_numpy().tolist()
    }
    few = (dataset.missed.mean("seed") <= 0.01).cumprod("patterns").sum("patterns")
    for pool in dataset.pool.to_numpy().tolist():
        found[f"most patterns with at most 1 % misses, {pool} inputs"] = int(few.sel(pool=pool))
        reached = dataset.mean_permanence.mean("seed").sel(pool=pool)
        found[f"mean permanence with all patterns, {pool} inputs"] = float(
            np.round(reached.isel(patterns=-1), 6)
        )
    return found

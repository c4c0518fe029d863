"""What `in_vivo` demands: agreement of cells, and that the race tells it beforehand."""

from __future__ import annotations

import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.experiment.seeds import resampled_interval
from htm_brian.protocols.in_vivo.stimulus import (
    MANY_2,
    MANY_2_JITTER,
    MANY_3,
    SINGLE_1,
    SINGLE_1_SPREAD,
    SINGLE_2,
    STILL,
    WIDE_3,
)

TARGET = "htm_brian's targets for level 1 in noise"
RACE = "the race of first spikes with the same cells, noise, spread and jitter (htm_brian.sdr.race)"
LEAST = {
    SINGLE_1: 0.95,
    SINGLE_2: 0.9,
    MANY_2: 0.98,
    MANY_2_JITTER: 0.98,
    MANY_3: 0.9,
    WIDE_3: 0.9,
}
"""Least agreement of active cells, by condition; that at 2 mV with one neuron and those at 3 mV or
with jitter of each neuron are goals."""
SAME = 0.999
WITHIN = 0.05
UNPROMPTED = 0.01
UNPROMPTED_CELLS = (
    f"predicted cells that fire unprompted, share, upper end of the 95 % interval: {MANY_2}"
)


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the agreement of cells, lower end of its interval, against targets and race."""
    made = [
        Check(
            lower_end(name),
            resampled_interval(dataset.jaccard.sel(condition=name).to_numpy())[0],
            "1",
            least,
            None,
            TARGET,
        )
        for name, least in LEAST.items()
        if name in dataset.condition
    ]
    if STILL in dataset.condition:
        made.append(
            Check(
                "active cells, Jaccard, least of the networks: nothing fluctuates",
                float(dataset.jaccard.sel(condition=STILL).min()),
                "1",
                SAME,
                None,
                "without noise the network is the abstract memory",
            )
        )
    names = [name for name in (SINGLE_1_SPREAD, SINGLE_1, MANY_2) if name in dataset.condition]
    made += [
        Check(
            below_race(name),
            resampled_interval(
                (dataset.jaccard - dataset.race_jaccard).sel(condition=name).to_numpy()
            )[0],
            "1",
            -WITHIN,
            None,
            RACE,
        )
        for name in names
    ]
    if MANY_2 in dataset.condition:
        made.append(
            Check(
                UNPROMPTED_CELLS,
                resampled_interval(dataset.unprompted.sel(condition=MANY_2).to_numpy())[1],
                "1",
                None,
                UNPROMPTED,
                "a wider lead must not buy the race",
            )
        )
    return made


def lower_end(name: str) -> str:
    """Return what the check of a condition's agreement is called."""
    return f"active cells, Jaccard, lower end of the 95 % interval: {name}"


def below_race(name: str) -> str:
    """Return what the check of a condition against the race is called."""
    return f"active cells, Jaccard less that of the race, lower end of the 95 % interval: {name}"


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return the figures of every condition."""
    found = {}
    for name in dataset.condition.to_numpy():
        of = dataset.sel(condition=name)
        low, high = resampled_interval(of.jaccard.to_numpy())
        found[f"{name}: Jaccard"] = float(of.jaccard.mean())
        found[f"{name}: Jaccard, lower end"] = low
        found[f"{name}: Jaccard, upper end"] = high
        found[f"{name}: Jaccard of the race"] = float(of.race_jaccard)
        for kind in ("predicted", "unpredicted"):
            found[f"{name}: {kind} columns right"] = float(of[f"right_{kind}"].mean())
            found[f"{name}: {kind} columns right, closed form"] = float(of[f"closed_{kind}"])
        found[f"{name}: anomaly, difference"] = float(of.anomaly_difference.mean())
        found[f"{name}: predicted cells that fire unprompted"] = float(of.unprompted.mean())
        found[f"{name}: predicted cells that fire unprompted, closed form"] = float(
            of.closed_unprompted
        )
    return found

"""Shares of bursts and elements to learn; the worse end of each interval over seeds decides."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.experiment.checks import CLAIM, IDENTITY, Check
from htm_brian.experiment.seeds import mean_interval, over_runs, over_values
from htm_brian.protocols.thalamic_gate.measurement import (
    GATE,
    MEASURED,
    SHUFFLED,
    TONIC,
    elements_to_learn,
)

THREAD = "discussion: LTP, LTD and stochastic synapses"
SOURCE = f"{THREAD}; Sherman 2001, Trends Neurosci 24:122; Swadlow & Gusev 2001"
RISES = f"{THREAD}: surprise of the cortex makes the thalamus burst; htm_brian's target"
RETURNS = f"{THREAD}: what is known is told by tonic firing; htm_brian's target"
FASTER = f"{THREAD}: bursts overcome unreliable transmission and cement synapses quickly"
CONTROL = "control: as many bursts that have nothing to do with surprise"

UNINHIBITED = "control: relay cells that nothing inhibits do not burst"

NOVEL, LEARNED = 3.0, 1.2
"""Share of bursts over that on familiar sequences, at least and at most."""
TONIC_SHARE = 0.1
"""Of bursts, at most, where nothing inhibits relay cells; what noise makes is some hundredths."""
LAST = 2
"""Episodes that tell what is familiar, and what was learned."""


def phases(dataset: xr.Dataset, name: str) -> dict[str, xr.DataArray]:
    """Return a variable on familiar, new and learned sequences: the mean of some episodes.

    Parameters
    ----------
    dataset : xarray.Dataset
    name : str
        Of `MEASURED`.

    Returns
    -------
    dict of str to DataArray
        Without the dimension of episodes.
    """
    n, values = int(dataset.attrs["episodes"]), dataset[name]
    return {
        "familiar": values.isel(episode=slice(n - LAST, n)).mean("episode"),
        "new": values.isel(episode=n),
        "learned": values.isel(episode=slice(-LAST, None)).mean("episode"),
    }


def to_learn(dataset: xr.Dataset, condition: str) -> tuple[NDArray[np.float64], int]:
    """Return the elements that each seed took to learn the first set, and how many did learn."""
    n, elements = int(dataset.attrs["episodes"]), int(dataset.attrs["elements"])
    missed = dataset.missed.sel(condition=condition).to_numpy()[:, :n]
    found = [elements_to_learn(each, elements) for each in missed]
    return np.array([each[0] for each in found]), sum(each[1] for each in found)


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the modes of relay cells and the speed of learning against the claim."""
    found = over_runs(_ratios, dataset, "seed")
    there = set(dataset.condition.to_numpy().tolist())
    gate, gate_learned = to_learn(dataset, GATE)
    for other in (TONIC, SHUFFLED):
        if other in there:
            its, learned = to_learn(dataset, other)
            # Where no memory learned, all took alike long, and nothing is to be told from it.
            less = its - gate if learned or gate_learned else np.full(len(gate), np.nan)
            found.append(_at_least(f"elements to learn, {other} less gate", less, FASTER))
    if TONIC in there:
        n = int(dataset.attrs["episodes"])
        share = dataset.burst_share.sel(condition=TONIC).isel(episode=slice(0, n)).mean("episode")
        name = f"share of bursts among relay spikes, {TONIC}"
        check = Check(name, float(share.mean()), "1", None, TONIC_SHARE, UNINHIBITED, role=IDENTITY)
        found.append(over_values(check, share))
    if {TONIC, SHUFFLED} <= there:
        less = to_learn(dataset, TONIC)[0] - to_learn(dataset, SHUFFLED)[0]
        low, _ = mean_interval(less)
        name = f"elements to learn, {TONIC} less {SHUFFLED}, lower end"
        found.append(Check(name, low, "1", None, 0.0, CONTROL, role=IDENTITY))
    return found


def _ratios(dataset: xr.Dataset) -> list[Check]:
    share = {
        name: float(each.sel(condition=GATE).mean("seed"))
        for name, each in phases(dataset, "burst_share").items()
    }
    none = "no burst on familiar sequences"
    new, learned = (
        share[name] / share["familiar"] if share["familiar"] > 0 else np.nan
        for name in ("new", "learned")
    )
    over = "share of bursts among relay spikes, over that on familiar sequences"
    return [
        Check(f"{over}: new ones", new, "1", NOVEL, None, RISES, undefined=none, role=CLAIM),
        Check(
            f"{over}: once learned",
            learned,
            "1",
            None,
            LEARNED,
            RETURNS,
            undefined=none,
            role=CLAIM,
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return what every condition gave, on average over the seeds."""
    found: dict[str, float] = {}
    for name in MEASURED:
        for phase, each in phases(dataset, name).items():
            found[f"{phase}: {name.replace('_', ' ')}"] = float(each.sel(condition=GATE).mean())
    first = dataset.isel(episode=0)
    every = dataset.isel(episode=slice(0, int(dataset.attrs["episodes"])))
    for condition in dataset.condition.to_numpy():
        elements, learned = to_learn(dataset, condition)
        found[f"{condition}: elements to learn"] = float(elements.mean())
        found[f"{condition}: memories that learned"] = learned
        found[f"{condition}: columns driven, first episode"] = float(
            first.driven.sel(condition=condition).mean()
        )
        found[f"{condition}: share of bursts, all episodes"] = float(
            every.burst_share.sel(condition=condition).mean()
        )
        found[f"{condition}: relay spikes to an element, all episodes"] = float(
            every.relay_spikes.sel(condition=condition).mean()
        )
    return found


def _at_least(name: str, values: NDArray[np.float64], source: str) -> Check:
    check = Check(
        name,
        float(values.mean()),
        "1",
        0.0,
        None,
        source,
        undefined="no memory learned",
        role=CLAIM,
    )
    return over_values(check, values)

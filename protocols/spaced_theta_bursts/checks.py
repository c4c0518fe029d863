"""What further trains add, against slices of hippocampus; the model without each of its parts."""

from __future__ import annotations

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.experiment.seeds import mean_interval
from htm_brian.protocols.spaced_theta_bursts.measurement import (
    NO_MATURATION,
    NO_PROTEINS,
    NO_SATURATION,
    NO_TAG,
    WHOLE,
)

KRAMAR = (
    "Kramar et al. 2012, PNAS 109:5121: a second bout an hour or more after the first markedly "
    "enhances LTP that was saturated, at shorter intervals it adds nothing; 30 and 10 points are "
    "htm_brian's targets; fitted"
)
THREAD = "discussion: Why don't HTM neuron synapses model LTP?: +50, +100, +150 %; fitted"
ABLATION = "htm_brian's target: without a part of the mechanism the intervals make no difference"
PLAIN = "htm_brian's target: the calcium rule without late phase does not tell intervals apart"
LONG, SHORT = 60.0, 30.0
MUCH, LITTLE = 30.0, 10.0


def rises(dataset: xr.Dataset, variant: str = WHOLE) -> xr.DataArray:
    """Return what each further train adds, in points, by trains, interval and cell."""
    return dataset.potentiation.sel(variant=variant).diff("trains")


def ends(dataset: xr.Dataset) -> xr.DataArray:
    """Return the 95 % interval of the mean rise over cells, by trains, interval and end."""
    every = rises(dataset)
    found = np.array(
        [[mean_interval(cells) for cells in by_interval] for by_interval in every.to_numpy()]
    )
    return xr.DataArray(
        found,
        dims=("trains", "interval", "end"),
        coords={"trains": every.trains, "interval": every.interval, "end": ["low", "high"]},
    )


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the whole model against the experiment, and each ablation against the whole."""
    found, at = [], ends(dataset)
    for interval in dataset.interval.to_numpy():
        for number in at.trains.to_numpy():
            one = at.sel(trains=number, interval=interval)
            name = f"train {number} after {interval:g} min adds"
            if interval >= LONG:
                low = float(one.sel(end="low"))
                found.append(Check(f"{name}, lower end", low, "points", MUCH, None, KRAMAR))
            elif interval <= SHORT:
                high = float(one.sel(end="high"))
                found.append(Check(f"{name}, upper end", high, "points", None, LITTLE, KRAMAR))
    mean = dataset.potentiation.sel(variant=WHOLE, interval=LONG).mean("cell")
    for number, low, high in ((1, 35.0, 65.0), (2, 70.0, 130.0), (3, 120.0, 180.0)):
        value = float(mean.sel(trains=number))
        found.append(Check(f"LTP after {number}, an hour apart", value, "%", low, high, THREAD))
    for variant in (NO_PROTEINS, NO_TAG):
        value = float(rises(dataset, variant).sel(trains=2, interval=LONG).mean())
        name = f"{variant}: train 2 after 60 min adds"
        found.append(Check(name, value, "points", None, MUCH, ABLATION))
    for variant in (NO_MATURATION, NO_SATURATION):
        value = float(rises(dataset, variant).sel(trains=2, interval=SHORT).mean())
        name = f"{variant}: train 2 after 30 min adds"
        found.append(Check(name, value, "points", LITTLE, None, ABLATION))
    added = dataset.plain.diff("trains").sel(trains=2)
    apart = float(added.max() - added.min())
    name = "plain calcium rule: train 2, largest difference between intervals"
    return [*found, Check(name, apart, "points", None, LITTLE, PLAIN)]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return the potentiations."""
    found = {}
    mean = dataset.potentiation.mean("cell")
    for interval in dataset.interval.to_numpy():
        for number in dataset.trains.to_numpy():
            name = f"trains: {number}, {interval:g} min apart"
            at = {"trains": number, "interval": interval}
            found[f"LTP, {name}"] = float(mean.sel(variant=WHOLE, **at))
            found[f"LTP, plain calcium rule, {name}"] = float(dataset.plain.sel(at))
    return found

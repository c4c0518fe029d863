"""Local rules against the counter between elements, seed by seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.experiment.seeds import Interval, mean_interval
from htm_brian.protocols.plasticity_in_the_network.stimulus import (
    BINDING,
    CALCIUM,
    COUNTER,
    LOCAL,
    NO_BURSTS,
    OWN,
    PAIRS,
    PLATEAUS,
)

TARGET = "htm_brian's target"
THREAD = "discussion: LTP, LTD and stochastic synapses"
NEAR = 0.05
LEARNED = 0.01
"""Transition error that counts as none."""


ZERO_ERROR = {
    CALCIUM: "calcium learns the sequences to zero error",
    PLATEAUS: "the same, where a prediction in vain costs",
    PAIRS: "the same, with the numbers of Graupner & Brunel 2012",
}


def checks(dataset: xr.Dataset) -> list[Check]:
    """Return the checks that the dataset has the rules for."""
    own = dataset.sel(condition=OWN.name)
    known = set(dataset.rule.to_numpy().tolist())
    found = []
    for condition in dataset.condition.to_numpy():
        if {LOCAL, COUNTER} <= known:
            one = dataset.sel(condition=condition)
            low, high = interval(one, "last_anomaly", LOCAL, COUNTER)
            found.append(
                Check(
                    f"anomaly, local counter less counter between elements, {condition}: upper end",
                    high,
                    "1",
                    None,
                    NEAR,
                    f"{TARGET}: within {NEAR:g} of what is learned with lists of winners",
                    better_end=low,
                )
            )
    for rule, words in ZERO_ERROR.items():
        if rule in known:
            low, high = interval(own, "last_error", rule)
            found.append(
                Check(
                    f"transition error at the end, {rule}: upper end",
                    high,
                    "1",
                    None,
                    LEARNED,
                    f"{TARGET}: {words}",
                    better_end=low,
                )
            )
    if {BINDING, LOCAL} <= known:
        low, high = interval(own, "elements", BINDING, LOCAL)
        found.append(
            Check(
                "elements to learn, bursts bind less local counter: upper end",
                high,
                "1",
                None,
                0.0,
                f"{THREAD}: bursts cement in new synapses relatively quickly",
                better_end=low,
            )
        )
    return found


def interval(one: xr.Dataset, name: str, rule: str, less: str | None = None) -> Interval:
    """Return the interval of a mean over seeds, or of its difference to another rule's."""
    values = one[name].sel(rule=rule).to_numpy()
    if less is not None:
        with np.errstate(invalid="ignore"):
            values = values - one[name].sel(rule=less).to_numpy()
    if not np.isfinite(values).all():
        return (math.inf, math.inf) if np.isposinf(values).any() else (math.nan, math.nan)
    if len(values) == 1:
        return float(values[0]), float(values[0])
    return mean_interval(values)


TABLE = {
    "elements": "elements to learn",
    "last_error": "transition error",
    "last_anomaly": "anomaly",
    "kept": "transition error at the first sequences after others",
    "new_error": "transition error at the others",
    "vesicles": "vesicles an element",
    "segments": "segments",
    "synapses": "synapses",
}


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return mean and interval of every figure, by condition and rule."""
    found: dict[str, Any] = {}
    for condition in dataset.condition.to_numpy():
        for rule in dataset.rule.to_numpy():
            one = dataset.sel(condition=condition)
            if np.isnan(one.last_error.sel(rule=rule)).all():
                continue
            row: dict[str, Any] = {}
            for name, title in TABLE.items():
                values = one[name].sel(rule=rule).to_numpy()
                learned = np.isfinite(values)
                if name == "elements":
                    row["seeds that learned"] = int(learned.sum())
                    values = values[learned]
                if len(values) > 1:
                    row[title] = float(values.mean())
                    row[f"{title}, 95 % interval"] = list(mean_interval(values))
            found[f"{condition} | {rule}"] = row
    own = dataset.sel(condition=OWN.name)
    if {BINDING, NO_BURSTS} <= set(dataset.rule.to_numpy().tolist()):
        for name in ("elements", "kept"):
            ends = interval(own, name, BINDING, NO_BURSTS)
            found[f"{TABLE[name]}, with bursts less without, 95 % interval"] = list(ends)
    return found

"""The spiking memory's accuracy as a share of level 0's on the same stream, run by run."""

from __future__ import annotations

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.experiment.seeds import mean_interval
from htm_brian.protocols.full_size.measurement import ABSTRACT, DAMAGED, SWITCHED

PAPER = "Hawkins & Ahmad 2016, Front Neural Circuits 10:23"
TARGET = "htm_brian's target: nine tenths of level 0"
SHARE = 0.9
EARLY = 1000
"""Elements, of which a tenth is left out: the first are compiled, and have nothing to do."""


def checks(dataset: xr.Dataset) -> list[Check]:
    """Return the checks of each condition: before the switch, and at the end of either course."""
    switch, last = dataset.attrs["switch"], dataset.sizes["element"] - 1
    places = (
        ("before anything changes", SWITCHED, switch - 1),
        ("after other sequences came", SWITCHED, last),
        ("after cells died", DAMAGED, last),
    )
    found = []
    for level in dataset.level.to_numpy()[1:]:
        for words, event, element in places:
            low, high = mean_interval(share(dataset, str(level), event, element))
            name = f"{level}: accuracy {words}, share of level 0's: lower end"
            found.append(Check(name, low, "1", SHARE, None, TARGET, better_end=high))
    return found


def share(dataset: xr.Dataset, level: str, event: str, element: int) -> np.ndarray:
    """Return the accuracy of each run at an element as a share of level 0's."""
    at = dataset.accuracy.sel(event=event, element=element)
    return np.asarray(at.sel(level=level) / at.sel(level=ABSTRACT), dtype=np.float64)


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return accuracies, the dip when cells die, and what an element costs early and late."""
    switch, last = dataset.attrs["switch"], dataset.sizes["element"] - 1
    mean = dataset.accuracy.mean("number")
    found = {}
    for level in dataset.level.to_numpy():
        one = mean.sel(level=level)
        found[f"{level}: accuracy at {switch - 1}"] = float(one[0, switch - 1])
        found[f"{level}: accuracy at {last}, other sequences"] = float(one[0, last])
        found[f"{level}: accuracy at {last}, cells dead"] = float(one[1, last])
        found[f"{level}: lowest after cells died"] = float(one[1, switch:].min())
        found[f"{level}: segments at {switch}"] = float(
            dataset.segments.sel(level=level).mean("number")
        )
        early, late = min(EARLY, switch), max(last - EARLY, switch)
        cost = 1e3 * dataset.seconds.sel(level=level)
        found[f"{level}: processor time of an element, first {early} (ms)"] = float(
            cost[:, early // 10 : early].median()
        )
        found[f"{level}: processor time of an element, last {last - late} (ms)"] = float(
            cost[:, late:].median()
        )
    return found

"""Means over the runs against the peers'."""

from __future__ import annotations

import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.experiment.seeds import over_values
from htm_brian.protocols.sequence_memory.measurement import PERMANENCES
from htm_brian.protocols.sequence_memory.peers import (
    ONE_CELL,
    PEERS,
    PEERS_ACCURACY,
    SWITCHED,
    WHOLE,
)


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the means over runs, with their intervals, against the peers', as far as they went."""
    switch = dataset.attrs["switch"]
    accuracy = dataset.accuracy
    learned = accuracy.sel(condition=ONE_CELL)[:, min(1000, switch // 2) : switch].mean("element")
    found = [_held("accuracy with one cell per column", learned, 0.32, 0.36, PEERS)]
    for kind, margin in (("stream", 0.02), ("bits", 0.02), ("rule", 0.02), ("death", 0.03)):
        for name in dataset.condition[dataset.kind == kind].to_numpy().tolist():
            for peers in dataset.peers.sel(condition=name).dropna("mark"):
                element = int(peers.mark)
                runs = accuracy.sel(condition=name)[:, element]
                found.append(_near(f"accuracy at {element}, {name}", runs, float(peers), margin))
    lowest = accuracy[:, :, switch:].min("element")
    for peers in dataset.peers_lowest.dropna("condition"):
        name = str(peers.condition.item())
        runs = lowest.sel(condition=name)
        found.append(_near(f"lowest accuracy, {name}", runs, float(peers), 0.03))
    return found


def _near(name: str, runs: xr.DataArray, peers: float, margin: float) -> Check:
    low, high = round(peers - margin, 4), round(peers + margin, 4)
    return _held(name, runs, low, high, f"{PEERS}: {peers:g} ± {margin:g}")


def _held(name: str, runs: xr.DataArray, low: float, high: float, source: str) -> Check:
    """Return the check of a mean over the runs that there are."""
    check = Check(name, float(runs.mean()), "1", low, high, source)
    return over_values(check, runs.dropna("number"))


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return the spread over runs, and accuracies beside the peers' that nothing is asked of."""
    found = {}
    spread = dataset.accuracy.sel(condition=SWITCHED).std("number")
    for element in dataset.peers.sel(condition=SWITCHED).dropna("mark").mark.to_numpy().tolist():
        found[f"standard deviation over streams at {element}"] = float(spread[element])
    mean = dataset.accuracy.mean("number")
    lowest = dataset.accuracy[:, :, dataset.attrs["switch"] :].min("element")
    for name in dataset.peers_lowest.dropna("condition").condition.to_numpy().tolist():
        one = lowest.sel(condition=name)
        dip = float(mean.sel(condition=name)[dataset.attrs["switch"] :].min())
        found[f"lowest accuracy, {name}, standard deviation over runs"] = float(one.std(ddof=1))
        found[f"lowest accuracy, {name}, lowest run"] = float(one.min())
        found[f"lowest accuracy, {name}, highest run"] = float(one.max())
        found[f"lowest of the mean accuracy, {name}"] = dip
    for name in (WHOLE, *PERMANENCES):
        for element in (1000, 2499, 3499):
            if element < dataset.sizes["element"]:
                peers = PEERS_ACCURACY.get(name, {}).get(element)
                beside = "" if peers is None else f" (peers {peers:.3f})"
                found[f"accuracy at {element}, {name}{beside}"] = float(
                    mean.sel(condition=name)[element]
                )
    return found

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.hist(dataset["count"].values, bins=range(0, 45))
    axes.set_xlabel("count in 500 ms (spikes)")
    axes.set_ylabel("trials")
    return {"counts": figure}

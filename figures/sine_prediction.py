"""Figures of `sine_prediction`: learning curves, and where the permanences end up."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

GREY = "#6b7178"
STYLES = {
    "counter": ("black", "-"),
    "rate 0.2": ("#0072B2", "-"),
    "rate 0.1": ("#56B4E9", "-"),
    "rate 0.05": ("#9ad4f5", "-"),
    "threshold 0.5, new at 0.21": ("#D55E00", "--"),
    "threshold 0.5, new at it": ("#E69F00", "--"),
    "all connected": ("#009E73", ":"),
}
SHOWN = {
    "counter": (0.21, 0.5),
    "rate 0.2": (0.2, 0.2),
    "threshold 0.5, new at 0.21": (0.21, 0.5),
    "threshold 0.5, new at it": (0.5, 0.5),
}
"""Variants whose permanences are drawn: where new synapses start, and the threshold."""


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return every figure; of a partial run, too."""
    return {"learning": draw_learning(dataset), "permanences": draw_permanences(dataset)}


def draw_learning(dataset: xr.Dataset) -> Figure:
    """Draw anomaly and precision over learning, as means of a period."""
    figure = Figure(figsize=(10, 7.2), layout="constrained")
    noises = dataset.noise.to_numpy()
    grid = figure.subplots(2, len(noises), sharex=True, sharey="row", squeeze=False)
    period = dataset.attrs["period"]
    for column, noise in zip(grid.T, noises, strict=True):
        for variant, (colour, style) in STYLES.items():
            one = dataset.sel(variant=variant, noise=noise).dropna("number", how="all")
            if one.sizes["number"] == 0:
                continue
            right, predicted = (
                one.n_right.rolling(step=period),
                one.n_predicted.rolling(step=period),
            )
            precision = right.sum() / predicted.sum().where(predicted.sum() > 0)
            curves = (one.anomaly.rolling(step=period).mean(), precision)
            for axes, curve in zip(column, curves, strict=True):
                mean = curve.mean("number")
                axes.plot(dataset.step + 1, mean, style, color=colour, label=variant)
        column[0].axhline(0.1, color=GREY, linewidth=0.8)
        column[0].set_title(f"noise {noise:g}")
        column[1].set_xlabel("step")
        column[1].set_ylim(0, 1.03)
        column[0].set_ylim(0, 1.03)
    grid[0, 0].annotate("0.1", (0.94, 0.11), xycoords=("axes fraction", "data"), color=GREY)
    grid[0, 0].set_ylabel(f"anomaly, mean of {period} steps")
    grid[1, 0].set_ylabel(f"precision over {period} steps")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    figure.suptitle("A sine wave learned by the counter and by moving averages")
    return figure


def draw_permanences(dataset: xr.Dataset) -> Figure:
    """Draw the permanences at the end of learning, with threshold and start of new synapses."""
    figure = Figure(figsize=(10, 6), layout="constrained")
    noises = dataset.noise.to_numpy()
    grid = figure.subplots(len(SHOWN), len(noises), sharex=True, sharey="col", squeeze=False)
    for row, (variant, (start, threshold)) in zip(grid, SHOWN.items(), strict=True):
        for axes, noise in zip(row, noises, strict=True):
            share = dataset.permanences.sel(variant=variant, noise=noise).mean("number")
            connected = dataset.level.to_numpy() > threshold
            colours = np.where(connected, "#0072B2", "#c4c9ce")
            axes.bar(dataset.level, 100 * share, width=0.018, color=colours)
            axes.axvline(threshold, color="#D55E00", linewidth=1.2, label="threshold")
            axes.axvline(start, color="black", linestyle=":", linewidth=1.2, label="new synapses")
            percent = 100 * float(share.where(connected).sum())
            axes.set_title(f"{variant}, noise {noise:g}: {percent:.0f} % connected", fontsize=9)
            axes.set_yscale("symlog", linthresh=1)
            axes.set_ylim(0, 100)
    for axes in grid[-1]:
        axes.set_xlabel("permanence")
    figure.supylabel("share of synapses (%, logarithmic from 1 on)")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure

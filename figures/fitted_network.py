"""Figure of `fitted_network`: agreement by fitted number, and how long a plateau predicts."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

MEASURES = {
    "predictive_cells": ("predictive cells, Jaccard", "#0072B2", "o"),
    "active_cells": ("active cells, Jaccard", "#D55E00", "s"),
    "same_steps": ("share of elements with the same cells", "#222222", "x"),
}
COLORS = ("#222222", "#D55E00", "#0072B2")


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its end."""
    if "same_steps" not in dataset:
        return {}
    figure = Figure(figsize=(12.5, 5.0), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    draw_agreement(left, dataset)
    draw_lengths(right, dataset)
    return {"fitted_network": figure}


def draw_agreement(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw how far each network agrees with the abstract memory."""
    names = [str(name) for name in dataset.variant.values]
    rows = np.arange(len(names))[::-1]
    for key, (label, color, marker) in MEASURES.items():
        axes.plot(dataset[key], rows, marker, color=color, markersize=6, label=label)
    axes.set_yticks(rows, names)
    axes.set(xlim=(-0.03, 1.03), xlabel="agreement with the abstract memory, same segments")
    axes.grid(axis="x", alpha=0.3)
    axes.set_title("what a network's cells take from the fit, interval of elements", fontsize=10)
    axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.4, -0.12), ncols=3)


def draw_lengths(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw how long branches predict, and the volleys that they meet."""
    for color, name in zip(COLORS, dataset.shown.values, strict=True):
        here = dataset.sel(shown=name)
        predicts = here.predicts_for.where(here.predicts_for > 0)
        axes.plot(dataset.synapses, predicts, "o-", color=color, markersize=4, label=str(name))
    arrival, last = dataset.attrs["arrival"], int(dataset.synapses[-1])
    periods = np.unique(dataset.shown_period)
    for period, style in zip(periods, ("--", ":"), strict=False):
        color = COLORS[1] if len(periods) > 1 and period == periods[0] else COLORS[2]
        for count, which in ((1, "next"), (2, "after next")):
            height = count * period - arrival
            axes.axhline(height, linestyle=style, color=color, linewidth=1)
            label = f"{which} volley, {period:g} ms"
            axes.text(1, height - 1, label, fontsize=8, color=color, va="top")
    axes.axvline(dataset.attrs["threshold"] - 0.5, color="#999999", linewidth=1)
    axes.set(xlabel="synapses that release together", ylabel="the branch predicts for (ms)")
    axes.set(xlim=(0.5, last + 0.5), ylim=(0, 2 * float(periods[-1])))
    axes.set_xticks(np.arange(2, last + 1, 2))
    threshold = dataset.attrs["threshold"]
    title = f"a branch should predict at the next volley from {threshold} synapses on,\n"
    axes.set_title(title + "and not at the one after", fontsize=10)
    axes.legend(frameon=False, fontsize=8, loc="lower right")

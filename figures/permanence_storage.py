"""Figure of `permanence_storage`: what pruning leaves, eight bits keep, sharing misses."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure."""
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    panels = figure.subplots(1, 3)
    draw_pruning(panels[0], dataset)
    if "connected_alike" in dataset:  # a run may be stopped before
        draw_bits(panels[1], dataset)
    draw_sharing(panels[2], dataset)
    return {"permanence_storage": figure}


def draw_pruning(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw which share of the synapses is left, by the rate of their input."""
    for name, colour in zip(dataset["pruning"].to_numpy(), COLOURS, strict=False):
        left = dataset.left.sel(pruning=name).mean("seed")
        axes.plot(dataset.rate, left, "o-", color=colour, label=f"pruned {name}")
    axes.set(xlabel="rate of the input (per event)", ylabel="share of synapses left")
    axes.set_ylim(-0.03, 1.03)
    axes.legend(fontsize="small")


def draw_bits(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw how much of the connected set eight bits share with floats, for every seed."""
    alike = dataset.connected_alike.stack(kind=("rule", "rounding"))
    labels = [f"{rule},\n{rounding}" for rule, rounding in alike.kind.to_numpy()]
    for place in range(len(labels)):
        values = alike.isel(kind=place).to_numpy()
        across = place + np.linspace(-0.15, 0.15, values.size)
        axes.plot(across, values, "o", color=COLOURS[place], ms=3, alpha=0.4)
    axes.axhline(0.99, color="#6b7178", linewidth=0.8)
    axes.set_xticks(range(len(labels)), labels, fontsize="x-small")
    axes.set_ylabel("share connected alike")


def draw_sharing(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the misses against the number of patterns, and where the mean permanence falls below."""
    for pool, colour in zip(dataset.pool.to_numpy().tolist(), COLOURS, strict=False):
        missed = dataset.missed.sel(pool=pool).mean("seed")
        axes.plot(dataset.patterns, 100 * missed, color=colour, label=f"{pool} inputs")
    axes.axhline(1, color="#6b7178", linewidth=0.8)
    axes.set(xlabel="patterns of a segment", ylabel="patterns missed (%)")
    axes.legend(title="shared by its patterns", fontsize="small")

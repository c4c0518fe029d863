"""Figures of `sequence_memory`: learning and relearning, cell death, and other permanences."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

GREY = "#6b7178"
SWITCHED, ONE_CELL, WHOLE = "sequences switched", "one cell per column", "undamaged"
BLUE, ORANGE = "#0072B2", "#E69F00"
EVERY = 10
"""Elements between two points of a line: the accuracy is smooth."""


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return every figure; of a partial run, too."""
    return {
        "learning": draw_learning(dataset),
        "cell_death": draw_cell_death(dataset),
        "permanences": draw_permanences(dataset),
    }


def draw_learning(dataset: xr.Dataset) -> Figure:
    """Draw accuracy on streams whose sequences change, with the peers' at some elements."""
    figure, axes = _axes(dataset, "Sequences learned on line, and others after a change")
    _draw_curve(axes, dataset, SWITCHED, BLUE, "32 cells per column")
    _draw_curve(axes, dataset, ONE_CELL, ORANGE, "one cell per column")
    peers = dataset.peers.sel(condition=SWITCHED)
    axes.errorbar(
        dataset.mark,
        peers,
        yerr=dataset.peers_spread,
        color="black",
        linestyle="none",
        marker="o",
        markersize=5,
        markerfacecolor="none",
        capsize=3,
        label="peers (bars: standard deviation, where known)",
    )
    switch = dataset.attrs["switch"]
    axes.axvline(switch, color=GREY, linestyle=":")
    axes.annotate("other sequences", (switch, 0.02), (5, 0), textcoords="offset points")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.1))
    return figure


def draw_cell_death(dataset: xr.Dataset) -> Figure:
    """Draw accuracy around the death of cells, with the peers' lowest accuracies."""
    figure, axes = _axes(dataset, "Cells die; the rest learn again")
    switch = dataset.attrs["switch"]
    names = _conditions(dataset, "death")
    colours = colormaps["viridis"](np.linspace(0, 0.9, len(names)))
    for name, colour in zip(names, colours, strict=True):
        colour = GREY if name == WHOLE else colour
        _draw_curve(axes, dataset, name, colour, name)
        _draw_peers(axes, dataset, name, colour, since=switch)
        lowest = float(dataset.peers_lowest.sel(condition=name))
        axes.hlines(lowest, switch, 1.15 * switch, color=colour, linestyle=":", linewidth=2)
        runs = dataset.accuracy.sel(condition=name)[:, switch:].min("element")
        if name != WHOLE and runs.notnull().any():
            axes.plot(1.16 * switch, runs.mean(), "<", color=colour)
    axes.plot([], [], ":", color="black", linewidth=2, label="peers' lowest")
    axes.plot([], [], "<", color="black", linestyle="none", label="lowest of each run, mean")
    axes.plot([], [], "o", color="black", markerfacecolor="none", label="peers' later on")
    axes.axvline(switch, color=GREY, linestyle=":")
    axes.annotate("cells die", (switch, 0.02), (5, 0), textcoords="offset points")
    axes.set_xlim(switch - 0.15 * switch, 1.02 * min(2 * switch, dataset.sizes["element"]))
    axes.legend(loc="lower right")
    return figure


def draw_permanences(dataset: xr.Dataset) -> Figure:
    """Draw accuracy with permanences of few bits, and with the moving average."""
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, kind in zip(panels, ("bits", "rule"), strict=True):
        names = _conditions(dataset, kind)
        _draw_curve(axes, dataset, WHOLE, GREY, "counter, float32")
        colours = colormaps["viridis"](np.linspace(0, 0.85, len(names)))
        for name, colour in zip(names, colours, strict=True):
            _draw_curve(axes, dataset, name, colour, name, dashed="nearest" in name)
            _draw_peers(axes, dataset, name, colour)
        _draw_peers(axes, dataset, WHOLE, GREY)
        axes.plot([], [], "o", color="black", markerfacecolor="none", label="peers")
        _dress(axes, dataset)
        axes.set_xlim(0, 1.02 * dataset.attrs["switch"])
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.08))
    panels[0].set_title("Counters in few bits (rounded at random, but for one)")
    panels[1].set_title("Moving averages; new synapses at 0.21, but for one")
    panels[1].set_ylabel("")
    return figure


def _axes(dataset: xr.Dataset, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    axes = figure.subplots()
    _dress(axes, dataset)
    axes.set_title(title)
    return figure, axes


def _dress(axes: Axes, dataset: xr.Dataset) -> None:
    """Set labels and limits, and draw what could be predicted at best."""
    axes.axhline(0.5, color=GREY, linestyle="--", linewidth=0.8)
    place = (0.99, 0.51)
    axes.annotate(
        "all that can be predicted", place, xycoords=("axes fraction", "data"), ha="right"
    )
    axes.set_xlim(0, 1.02 * dataset.sizes["element"])
    axes.set_ylim(-0.015, 0.58)
    axes.set_xlabel("element of the stream")
    axes.set_ylabel("accuracy (share of predicted columns that\nbecome active, smoothed)")


def _draw_curve(
    axes: Axes,
    dataset: xr.Dataset,
    condition: str,
    colour: Any,
    label: str,
    dashed: bool = False,
) -> None:
    """Draw the mean over seeds, and their range."""
    curve = dataset.accuracy.sel(condition=condition)[:, ::EVERY]
    curve = curve.dropna("number", how="all").dropna("element", how="all")
    if curve.size == 0:
        return
    elements = EVERY * np.arange(curve.sizes["element"])
    style = "--" if dashed else "-"
    axes.plot(elements, curve.mean("number"), style, color=colour, label=label)
    low, high = curve.min("number").to_numpy(), curve.max("number").to_numpy()
    axes.fill_between(elements, low, high, color=colour, alpha=0.2, linewidth=0)


def _draw_peers(
    axes: Axes, dataset: xr.Dataset, condition: str, colour: Any, since: int = 0
) -> None:
    peers = dataset.peers.sel(condition=condition).where(dataset.mark >= since).dropna("mark")
    axes.plot(peers.mark, peers, "o", color=colour, markerfacecolor="none")


def _conditions(dataset: xr.Dataset, kind: str) -> list[str]:
    return [str(name) for name in dataset.condition[dataset.kind == kind].to_numpy()]

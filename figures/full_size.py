"""Figure of `full_size`: both memories on one stream, when it changes and when cells die."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#222222", "#0072B2", "#D55E00")
GREY = "#6b7178"
EVERY = 10
"""Elements between two points of a line: the accuracy is smooth."""


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where nothing was run to its end."""
    if "accuracy" not in dataset:
        return {}
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for panel, event in zip(panels, dataset.event.to_numpy(), strict=True):
        _draw_event(panel, dataset, str(event))
    panels[0].set_ylabel("accuracy (share of predicted columns that\nbecome active, smoothed)")
    panels[0].legend(loc="lower right", frameon=False)
    return {"full_size": figure}


def _draw_event(axes: Axes, dataset: xr.Dataset, event: str) -> None:
    switch = dataset.attrs["switch"]
    for level, colour in zip(dataset.level.to_numpy(), COLOURS, strict=False):
        curves = dataset.accuracy.sel(level=level, event=event)[:, ::EVERY]
        elements = curves.element.to_numpy()
        style = "--" if level == dataset.level[0] else "-"
        axes.plot(elements, curves.mean("number"), style, color=colour, label=str(level), zorder=3)
        low, high = (np.asarray(end("number")) for end in (curves.min, curves.max))
        axes.fill_between(elements, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.axvline(switch, color=GREY, linestyle=":")
    axes.axhline(0.5, color=GREY, linestyle="--", linewidth=0.8)
    axes.annotate(event, (switch, 0.02), (5, 0), textcoords="offset points")
    axes.annotate(
        "all that can be predicted", (0.01, 0.505), xycoords=("axes fraction", "data"), fontsize=9
    )
    axes.set_xlim(0, 1.02 * dataset.sizes["element"])
    axes.set_ylim(-0.015, 0.58)
    axes.set_xlabel("element of the stream")

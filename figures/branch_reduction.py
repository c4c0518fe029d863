"""Figure of `branch_reduction`: every curve of level 2, and of the cell of level 1 fitted to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from htm_brian.protocols.branch_reduction.checks import LEVELS
from htm_brian.protocols.branch_reduction.measurement import edges

STYLE: dict[str, dict[str, Any]] = {
    "biophysical": {"color": "#0072B2", "label": "level 2, biophysical"},
    "reduced": {"color": "#D55E00", "label": "level 1, fitted", "linestyle": "--"},
}
SHOWN = (10, 14, 15, 20, 40)


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its measurement."""
    if "soma_peak" not in dataset:
        return {}
    figure = Figure(figsize=(12.0, 9.6), layout="constrained")
    axes = figure.subplots(3, 3).ravel()
    draw_traces(axes[0], dataset)
    synapses = "synapses that fire together"
    draw_curves(axes[1], dataset, {"soma_peak": "o", "branch_peak": "s"}, synapses, "peak (mV)")
    widths = {"soma_half_width": "o", "branch_half_width": "s"}
    draw_curves(axes[2], dataset, widths, synapses, "half-width (ms)")
    for ax, low in ((axes[1], "branch above, soma below"), (axes[2], "")):
        ax.set_title(low, fontsize=9)
    mark_half_widths(axes[2], dataset)
    held = {"threshold_of_depolarisation": "o"}
    draw_curves(axes[3], dataset, held, "soma held depolarised by (mV)", "threshold (synapses)")
    spread = {"threshold_of_spread": "o"}
    draw_curves(axes[4], dataset, spread, "time over which they fire (ms)", "threshold (synapses)")
    by_delay = "from synapses on the branch to volley (ms)"
    draw_curves(axes[5], dataset, {"lead_of_delay": "o"}, by_delay, "lead of the first spike (ms)")
    by_number = "synapses on the branch"
    draw_curves(axes[6], dataset, {"lead_of_synapses": "o"}, by_number, "lead (ms)")
    by_strength = "volley over the smallest that fires the cell"
    draw_curves(axes[7], dataset, {"lead_of_strength": "o"}, by_strength, "lead (ms)")
    draw_windows(axes[8], dataset)
    for ax in (axes[3], axes[4], axes[5]):
        ax.set_ylim(0, None)
    handles, labels = axes[6].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)
    return {"branch_reduction": figure}


def draw_traces(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the soma's potential after some numbers of synapses, at both levels."""
    shown = [k for k in SHOWN if k in dataset.synapses]
    colours = colormaps["viridis"](np.linspace(0, 0.85, len(shown)))
    for k, colour in zip(shown, colours, strict=True):
        for level, line in zip(LEVELS, ("-", "--"), strict=True):
            trace = dataset.soma_trace.sel(level=level, synapses=k)
            name = str(k) if line == "-" else None
            axes.plot(dataset.time, trace, color=colour, linestyle=line, label=name)
    axes.set(
        xlabel="time since the synapses fired (ms)", ylabel="soma, above rest (mV)", xlim=(-5, 200)
    )
    axes.legend(title="synapses (dashed: level 1)", frameon=False, fontsize=8, title_fontsize=8)


def draw_curves(
    axes: Axes, dataset: xr.Dataset, names: dict[str, str], xlabel: str, ylabel: str
) -> None:
    """Draw some curves of both levels."""
    for level in LEVELS:
        for name, marker in names.items():
            curve = dataset[name].sel(level=level)
            x = curve[curve.dims[0]]
            axes.plot(x, curve, marker=marker, markersize=3, linewidth=1.2, **STYLE[level])
    axes.set(xlabel=xlabel, ylabel=ylabel)


def mark_half_widths(axes: Axes, dataset: xr.Dataset) -> None:
    """Mark the threshold, from which half-widths count, and say which curve is which."""
    axes.axvline(float(dataset.threshold.sel(level=LEVELS[0])), color="#6b7178", linewidth=0.8)
    axes.set_title("circles: soma, squares: branch; checked from the line on", fontsize=9)


def draw_windows(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw when tuft synapses make a burst of a spike, for each number of them."""
    for shift, level in ((0.15, LEVELS[0]), (-0.15, LEVELS[1])):
        cell = dataset.sel(level=level)
        for row, (first, last) in enumerate(edges(cell)):
            axes.plot(
                [first, last],
                [row + shift] * 2,
                color=STYLE[level]["color"],
                linewidth=6,
                solid_capstyle="butt",
            )
    axes.axvline(0, color="#6b7178", linewidth=0.8)
    axes.set_yticks(range(dataset.sizes["tuft_synapses"]), dataset.tuft_synapses.to_numpy())
    axes.set(xlabel="tuft input for a burst, after the spike (ms)", ylabel="synapses on the tuft")
    axes.set_ylim(-0.6, dataset.sizes["tuft_synapses"] - 0.4)

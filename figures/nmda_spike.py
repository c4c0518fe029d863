"""Figure of `nmda_spike`: traces, peaks by number of synapses, and how branches sum."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from htm_brian.protocols.nmda_spike.measurement import supralinearity, threshold

COLOURS = {
    "clustered": "#0072B2",
    "depolarised": "#D55E00",
    "spread": "#009E73",
    "two branches": "#CC79A7",
    "no magnesium block": "#6b7178",
    "no NMDA": "#E69F00",
    "no sodium": "#56B4E9",
}
SHOWN = (5, 10, 13, 15, 17, 20, 30, 40)


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its measurement."""
    if "soma_peak" not in dataset:
        return {}
    figure = Figure(figsize=(11.0, 6.6), layout="constrained")
    ((branch, soma, peaks), (widths, sums, jitter)) = figure.subplots(2, 3)
    draw_traces(branch, dataset.branch_trace, "in the branch")
    draw_traces(soma, dataset.soma_trace, "at the soma")
    draw_peaks(peaks, dataset)
    draw_widths(widths, dataset)
    draw_sums(sums, dataset)
    draw_jitter(jitter, dataset)
    return {"nmda_spike": figure}


def draw_traces(axes: Axes, traces: xr.DataArray, place: str) -> None:
    """Draw the depolarisation by clusters of some sizes."""
    shown = [k for k in SHOWN if k in traces.synapses]
    for k, colour in zip(shown, colormaps["viridis"](np.linspace(0, 0.9, len(shown))), strict=True):
        axes.plot(traces.time, traces.sel(synapses=k), color=colour, linewidth=1.2, label=str(k))
    axes.set(
        xlabel="time since the synapses fired (ms)",
        ylabel=f"depolarisation {place} (mV)",
        xlim=(-5, 200),
    )
    axes.legend(title="synapses", frameon=False, fontsize=8, ncols=2)


def draw_peaks(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the peak at the soma against the number of synapses, for every condition."""
    for name, colour in COLOURS.items():
        peak = dataset.soma_peak.sel(condition=name)
        axes.plot(dataset.synapses, peak, color=colour, linewidth=1.4, label=name)
    k = threshold(dataset.soma_peak.sel(condition="clustered"))
    axes.axvline(k, color="#0072B2", linewidth=0.8, linestyle="--")
    axes.axvspan(8, 20, color="#0072B2", alpha=0.08, linewidth=0)
    axes.annotate(f"threshold: {k}", (k, 0.02), xycoords=("data", "axes fraction"), fontsize=8)
    axes.set(
        xlabel="synapses that fire together",
        ylabel="peak at the soma (mV)",
        xlim=(0, None),
        ylim=(0, 1.8 * float(dataset.soma_peak.sel(condition="two branches").max())),
    )
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def draw_widths(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw half-widths against the number of synapses, clustered."""
    clustered = dataset.sel(condition="clustered")
    for place, colour in (("branch", "#D55E00"), ("soma", "#0072B2")):
        axes.plot(
            dataset.synapses, clustered[f"{place}_half_width"], color=colour, label=f"{place}"
        )
    axes.set(xlabel="synapses that fire together", ylabel="half-width (ms)", ylim=(0, None))
    axes.legend(frameon=False, fontsize=8)


def draw_sums(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the sum of two stimuli over the linear sum, within a branch and between two."""
    for name in ("clustered", "two branches", "no magnesium block", "no NMDA"):
        ratio = supralinearity(dataset, name)
        label = "within the branch" if name == "clustered" else name
        axes.plot(ratio.synapses, ratio, color=COLOURS[name], marker=".", label=label)
    axes.axhspan(0.9, 1.1, color="#CC79A7", alpha=0.12, linewidth=0)
    axes.set(
        xlabel="synapses, both stimuli together", ylabel="response over linear sum", ylim=(0.4, 3.0)
    )
    axes.legend(frameon=False, fontsize=8)


def draw_jitter(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the peak in the branch of jittered synapses, every draw."""
    clustered = dataset.sel(condition="clustered")
    level = float(clustered.branch_peak.sel(synapses=threshold(clustered.soma_peak)))
    peaks = dataset.jittered_branch_peak
    for draw_ in range(peaks.sizes["draw"]):
        axes.plot(
            dataset.jitter, peaks.isel(draw=draw_), ".", color="#0072B2", alpha=0.5, markersize=6
        )
    axes.axhline(level, color="#6b7178", linestyle="--", linewidth=0.8, label="at threshold")
    axes.set(
        xlabel=f"window in which {dataset.attrs['n_jittered']} synapses fire (ms)",
        ylabel="peak in the branch (mV)",
        ylim=(0, None),
    )
    axes.legend(frameon=False, fontsize=8)

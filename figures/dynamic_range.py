"""Figure of `dynamic_range`: size of the SDR against rate, and the widening against theory."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

GREY = "#6b7178"
# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
COLOURS = (GREY, "#009E73", "#0072B2", "#D55E00", "#CC79A7")


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none of a partial run."""
    if "share" not in dataset:
        return {}
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.6, 1])
    draw_curves(left, dataset)
    draw_ratios(right, dataset)
    return {"dynamic_range": figure}


def draw_curves(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw shares of cells that fired, fits, and ranges from 10 to 90 %."""
    rates = dataset.rate.to_numpy()
    fine = np.linspace(rates[0], rates[-1], 400)
    n_kinds = dataset.sizes["synapse"]
    for place, (name, colour) in enumerate(zip(dataset.synapse.to_numpy(), COLOURS, strict=True)):
        one = dataset.sel(synapse=name)
        width = float(one.range) / (2 * norm.ppf(0.9))
        axes.plot(rates, 100 * one.share, ".", color=colour, markersize=5)
        fit = 100 * norm.cdf((fine - float(one.middle)) / width)
        axes.plot(fine, fit, color=colour, label=str(name))
        half = float(one.range) / 2
        height = -4 - 3.5 * (n_kinds - place)
        middle = float(one.middle)
        axes.plot([middle - half, middle + half], [height, height], color=colour, linewidth=3)
    axes.annotate(
        "10-90 % ranges",
        (rates[-1], -4 - 3.5 * (n_kinds + 1) / 2),
        ha="right",
        va="center",
        color=GREY,
        fontsize=8,
    )
    for level in (10, 90):
        axes.axhline(level, color=GREY, linewidth=0.6, linestyle=":")
    axes.set_yticks(range(0, 101, 20))
    axes.set_xlabel("rate of each axon during the volley (Hz)")
    axes.set_ylabel("size of the SDR (% of cells that fire)")
    axes.legend(frameon=False, loc="center right", title="synapse")


def draw_ratios(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the widening that was found against that of the closed form."""
    for name, colour in zip(dataset.synapse.to_numpy()[1:], COLOURS[1:], strict=True):
        one = dataset.sel(synapse=name)
        ratio = float(one.ratio)
        bars = [[ratio - float(one.ratio_low)], [float(one.ratio_high) - ratio]]
        axes.errorbar(
            float(one.widening), ratio, bars, color=colour, marker="o", capsize=3, label=str(name)
        )
    ends = np.array([1.0, float(dataset.widening.max()) * 1.08])
    axes.plot(ends, ends, color=GREY, linewidth=0.8, label="equal")
    axes.axhline(1.2, color=GREY, linestyle="--", linewidth=0.8, label="target")
    axes.set_xlabel("closed form: square root of 1 + CV² of the synapse")
    axes.set_ylabel("range over the deterministic synapse's")
    axes.set_title("bars: 95 % intervals (bootstrap over cells)", fontsize="medium")
    axes.legend(frameon=False, loc="upper left", fontsize=8)

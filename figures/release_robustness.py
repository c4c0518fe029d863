"""Figure of `release_robustness`: detection by theory, sampling and spiking branches."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from htm_brian import theory

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
CLOSED = "#6b7178"
FINE = np.linspace(0.05, 1, 200)


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its end."""
    if "spiking" not in dataset:
        return {}
    figure = Figure(figsize=(13, 7.5), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    draw_sizes(axes[0], dataset)
    draw_bursts(axes[1], dataset)
    draw_thresholds(axes[2], dataset)
    draw_timing(axes[3], dataset)
    draw_needed(axes[4])
    draw_price(axes[5], dataset)
    return {"release_robustness": figure}


def _theory(p: np.ndarray, size: int, threshold: int, spikes: int) -> np.ndarray:
    chance = theory.burst_transmission(p, spikes)
    return 1 - np.asarray(theory.miss_under_release_failure(size, threshold, chance))


def _three_ways(
    axes: Axes, dataset: xr.Dataset, size: int, spikes: int, colour: str, label: str
) -> None:
    axes.plot(FINE, _theory(FINE, size, 13, spikes), color=colour, linewidth=1, label=label)
    at = {"size": size, "spikes": spikes}
    axes.plot(
        dataset.p, dataset.sampled.sel(**at, threshold=13), "o", color=colour, mfc="none", ms=8
    )
    spiking = dataset.spiking.sel(**at, spiking_threshold=13, timing="together")
    axes.plot(dataset.p, spiking, "x", color=colour, ms=5)


def draw_sizes(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw detection of single spikes by segments of several sizes."""
    for size, colour in zip(dataset["size"].to_numpy(), COLOURS, strict=False):
        _three_ways(axes, dataset, int(size), 1, colour, f"{size} synapses")
    axes.plot([], [], "o", color=CLOSED, mfc="none", ms=8, label="sampled")
    axes.plot([], [], "x", color=CLOSED, ms=5, label="spiking branches")
    axes.set(
        xlabel="transmission probability",
        ylabel="patterns detected",
        title="single spikes, threshold 13",
    )
    axes.legend(frameon=False, fontsize=8)


def draw_bursts(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw detection of bursts, and what it would be if every release counted."""
    for spikes, colour in zip(dataset.spikes.to_numpy(), COLOURS, strict=False):
        label = "single spike" if spikes == 1 else f"burst of {spikes}"
        _three_ways(axes, dataset, 20, int(spikes), colour, label)
        if spikes > 1:
            every = 1 - np.asarray(theory.miss_under_release_failure(20 * int(spikes), 13, FINE))
            axes.plot(FINE, every, color=colour, linewidth=1, linestyle=":")
    axes.plot([], [], color=CLOSED, linestyle=":", label="all releases count")
    axes.set(
        xlabel="transmission probability",
        ylabel="patterns detected",
        title="20 synapses, threshold 13",
    )
    axes.legend(frameon=False, fontsize=7, loc="lower right")


def draw_thresholds(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw detection against the threshold."""
    thresholds = np.arange(5, 26)
    for size, colour in zip(dataset["size"].to_numpy(), COLOURS, strict=False):
        exact = 1 - np.asarray(theory.miss_under_release_failure(int(size), thresholds, 0.5))
        axes.plot(thresholds, exact, color=colour, linewidth=1, label=f"{size} synapses")
        at = {"size": size, "spikes": 1, "p": 0.5}
        axes.plot(dataset.threshold, dataset.sampled.sel(**at), "o", color=colour, mfc="none", ms=8)
        spiking = dataset.spiking.sel(**at, timing="together")
        axes.plot(dataset.spiking_threshold, spiking, "x", color=colour, ms=5)
    axes.set(
        xlabel="threshold (synapses)",
        ylabel="patterns detected",
        title="single spikes, transmission probability 0.5",
    )
    axes.legend(frameon=False, fontsize=8)


def draw_timing(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw what a spread of the spikes in time does to the spiking branches."""
    error = 1 / np.sqrt(dataset.attrs["repeats"])
    for size, colour in zip((20, 26), COLOURS, strict=False):
        axes.plot(FINE, _theory(FINE, size, 13, 1), color=colour, linewidth=1)
        rule = dataset.window_rule.sel(size=size, spikes=1, spiking_threshold=13)
        axes.plot(dataset.p, rule, color=colour, linestyle="--", linewidth=1)
        measured = dataset.spiking.sel(size=size, spikes=1, spiking_threshold=13, timing="spread")
        axes.errorbar(
            dataset.p,
            measured,
            yerr=error * np.sqrt(measured * (1 - measured)),
            fmt="x",
            color=colour,
            label=f"{size} synapses, spikes spread (SD {dataset.attrs['jitter']:g} ms)",
        )
    axes.plot([], [], color=CLOSED, linewidth=1, label="theory")
    axes.plot([], [], color=CLOSED, linestyle="--", label="coincidence window alone")
    axes.set(
        xlabel="transmission probability",
        ylabel="patterns detected",
        title="spiking branches, single spikes, threshold 13",
    )
    axes.set_ylim(-0.03, 1.45)
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def draw_needed(axes: Axes) -> None:
    """Draw how many synapses buy the misses back, with several sites or spikes."""
    p = np.linspace(0.2, 0.98, 60)
    for chances, colour in zip((1, 2, 3, 5), COLOURS, strict=True):
        needed = theory.synapses_needed(13, theory.burst_transmission(p, chances), 0.01)
        label = "one site, one spike" if chances == 1 else f"sites × spikes = {chances}"
        axes.plot(p, needed, color=colour, drawstyle="steps-mid", label=label)
    for probability, size in ((0.84, 20), (0.7, 26), (0.5, 40), (0.3, 71)):
        axes.annotate(
            str(size),
            (probability, size),
            xytext=(3, 3),
            textcoords="offset points",
            fontsize=9,
        )
        axes.plot(probability, size, "o", color=COLOURS[0], ms=5)
    axes.axhline(13, color=CLOSED, linewidth=0.6, linestyle=":")
    axes.set(
        xlabel="release probability of a site",
        ylabel="synapses for ≤ 1 % misses",
        title="what sites and bursts buy, threshold 13",
        ylim=(0, 110),
    )
    axes.legend(frameon=False, fontsize=8)


def draw_price(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the chance matches that more synapses cost."""
    size = np.arange(13, 100)
    for active, colour in ((40, COLOURS[0]), (1280, COLOURS[1])):
        chance = theory.false_match(65_536, active, size, 13, log10=True)
        axes.plot(size, chance, color=colour, label=f"{active} of 65 536 cells active")
    for bought in dataset["size"].to_numpy():
        axes.axvline(bought, color=CLOSED, linewidth=0.6, linestyle=":")
    axes.set(
        xlabel="synapses of a segment (dotted: 20, 26, 40, 71)",
        ylabel="log₁₀ probability of a chance match",
        title="the price: chance matches, threshold 13",
    )
    axes.legend(frameon=False, fontsize=8)

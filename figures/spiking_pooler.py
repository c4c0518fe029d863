"""Figure of `spiking_pooler`: a race, overlaps with level 0, parameters off, and the memory."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
SPIKES, LEVEL_0, ORDER, GREY = "#D55E00", "#0072B2", "#009E73", "#6b7178"
TARGET = 0.9
WINDOW = 48


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure."""
    figure = Figure(figsize=(14, 8), layout="constrained")
    (race, arms, density), (varied, apart, memory) = figure.subplots(2, 3)
    _race(race, dataset.isel(seed=0))
    _arms(arms, dataset)
    for arm, colour in zip(dataset.arm.to_numpy()[[0, 1, 4]], (SPIKES, GREY, ORDER), strict=True):
        _band(density, dataset.by_density.sel(arm=arm), "active", str(arm), colour)
    density.axhline(TARGET, color=GREY, linewidth=0.8)
    density.set(xlabel="share of the input's bits that are on", ylabel="overlap with level 0")
    density.set(title="random inputs", ylim=(0.6, 1.02))
    density.legend(fontsize="small")
    _varied(varied, dataset)
    names = [str(name) for name in dataset.chooser.to_numpy()]
    values = [dataset.apart.isel(chooser=place).to_numpy() for place in (1, 2)]
    _points(apart, values, names[1:])
    apart.set(ylabel="overlap with level 0", title="trained apart on the series", ylim=(0, 1.02))
    for place, colour in enumerate((LEVEL_0, SPIKES, ORDER)):
        smooth = dataset.anomaly.isel(chooser=place).rolling(step=WINDOW).mean()
        _band(memory, smooth, "step", names[place], colour, marker="")
    memory.set(xlabel="step", ylabel=f"anomaly, mean of {WINDOW} steps", title="a memory driven by")
    memory.set_ylim(0, 1.02)
    memory.legend(fontsize="small")
    return {"spiking_pooler": figure}


def _race(axes: Axes, one: xr.Dataset) -> None:
    """Draw who is first: latency against overlap, and below all columns that stayed silent."""
    drive, latency = one.drive.to_numpy(), 1e3 * one.latency.to_numpy()
    fired = ~np.isnan(latency)
    axes.plot(drive[fired], latency[fired], "o", color=SPIKES, markersize=4, label="spiked")
    silent = axes.twinx()
    bins = (np.arange(drive.min(), drive.max() + 2) - 0.5).tolist()
    silent.hist(drive[~fired], bins=bins, color=GREY, alpha=0.5)
    silent.set_ylabel("columns that stay silent", color=GREY)
    axes.set(xlabel="connected synapses from active bits", ylabel="first spike (ms)")
    axes.set(title="one input", ylim=(0, None))


def _arms(axes: Axes, dataset: xr.Dataset) -> None:
    names = [str(name) for name in dataset.arm.to_numpy()]
    for offset, (stimulus, colour) in enumerate(
        zip(dataset.stimulus.to_numpy(), (LEVEL_0, SPIKES), strict=True)
    ):
        each = dataset.overlap.sel(stimulus=stimulus)
        places = np.arange(len(names)) + 0.3 * offset - 0.15
        axes.barh(places, each.mean("seed"), 0.3, color=colour, label=str(stimulus))
        low, high = each.min("seed"), each.max("seed")
        axes.hlines(places, low, high, color="black", linewidth=1)
    axes.axvline(TARGET, color=GREY, linewidth=0.8)
    axes.set_yticks(range(len(names)), [fill(name, 16) for name in names], fontsize="small")
    axes.invert_yaxis()
    axes.set(xlabel="overlap with level 0", title="the same permanences", xlim=(0, 1.02))
    axes.legend(fontsize="small", loc="center right")


def _varied(axes: Axes, dataset: xr.Dataset) -> None:
    mean = dataset.varied.mean("seed").to_numpy()
    names = dataset.parameter.to_numpy() if "parameter" in dataset.coords else range(len(mean))
    for place, (colour, label) in enumerate(((LEVEL_0, "a tenth less"), (SPIKES, "a tenth more"))):
        axes.plot(mean[:, place], range(len(mean)), "o", color=colour, label=label)
    axes.set_yticks(
        range(len(mean)), [str(name).split(".")[-1] for name in names], fontsize="small"
    )
    axes.axvline(TARGET, color=GREY, linewidth=0.8)
    axes.invert_yaxis()
    axes.set(xlabel="overlap with level 0", title="a parameter off, the series", xlim=(0, 1.02))
    axes.legend(fontsize="small")


def _points(axes: Axes, values: list[np.ndarray], names: list[str]) -> None:
    for place, each in enumerate(values):
        axes.plot(np.full(len(each), place), each, "o", color=(SPIKES, ORDER)[place], alpha=0.6)
    axes.set_xticks(range(len(names)), [fill(name, 18) for name in names], fontsize="small")
    axes.set_xlim(-0.5, len(names) - 0.5)


def _band(
    axes: Axes, values: xr.DataArray, along: str, label: str, colour: str, marker: str = "o"
) -> None:
    """Draw a mean over seeds, and from the least to the most of them."""
    x = values[along].to_numpy()
    axes.plot(x, values.mean("seed"), marker=marker, color=colour, markersize=3, label=label)
    low, high = values.min("seed").to_numpy(), values.max("seed").to_numpy()
    axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)

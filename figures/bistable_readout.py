"""Figure of `bistable_readout`: readings by mixture, and who fires in the ambiguous trials."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

GREY = "#6b7178"
# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
COLOURS = (GREY, "#0072B2", "#CC79A7")


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none of a partial run."""
    if "read_a" not in dataset:
        return {}
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.3, 1, 1])
    draw_readings(left, dataset)
    draw_networks(middle, dataset)
    draw_shares(right, dataset)
    return {"bistable_readout": figure}


def draw_readings(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw how often A was read against the share of its bits, mean and range of the networks."""
    share = 100 * dataset.bits_of_a / dataset.attrs["bits"]
    for name, colour in zip(dataset.synapse.to_numpy(), COLOURS, strict=True):
        read = 100 * dataset.read_a.sel(synapse=name)
        axes.plot(share, read.mean("network"), color=colour, marker="o", label=str(name))
        low, high = read.min("network").to_numpy(), read.max("network").to_numpy()
        axes.fill_between(share.to_numpy(), low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel("bits of A among the bits that are on (%)")
    axes.set_ylabel("trials read as A (%)")
    axes.set_title("mean of the networks, and their range", fontsize="medium")
    axes.legend(frameon=False, loc="upper left", fontsize=8)


def draw_networks(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw how often each network read the ambiguous SDR as A."""
    ambiguous = dataset.read_a.sel(bits_of_a=dataset.attrs["bits"] // 2)
    for place, (name, colour) in enumerate(zip(dataset.synapse.to_numpy(), COLOURS, strict=True)):
        values = 100 * ambiguous.sel(synapse=name).to_numpy()
        across = place + np.linspace(-0.25, 0.25, values.size)
        axes.plot(across, values, "o", color=colour, alpha=0.8)
    axes.axhspan(40, 60, color=GREY, alpha=0.15, linewidth=0)
    names = [str(name).replace(", ", ",\n") for name in dataset.synapse.to_numpy()]
    axes.set_xticks(range(len(names)), names)
    axes.set_ylim(-4, 104)
    axes.set_ylabel("ambiguous trials read as A (%)")
    axes.set_title("one point per network; band: target", fontsize="medium")


def draw_shares(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw which share of the spikes came from A's assembly in the ambiguous trials."""
    here = dataset.trial_bits_of_a == dataset.attrs["bits"] // 2
    edges = np.linspace(0, 100, 26)
    for place, (name, colour) in enumerate(zip(dataset.synapse.to_numpy(), COLOURS, strict=True)):
        values = 100 * dataset.share_of_a.where(here & (dataset.trial_synapse == place), drop=True)
        weights = np.full(values.size, 100 / max(values.size, 1))
        axes.hist(
            values, edges.tolist(), weights=weights, histtype="step", color=colour, linewidth=1.6,
            label=str(name),
        )  # fmt: skip
    axes.set_xlabel("spikes that came from A's assembly (%)")
    axes.set_ylabel("ambiguous trials (%)")
    axes.set_title("all networks together", fontsize="medium")

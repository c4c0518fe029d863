"""Figure of `thalamic_gate`: relay spikes, shares of bursts, and learning, by episode."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00")
BURST, TONIC = "#D55E00", "#6b7178"
PHASES = ("familiar", "new", "learned")
MARKERS = "osD^"


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its measurement."""
    if "burst_share" not in dataset:
        return {}
    figure = Figure(figsize=(12, 7), layout="constrained")
    grid = figure.add_gridspec(2, 6)
    panels = [figure.add_subplot(grid[0, 2 * row : 2 * row + 2]) for row in range(len(PHASES))]
    for panel in panels[1:]:
        panel.sharex(panels[0])
        panel.sharey(panels[0])
    draw_spikes(panels, dataset)
    shares, missed = (figure.add_subplot(grid[1, 3 * row : 3 * row + 3]) for row in range(2))
    draw_episodes(shares, dataset, "burst_share", "relay spikes in bursts, share")
    first = dataset.isel(episode=slice(0, int(dataset.attrs["episodes"])))
    draw_episodes(missed, first, "missed", "input not predicted, share")
    return {"thalamic_gate": figure}


def draw_spikes(panels: list[Axes], dataset: xr.Dataset) -> None:
    """Draw the relay spikes of one sequence: familiar, new, and learned."""
    for number, (axes, phase) in enumerate(zip(panels, PHASES, strict=True)):
        its = dataset.spike_phase.to_numpy() == number
        burst = dataset.spike_of_burst.to_numpy().astype(bool)
        for chosen, colour, label in ((~burst, TONIC, "tonic"), (burst, BURST, "in a burst")):
            axes.plot(
                dataset.spike_time.to_numpy()[its & chosen],
                dataset.spike_cell.to_numpy()[its & chosen],
                "|",
                color=colour,
                ms=3,
                label=label,
            )
        axes.set(title=f"{phase} sequence", xlabel="time, ms")
    panels[0].set_ylabel("relay cell")
    panels[0].legend(fontsize="small", loc="lower left", framealpha=0.9)


def draw_episodes(axes: Axes, dataset: xr.Dataset, name: str, label: str) -> None:
    """Draw a variable of every condition by episode: mean over seeds, and each seed."""
    episode = dataset.episode.to_numpy()
    for row, condition in enumerate(dataset.condition.to_numpy()):
        values = dataset[name].sel(condition=condition).to_numpy()
        there = ~np.isnan(values).any(axis=0)
        axes.plot(episode[there], values[:, there].T, color=COLOURS[row], lw=0.5, alpha=0.3)
        axes.plot(
            episode[there],
            values[:, there].mean(axis=0),
            MARKERS[row] + "-",
            color=COLOURS[row],
            ms=4,
            label=str(condition),
        )
    familiar = int(dataset.attrs["episodes"])
    if len(episode) > familiar:
        axes.axvline(familiar + 0.5, color=TONIC, lw=0.8, ls="--")
    note = "; after the dashed line new sequences" if len(episode) > familiar else ""
    axes.set(xlabel=f"episode{note}", ylabel=label, ylim=(-0.03, 1.03))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize="small")

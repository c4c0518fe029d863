"""Figures of `burst_coding`: tables of static currents; two signals and what is read of them."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SOMA, DENDRITE, GREY = "#0072B2", "#D55E00", "#6b7178"
COLOURS = {"soma": SOMA, "dendrite": DENDRITE}
TITLES = {
    "two compartments": "two compartments",
    "awake": "awake: tonic inhibition of the dendrite",
    "tree": "tree of compartments",
}

TOPS = {"two compartments": 26, "awake": 26}
"""% of events; the same axis for the two, so that they can be compared."""


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figures; none where the run was stopped before its measurement."""
    if "decoded" not in dataset:
        return {}
    tables = Figure(figsize=(11.0, 5.8), layout="constrained")
    rows = tables.subplots(2, dataset.sizes["cell"], sharex=True)
    for column, name in zip(rows.T, dataset.cell.to_numpy(), strict=True):
        draw_table(column, dataset.sel(cell=name), str(name))
    signals = Figure(figsize=(11.0, 7.4), layout="constrained")
    grid = signals.add_gridspec(4, 3, width_ratios=[1.6, 1.6, 1])
    for row, name in enumerate(("soma", "dendrite")):
        axes = signals.add_subplot(grid[row, :2])
        draw_signal(axes, dataset.sel(signal=name), name)
    draw_course(signals.add_subplot(grid[2, :2]), dataset, "event_rate_course", "soma")
    draw_course(signals.add_subplot(grid[3, :2]), dataset, "burst_fraction_course", "dendrite")
    draw_explained(signals.add_subplot(grid[:2, 2]), dataset)
    draw_scatter(signals.add_subplot(grid[2:, 2]), dataset)
    return {"tables": tables, "signals": signals}


def draw_table(column: list[Axes], cell: xr.Dataset, name: str) -> None:
    """Draw event rate and burst fraction against the dendrite's current."""
    rate, share = column
    colours = colormaps["viridis"](np.linspace(0, 0.85, cell.sizes["soma_current"]))
    for current, colour in zip(cell.soma_current.to_numpy(), colours, strict=True):
        part = cell.sel(soma_current=current)
        rate.plot(part.dendrite_current, part.event_rate, color=colour, marker="o", markersize=3)
        share.plot(
            part.dendrite_current,
            100 * part.burst_fraction,
            color=colour,
            marker="o",
            markersize=3,
            label=f"{current:g}",
        )
    rate.set(ylabel="event rate (Hz)", ylim=(0, 14.5), title=TITLES.get(name, name))
    rate.title.set_fontsize(10)
    share.set(
        xlabel="current into the dendrite (pA)",
        ylabel="bursts (% of events)",
        ylim=(0, TOPS.get(name, 70)),
    )
    if name == "two compartments":
        share.legend(title="into the soma (pA)", frameon=False, fontsize=7, title_fontsize=7.5)
    scales = [float(cell[f"{place}_scale"]) for place in COLOURS]
    if scales != [1, 1]:
        text = "currents into soma and nexus times {:.2f} and {:.2f}".format(*scales)
        share.text(0.5, 0.95, text, transform=share.transAxes, fontsize=7.5, ha="center")


def draw_signal(axes: Axes, part: xr.Dataset, name: str) -> None:
    """Draw a signal, and what is read of it from event rate and burst fraction."""
    half = float(part.time[part.sizes["time"] // 2])
    axes.plot(part.time, part.input, color="#b9c0c7", linewidth=3, label=f"signal to the {name}")
    decoded = part.decoded.sel(source="event rate and burst fraction")
    axes.plot(part.time, decoded, color=COLOURS[name], linewidth=1, label="read back")
    axes.axvline(half, color=GREY, linewidth=0.8, linestyle="--")
    bottom = axes.get_ylim()[0]
    axes.text(half, bottom, " not fitted from here on", fontsize=7.5, va="bottom", color=GREY)
    axes.set(ylabel="current (pA)", xlim=(0, float(part.time[-1])))
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.25 * (high - low))
    axes.legend(frameon=False, fontsize=7.5, ncols=2, loc="upper right")


def draw_course(axes: Axes, dataset: xr.Dataset, name: str, place: str) -> None:
    """Draw the event rate or the burst fraction in time."""
    percent = name == "burst_fraction_course"
    values = 100 * dataset[name] if percent else dataset[name]
    axes.plot(dataset.time, values, color=COLOURS[place], linewidth=1)
    axes.set(
        ylabel="bursts (% of events)" if percent else "event rate (Hz)",
        ylim=(0, None),
        xlim=(0, float(dataset.time[-1])),
    )
    if percent:
        axes.set_xlabel("time (s)")


def draw_explained(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the variance that each decoder explains in the half that was not fitted."""
    width = 0.38
    for offset, source, colour in zip(
        (-0.5, 0.5), dataset.source.to_numpy(), ("#009E73", GREY), strict=True
    ):
        values = dataset.explained.sel(source=source)
        axes.bar(
            np.arange(dataset.sizes["signal"]) + offset * width,
            np.maximum(values, 0),
            width,
            color=colour,
            label=f"from {source}",
        )
        for place, value in enumerate(values.to_numpy()):
            axes.text(
                place + offset * width,
                max(value, 0) + 0.02,
                f"{value:.2f}",
                ha="center",
                fontsize=7.5,
            )
    axes.set(
        xticks=range(dataset.sizes["signal"]),
        xticklabels=[f"{name}'s signal" for name in dataset.signal.to_numpy()],
        ylim=(0, 1.3),
        ylabel="variance explained (below 0: drawn as 0)",
    )
    axes.legend(frameon=False, fontsize=7.5, loc="upper right")


def draw_scatter(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the scatter of the burst fraction against the ensemble's size."""
    size, scatter = dataset["size"].to_numpy(), 100 * dataset.scatter.to_numpy()
    axes.loglog(size, scatter, color=DENDRITE, marker="o", linestyle="", label="measured")
    expected = scatter.mean() * np.sqrt(size.mean() / size)
    expected *= np.exp(np.log(scatter / expected).mean())
    axes.loglog(size, expected, color=GREY, label="one over the root of the size")
    axes.set(
        xlabel="cells of the ensemble",
        ylabel="SD of the burst fraction\nin 100 ms (points)",
        xticks=size,
        xticklabels=[str(n) for n in size],
    )
    ticks = [tick for tick in (0.5, 1, 2, 3, 5, 10) if scatter.min() / 1.5 < tick < scatter.max()]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=7.5)

"""Figure of `network_release`: error against transmission, and the course of learning."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
PEER, ABSTRACT = "#6b7178", "#222222"
TITLES = {
    "trained with failures": "trained and tested with failures",
    "trained without failures, then frozen": "trained without failures, then frozen",
}


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where no network was tested."""
    if dataset.error.isnull().all():
        return {}
    figure = Figure(figsize=(13.5, 4.6), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=(1, 1, 1))
    for panel, regime in zip(axes[:2], dataset.regime.values, strict=True):
        draw_errors(panel, dataset, regime)
    tops = [panel.get_ylim()[1] for panel in axes[:2]]
    axes[1].sharey(axes[0])
    axes[0].set_ylim(top=max(tops))
    draw_course(axes[2], dataset)
    handles, labels = axes[0].get_legend_handles_labels()
    more, names = axes[1].get_legend_handles_labels()
    unique = dict(zip([*labels, *names], [*handles, *more], strict=True))
    figure.legend(
        unique.values(), unique.keys(), loc="outside lower left", ncols=3, fontsize=8, frameon=False
    )
    return {"network_release": figure}


def draw_errors(axes: Axes, dataset: xr.Dataset, regime: str) -> None:
    """Draw the mean error of each condition, with its standard error over episodes."""
    for color, name in zip(COLORS, dataset.condition.values, strict=False):
        error = dataset.error.sel(regime=regime, condition=name).mean("transition")
        if error.isnull().all():
            continue
        axes.errorbar(
            dataset.transmission,
            error.mean("episode"),
            yerr=error.std("episode", ddof=1) / np.sqrt(error.sizes["episode"]),
            color=color,
            marker="o",
            markersize=4,
            capsize=2,
            label=name,
        )
    if "frozen" in regime:
        for color, name in zip(COLORS, dataset.condition.values, strict=False):
            axes.plot(
                dataset.transmission,
                dataset.closed_form.sel(condition=name),
                color=color,
                linestyle="--",
                linewidth=1,
            )
        axes.plot([], [], color=PEER, linestyle="--", linewidth=1, label="closed form of misses")
        axes.plot(
            dataset.peer_transmission,
            dataset.peer_error,
            color=PEER,
            marker="s",
            markersize=4,
            linestyle=":",
            label="Bouhadjar et al. 2022 (two sequences), NEST",
        )
    axes.set(
        title=TITLES.get(regime, regime),
        xlabel="transmission probability of a synapse",
        ylabel="transition error",
        xlim=(1.03, float(dataset.transmission.min()) - 0.03),
    )
    axes.set_ylim(bottom=-0.03)
    sites = int(dataset.attrs["multiple_sites"])
    top = axes.secondary_xaxis("top")
    ticks = np.array([1.0, 0.9, 0.7, 0.5, 0.3])
    ticks = ticks[ticks >= float(dataset.transmission.min())]
    top.set_xticks(ticks, [f"{1 - (1 - p) ** (1 / sites):.2f}" for p in ticks], fontsize=8)
    top.set_xlabel(f"the same, as release probability of each of {sites} sites", fontsize=8)


def draw_course(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the error of the default network over presentations, beside the abstract memory's."""
    presentation = np.arange(1, dataset.sizes["presentation"] + 1)
    shades = np.linspace(1.0, 0.25, dataset.sizes["transmission"])
    for shade, probability in zip(shades, dataset.transmission.values, strict=True):
        axes.plot(
            presentation,
            dataset.course.isel(condition=0).sel(transmission=probability),
            color=COLORS[0],
            alpha=float(shade),
            linewidth=1.4,
            label=f"spiking, {probability:g}",
        )
    axes.plot(
        presentation,
        dataset.abstract_course,
        color=ABSTRACT,
        linestyle="--",
        linewidth=1.2,
        label="abstract memory",
    )
    axes.axvline(int(dataset.attrs["training"]) + 0.5, color=PEER, linewidth=0.8)
    axes.set(
        title="learning, default network",
        xlabel="presentation of all sequences (tested right of the line)",
        ylabel="transition error",
    )
    axes.legend(fontsize=7, title="transmission probability", title_fontsize=7, loc="lower left")

"""Figure of `in_vivo`: agreement against noise beside the race, and by what fluctuates."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SINGLE, MANY, RACE = "#0072B2", "#D55E00", "#6b7178"


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its measurement."""
    if "jaccard" not in dataset or not np.isfinite(dataset.jaccard).any():
        return {}
    figure = Figure(figsize=(11.0, 5.2), layout="constrained")
    noise, bars = figure.subplots(1, 2, width_ratios=(2, 3))
    draw_noise(noise, dataset)
    draw_conditions(bars, dataset)
    return {"in_vivo": figure}


def draw_noise(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the share of right columns against noise, measured and in closed form."""
    # Those with the volleys of the model; other conditions are bars.
    volleys = (dataset.column_jitter == 2) & (dataset.neuron_jitter == 0) & (dataset.variation > 0)
    for spread, neurons, colour in ((0.0, 1, SINGLE), (0.1, 1, RACE), (0.1, 16, MANY)):
        kept = (dataset.spread == spread) & (dataset.neurons == neurons) & (dataset.cells == 8)
        some = dataset.isel(condition=np.flatnonzero((kept & volleys).to_numpy()))
        some = some.isel(condition=np.flatnonzero(some.noise.to_numpy() > 0)).sortby("noise")
        if not some.condition.size:
            continue
        label = f"{neurons} to a cell, {'alike' if spread == 0 else 'spread'}"
        worse = np.minimum(
            some.right_predicted.mean("network"), some.right_unpredicted.mean("network")
        )
        closed = np.minimum(some.closed_predicted, some.closed_unpredicted)
        axes.plot(some.noise, worse, "o", color=colour, label=label)
        axes.plot(some.noise, closed, "-", color=colour, linewidth=1)
    axes.set(
        xlabel="membrane noise (mV)",
        ylabel="columns that are right, the worse of predicted and not",
        ylim=(0, 1.03),
    )
    axes.plot([], [], "-", color="black", linewidth=1, label="closed form")
    axes.legend(frameon=False, fontsize=8)


def draw_conditions(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the agreement of active cells under each condition, with that of the race."""
    places = np.arange(dataset.condition.size)[::-1]
    axes.barh(places, dataset.jaccard.mean("network"), color=SINGLE, alpha=0.6, label="network")
    for place, values in zip(places, dataset.jaccard.to_numpy(), strict=True):
        axes.plot(values, np.full(len(values), place), ".", color=SINGLE, markersize=3)
    axes.plot(dataset.race_jaccard, places, "|", color="black", markersize=12, label="race")
    axes.set(xlabel="active cells, Jaccard with the abstract memory", xlim=(0, 1.03))
    axes.set_yticks(places, [str(name) for name in dataset.condition.to_numpy()], fontsize=8)
    axes.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)

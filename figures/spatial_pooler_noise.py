"""Figures of `spatial_pooler_noise`: robustness over learning, and the density of winners."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
GREY = "#6b7178"
WINDOW = 100


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return every figure; of a partial run, too."""
    return {"robustness": draw_robustness(dataset), "density": draw_density(dataset)}


def draw_robustness(dataset: xr.Dataset) -> Figure:
    """Draw the share of winners kept against noise: over learning, and for every variant."""
    figure = Figure(figsize=(10, 4.8), layout="constrained")
    learning, variants = figure.subplots(1, 2, sharey=True)
    published = dataset.kept.sel(variant="published")
    colours = colormaps["viridis"](np.linspace(0, 0.9, dataset.sizes["epoch"]))
    for place, colour in enumerate(colours):
        label = f"{int(dataset.epoch[place])}"
        _draw_curve(learning, published.isel(epoch=place), label, colour)
    learning.legend(
        title="epochs of learning", loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=5
    )
    learning.set_title("as published")
    for variant, colour in zip(dataset.variant.to_numpy(), COLOURS, strict=False):
        curve = dataset.kept.sel(variant=variant)
        _draw_curve(variants, curve.isel(epoch=-1), str(variant), colour)
    _draw_curve(variants, published.isel(epoch=0), "before learning", GREY)
    variants.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=3)
    variants.set_title(f"after {int(dataset.epoch[-1])} epochs")
    for axes in (learning, variants):
        axes.set_xlabel("noise (share of the input's on-bits moved)")
    learning.set_ylabel("share of winning columns kept")
    return figure


def _draw_curve(axes: Axes, curve: xr.DataArray, label: str, colour: Any) -> None:
    """Draw the mean over seeds, and their range."""
    curve = curve.dropna("seed", how="all")
    if curve.sizes["seed"] == 0:
        return
    axes.plot(curve.noise, curve.mean("seed"), color=colour, label=label, marker=".")
    low, high = curve.min("seed").to_numpy(), curve.max("seed").to_numpy()
    axes.fill_between(curve.noise.to_numpy(), low, high, color=colour, alpha=0.2, linewidth=0)


def draw_density(dataset: xr.Dataset) -> Figure:
    """Draw the share of winners over learning, and how alike other inputs' codes are."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    over_time, likeness = figure.subplots(1, 2)
    for variant, colour in zip(dataset.variant.to_numpy(), COLOURS, strict=False):
        density = dataset.density.sel(variant=variant).mean("seed").dropna("step").to_numpy()
        n_windows = density.size // WINDOW
        means = density[: n_windows * WINDOW].reshape(n_windows, WINDOW).mean(axis=1)
        steps = WINDOW * (np.arange(n_windows) + 1)
        over_time.plot(steps, 100 * means, color=colour, label=str(variant))
        alike = dataset.likeness.sel(variant=variant).mean("seed")
        likeness.plot(dataset.epoch, 100 * alike, color=colour, marker=".", label=str(variant))
    target = 100 * dataset.attrs["density"]
    over_time.axhspan(target - 0.1, target + 0.1, color=GREY, alpha=0.2, label="target ± 0.1 point")
    over_time.set_ylim(target - 0.25, target + 0.25)
    over_time.set_xlabel("step of learning")
    over_time.set_ylabel(f"winning columns (%, mean of {WINDOW} steps)")
    over_time.set_title("Density of winners")
    likeness.axhline(target, color=GREY, linestyle="--", label="by chance")
    likeness.set_ylim(bottom=0)
    likeness.set_xlabel("epochs of learning")
    likeness.set_ylabel("winners shared by two inputs (%)")
    likeness.set_title("Control: codes of different inputs")
    over_time.legend()
    likeness.legend()
    return figure

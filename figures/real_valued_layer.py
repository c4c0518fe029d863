"""Figures of `real_valued_layer`: where weights settle, and what a classifier gains by them."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

GREY = "#6b7178"
COLOURS = {
    "raw pixels": GREY,
    "untrained templates": "#0072B2",
    "learned templates": "#D55E00",
}


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return every figure that the dataset holds enough for."""
    figures = {"settling": draw_settling(dataset)}
    if "accuracy" in dataset:
        figures["classifier"] = draw_classifier(dataset)
        figures["templates"] = draw_templates(dataset)
    return figures


def draw_settling(dataset: xr.Dataset) -> Figure:
    """Draw one weight for each kind of input over time, with the expectile it should settle at."""
    figure = Figure(figsize=(9, 6.4), layout="constrained")
    shares = dataset.growth_share.to_numpy()
    kinds = list(dict.fromkeys(dataset.distribution.to_numpy().tolist()))
    colours = colormaps["viridis"](np.linspace(0, 0.9, shares.size))
    for axes, kind in zip(figure.subplots(2, 2, sharex=True, sharey=True).flat, kinds, strict=True):
        first = int(np.flatnonzero(dataset.distribution == kind)[0])
        for place, colour in enumerate(colours):
            one = dataset.isel(growth_share=place, input=first)
            label = f"{shares[place]:g}"
            axes.plot(dataset.element, one.path, color=colour, linewidth=0.9, label=label)
            axes.axhline(float(one.expectile), color=colour, linestyle="--", linewidth=0.9)
        axes.set_title(f"inputs: {kind}", fontsize="medium")
        axes.set_ylim(-0.05, 1.05)
        start = float(dataset.path.isel(growth_share=0, element=0, input=first))
        if start < -0.05:
            axes.annotate(
                f"from {start:.1f}", (0.03, 0.02), xycoords="axes fraction", fontsize="small"
            )
    for axes in figure.axes[2:]:
        axes.set_xlabel("element of the stream")
    for axes in figure.axes[::2]:
        axes.set_ylabel("weight")
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        title="g / (g + d)",
        loc="outside right center",
    )
    figure.suptitle("Weights (lines) settle at the g/(g+d) expectile of their input (dashes)")
    return figure


def draw_classifier(dataset: xr.Dataset) -> Figure:
    """Draw the accuracy on every split, learned templates beside the two controls."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for place, feature in enumerate(COLOURS):
        values = dataset.accuracy.sel(feature=feature).dropna("split").to_numpy()
        if values.size == 0:
            continue
        spread = place + np.linspace(-0.12, 0.12, values.size) * (values.size > 1)
        axes.plot(spread, 100 * values, "o", color=COLOURS[feature], alpha=0.7)
        mean = 100 * values.mean()
        axes.hlines(mean, place - 0.25, place + 0.25, color=COLOURS[feature], linewidth=2)
        axes.annotate(f"{mean:.1f} %", (place + 0.28, mean), va="center")
    axes.set_xticks(range(len(COLOURS)), [f"{feature}" for feature in COLOURS])
    axes.set_xlim(-0.5, len(COLOURS) - 0.25)
    axes.set_ylabel("test accuracy (%)")
    axes.set_title(
        f"A logistic classifier on {dataset.attrs['images']}: points are splits, bars means"
    )
    return figure


def draw_templates(dataset: xr.Dataset) -> Figure:
    """Draw the templates that learned most, and how unevenly learning is shared out."""
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    figure.subfigures(2, 1, height_ratios=[1.1, 1])
    upper, lower = figure.subfigs
    n_templates = dataset.sizes["template"]
    grid = upper.subplots(2, n_templates)
    for row, (name, label) in zip(
        grid, (("template_before", "before"), ("template_after", "after")), strict=True
    ):
        for place, axes in enumerate(row):
            _show(axes, dataset[name][place].to_numpy())
        row[0].set_ylabel(label)
    upper.suptitle("The templates that learned most often")
    axes = lower.subplots()
    counts = np.sort(dataset.n_learned.to_numpy())[::-1]
    learned = int((counts > 0).sum())
    axes.bar(
        np.arange(1, learned + 1), counts[:learned], width=0.8, color=COLOURS["learned templates"]
    )
    axes.set_yscale("log")
    axes.set_xlim(0, max(learned, dataset.sizes["template"]) + 1)
    axes.set_xlabel("neurons that learned, most often first")
    axes.set_ylabel("times learned")
    axes.set_title(f"{learned} of {counts.size} neurons ever learned", fontsize="medium")
    return figure


def _show(axes: Axes, template: np.ndarray) -> None:
    side = round(np.sqrt(template.size))
    axes.set_xticks([])
    axes.set_yticks([])
    image = template if side**2 != template.size else template.reshape(side, side)
    axes.imshow(np.atleast_2d(image), cmap="gray_r", vmin=0, vmax=1)

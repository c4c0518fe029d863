"""Figure of `metabotropic_persistence`: depolarisation over seconds, and what it does to input."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its measurement."""
    if "depolarisation" not in dataset:
        return {}
    figure = Figure(figsize=(11.0, 3.9), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=[2, 2, 1.2])
    for panel, receptors in zip(axes[:2], dataset.receptors.to_numpy(), strict=True):
        draw_course(panel, dataset.sel(receptors=receptors), str(receptors))
    draw_gain(axes[2], dataset)
    return {"metabotropic_persistence": figure}


def draw_course(axes: Axes, courses: xr.Dataset, title: str) -> None:
    """Draw the soma's depolarisation after each train."""
    colours = colormaps["viridis"](np.linspace(0, 0.85, courses.sizes["train"]))
    for train, colour in zip(courses.train.to_numpy(), colours, strict=True):
        axes.plot(
            courses.time, courses.depolarisation.sel(train=train), color=colour, label=str(train)
        )
    axes.axhline(courses.attrs["level"], color="#6b7178", linewidth=0.8, linestyle="--")
    axes.set(xlabel="time since the first volley (s)", ylabel="depolarisation (mV)", title=title)
    axes.set_ylim(-0.5, 1.1 * float(courses.attrs.get("top", courses.depolarisation.max())) + 4)
    axes.legend(frameon=False, fontsize=7.5, loc="upper right")


def draw_gain(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the spike probability of the subthreshold basal input."""
    names = [str(arm).replace(", ", ",\n") for arm in dataset.arm.to_numpy()]
    axes.bar(names, 100 * dataset.probability, color=["#D55E00", "#0072B2", "#6b7178"])
    axes.set(ylabel="spikes by a subthreshold basal input (% of trials)", ylim=(0, 100))
    axes.tick_params(axis="x", labelsize=7.5, rotation=20)

"""Figure of `temporal_pooling`: codes against codes, and overlaps of every reading."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
WITHIN, REPEATED, ALONE, ACROSS, GREY = "#0072B2", "#56B4E9", "#009E73", "#D55E00", "#6b7178"
SHOWN = (
    ("within", WITHIN, "places of one showing"),
    ("repeated", REPEATED, "showings"),
    ("alone", ALONE, "one sequence, each element alone"),
    ("across", ACROSS, "different sequences"),
)


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its measurement."""
    if "example" not in dataset:
        return {}
    figure = Figure(figsize=(13, 5.4), layout="constrained")
    matrix, overlaps, sizes = figure.subplots(1, 3, width_ratios=(1.25, 1.3, 0.7))
    draw_matrix(matrix, dataset)
    names = [str(name) for name in dataset.reading.to_numpy()]
    draw_overlaps(overlaps, dataset)
    overlaps.set_yticks(range(len(names)), [fill(name, 34) for name in names], fontsize="small")
    draw_sizes(sizes, dataset)
    sizes.sharey(overlaps)
    sizes.tick_params(labelleft=False)
    return {"temporal_pooling": figure}


def draw_matrix(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the overlaps of all codes of one showing; lines part the sequences."""
    values = dataset.example.to_numpy()
    picture = axes.imshow(values, vmin=0, vmax=1, cmap="viridis", interpolation="nearest")
    for line in range(int(dataset.attrs["places"]), len(values), int(dataset.attrs["places"])):
        axes.axhline(line - 0.5, color="white", linewidth=0.8)
        axes.axvline(line - 0.5, color="white", linewidth=0.8)
    axes.figure.colorbar(picture, ax=axes, label="overlap", shrink=0.8)
    axes.set(
        xlabel="codes of one showing, by sequence and place",
        ylabel="the same codes",
        title=str(dataset.reading.to_numpy()[0]),
    )


def draw_overlaps(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw every overlap of every reading, for each seed and on average."""
    for shift, (name, colour, label) in zip(np.linspace(-0.27, 0.27, 4), SHOWN, strict=True):
        values = dataset[name]
        places = np.arange(len(values)) + shift
        axes.plot(values.mean("seed"), places, "o", color=colour, ms=5, label=label)
        for place, each in zip(places, values.to_numpy(), strict=True):
            axes.plot(each, np.full(len(each), place), "|", color=colour, ms=4, alpha=0.6)
    for target in (0.1, 0.8):
        axes.axvline(target, color=GREY, linewidth=0.8, linestyle="--")
    axes.invert_yaxis()
    axes.set(xlim=(-0.03, 1.03), xlabel="overlap of codes")
    axes.legend(fontsize="small", ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def draw_sizes(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw how much of a code there is, where elements were predicted and where none was."""
    for name, colour, label in (
        ("predicted_size", WITHIN, "predicted"),
        ("novel_size", ACROSS, "nothing predicted"),
    ):
        values = dataset[name].mean("seed")
        axes.plot(values, range(len(values)), "s", color=colour, label=label)
    axes.set(xlim=(-0.05, 1.1), xlabel="cells of a code, over most")
    axes.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0))

"""Figure of `three_levels`: one task at three levels of detail, side by side."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

LEVELS = {0: "level 0: counted", 1: "level 1: reduced cells", 2: "level 2: trees of compartments"}
PREDICTED, OTHER, GREY, SOFT = "#D55E00", "#0072B2", "#9aa0a6", "#5b6570"
SHADE = 0.28
ROWS = 14
"""Columns whose cells are in the rasters."""
BRIEF_ROWS = 7
"""The same of the picture for the front page."""


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure, and one for the front page; none where the run was stopped too early."""
    if "soma_2" not in dataset:
        return {}
    return {"three_levels": whole(dataset), "three_levels_in_brief": brief(dataset)}


def whole(dataset: xr.Dataset) -> Figure:
    """Return rasters, potentials, sets of cells and agreement."""
    figure = Figure(figsize=(13.0, 9.8), layout="constrained")
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(3.8, 1.2))[:, 0]
    axes = upper.subplots(
        4, 3, height_ratios=(2.2, 1.0, 1.0, 1.15), sharex=False, sharey="row", squeeze=False
    )
    draw_elements(axes[:3], dataset, shown_columns(dataset, ROWS))
    for place, level in enumerate(LEVELS):
        draw_sets(axes[3, place], dataset, level)
    axes[3, 0].set_ylabel("cells as bits")
    draw_key(upper)
    draw_agreement(lower.subplots(1, 1), dataset)
    return figure


def brief(dataset: xr.Dataset) -> Figure:
    """Return what fits the width of a page and can still be read on a small screen."""
    figure = Figure(figsize=(10.0, 6.8), layout="constrained")
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(3.6, 1.0))[:, 0]
    axes = upper.subplots(
        3, 3, height_ratios=(1.9, 1.0, 1.0), sharex=False, sharey="row", squeeze=False
    )
    draw_elements(axes, dataset, shown_columns(dataset, BRIEF_ROWS))
    draw_key(upper)
    draw_agreement(lower.subplots(1, 1), dataset)
    return figure


def draw_elements(axes: NDArray, dataset: xr.Dataset, columns: NDArray[np.int64]) -> None:
    """Draw rasters and potentials of every level, side by side."""
    wanted = dataset["active_0"].to_numpy().astype(bool)
    for place, level in enumerate(LEVELS):
        raster, soma, branch = axes[:, place]
        differ = int((dataset[f"active_{level}"].to_numpy().astype(bool) != wanted).sum())
        said = f"{len(wanted)} elements, {int(wanted.sum())} active cells"
        if level:
            said = "the same cells" if not differ else f"{differ} of them differ"
        raster.set_title(LEVELS[level], fontsize=11.5, loc="left", fontweight="bold", pad=19)
        raster.annotate(
            said, (0, 1), (0, 6), "axes fraction", textcoords="offset points", color=SOFT
        )
        draw_raster(raster, dataset, level, columns)
        draw_potential(soma, dataset, level, "soma")
        draw_potential(branch, dataset, level, "branch")
        soma.sharex(raster)
        branch.sharex(raster)
        for each in (raster, soma):
            each.tick_params(labelbottom=False)
        branch.set_xlabel("time (ms)" if level else "elements")
        if level == 0:
            raster.set_xticks(range(dataset.sizes["element"] + 1))
        for each in (raster, soma, branch):
            each.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel(f"cells of {len(columns)} columns")
    axes[1, 0].set_ylabel("soma (mV)")
    axes[2, 0].set_ylabel("branch (mV)")


def draw_key(figure: SubFigure) -> None:
    """Say below rasters and potentials what is what."""
    figure.legend(
        handles=[
            Patch(color=PREDICTED, alpha=SHADE, linewidth=0, label="predicted"),
            Line2D([], [], color=OTHER, marker="|", linestyle="", ms=8, mew=1.6, label="fires"),
            Line2D([], [], color=PREDICTED, label="a predicted cell"),
            Line2D([], [], color=OTHER, label="its neighbour"),
        ],
        fontsize=9.5,
        ncols=4,
        loc="outside lower center",
        frameon=False,
    )


def shown_columns(dataset: xr.Dataset, rows: int) -> NDArray[np.int64]:
    """Return columns that are driven in the elements shown; that of the example is among them."""
    cells = int(dataset.attrs["cells_per_column"])
    own = int(dataset.attrs["predicted_cell"]) // cells
    driven = dataset.driven_columns.to_numpy()
    some = [np.flatnonzero(row)[: rows // len(driven)] for row in driven]
    return np.unique(np.concatenate([*some, [own]]).astype(np.int64))


def draw_raster(axes: Axes, dataset: xr.Dataset, level: int, columns: NDArray[np.int64]) -> None:
    """Draw who fired, and who was predicted (shaded), over the elements."""
    per_column = int(dataset.attrs["cells_per_column"])
    cells = (columns[:, None] * per_column + np.arange(per_column)).ravel()
    row_of = np.full(dataset.sizes["cell"], -1)
    row_of[cells] = np.arange(len(cells))
    period = _period(dataset, level)
    active, ahead = (dataset[f"{name}_{level}"].to_numpy() for name in ("active", "predictive"))
    for line in range(per_column, len(cells), per_column):
        axes.axhline(line - 0.5, color="#e3e5e8", linewidth=0.6)
    for element in range(len(active)):
        axes.axvline(element * period, color=GREY, linewidth=0.6)
        if element:
            for cell in np.flatnonzero(ahead[element - 1]):
                if row_of[cell] >= 0:
                    axes.barh(
                        row_of[cell],
                        period,
                        1.0,
                        element * period,
                        color=PREDICTED,
                        alpha=SHADE,
                        linewidth=0,
                    )
    if level == 0:
        for element, bits in enumerate(active):
            rows = row_of[np.flatnonzero(bits)]
            rows = rows[rows >= 0]
            axes.plot(np.full(len(rows), (element + 0.5) * period), rows, "s", color=OTHER, ms=2.6)
    else:
        rows = row_of[dataset[f"spike_cell_{level}"].to_numpy()]
        times = dataset[f"spike_time_{level}"].to_numpy()
        axes.plot(times[rows >= 0], rows[rows >= 0], "|", color=OTHER, ms=190 / len(cells), mew=1.2)
    axes.set(xlim=(0, len(active) * period), ylim=(-0.5, len(cells) - 0.5))
    axes.set_yticks([])


def draw_potential(axes: Axes, dataset: xr.Dataset, level: int, place: str) -> None:
    """Draw the predicted cell and its neighbour; of level 0, which has none, what stands for it."""
    period, shown = _period(dataset, level), dataset.sizes["element"]
    for element in range(shown):
        axes.axvline(element * period, color=GREY, linewidth=0.6)
    if level == 0:
        cell = int(dataset.attrs["predicted_cell"])
        name = "active" if place == "soma" else "predictive"
        for element in np.flatnonzero(dataset[f"{name}_0"].to_numpy()[:, cell]):
            axes.axvspan(element, element + 1, color=PREDICTED, alpha=SHADE, linewidth=0)
            axes.text(
                *(element + 0.5, 0.5),
                name,
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="center",
            )
        axes.set_xlim(0, shown * period)
        return
    time = dataset[f"time_{level}"].to_numpy()
    for row, colour in ((1, OTHER), (0, PREDICTED)):
        trace = dataset[f"{place}_{level}"].to_numpy()[row]
        axes.plot(time, trace, color=colour, linewidth=1.2)


def draw_sets(axes: Axes, dataset: xr.Dataset, level: int) -> None:
    """Draw the active cells of the last element as bits, by column and cell."""
    per_column = int(dataset.attrs["cells_per_column"])
    bits = dataset[f"active_{level}"].to_numpy()[-1].reshape(-1, per_column)
    wanted = dataset["active_0"].to_numpy()[-1].reshape(-1, per_column)
    for kept, colour in ((bits * wanted, OTHER), (bits != wanted, PREDICTED)):
        column, cell = np.nonzero(kept)
        axes.plot(column, cell, "s", color=colour, ms=2.0, mew=0)
    axes.set(xlim=(-1, len(bits)), ylim=(-0.7, per_column - 0.3), xlabel="column")
    axes.set_yticks([])
    differ = int((bits != wanted).sum())
    axes.set_title(
        f"{int(bits.sum())} active cells" + (f", {differ} differ" if level else ""),
        fontsize=9,
        loc="right",
    )


def draw_agreement(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the agreement of active cells with level 0, by condition, level and network."""
    names = [str(name) for name in dataset.condition.to_numpy()]
    places = np.arange(len(names))
    for offset, level, colour in ((-0.19, 1, GREY), (0.19, 2, OTHER)):
        values = dataset.jaccard.sel(level=level)
        axes.bar(
            places + offset,
            values.mean("network"),
            0.36,
            color=colour,
            alpha=0.75,
            label=f"level {level}",
        )
        for place, each in zip(places, values.to_numpy(), strict=True):
            axes.plot(np.full(len(each), place + offset), each, ".", color="black", ms=3)
    axes.set_xticks(places, [name.replace(", ", ",\n", 1) for name in names])
    axes.set(ylim=(0, 1.05), ylabel="agreement with\nlevel 0 (Jaccard)")
    axes.legend(loc="lower left", ncols=2, framealpha=0.9, edgecolor="none", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _period(dataset: xr.Dataset, level: int) -> float:
    return float(dataset[f"period_{level}"]) if level else 1.0

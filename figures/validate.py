"""Figures of `validate`: two levels over time, their agreement, and what the cells do."""

from __future__ import annotations

from typing import Any

import matplotlib.dates as mdates
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from htm_brian.comparison.step_figures import window_mean

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
ABSTRACT, SPIKING, THIRD, GREY = "#0072B2", "#D55E00", "#009E73", "#6b7178"
LEVELS: dict[str, dict[str, Any]] = {
    "abstract": {"color": ABSTRACT, "linewidth": 2.8},
    "spiking": {"color": SPIKING, "linewidth": 1.2},
}
"""The line on top is the thinner, so that both are seen where they agree."""

TOLERANCE = 0.05
N_WINDOWS = 84
UNITS = {"megawatt": "MW", "kilowatt": "kW", "celsius": "°C", "percent": "%"}
"""Units that a column's name may end in."""

RASTER_COLUMNS = 6

SETS = {
    "active_columns": "active columns",
    "predicted_columns": "predicted columns",
    "column_bursts": "column bursts",
    "active_cells": "active cells",
    "winner_cells": "winner cells",
    "predictive_cells": "predictive cells",
}
AGREEMENTS = {
    "predicted_columns_precision": "predicted columns, precision",
    "predicted_columns_recall": "predicted columns, recall",
    "predicted_columns_jaccard": "predicted columns, Jaccard",
    "column_bursts_jaccard": "column bursts, Jaccard",
    "active_cells_size": "number of active cells",
    "predictive_cells_size": "number of predictive cells",
}
TRANSPLANT = {
    "exact": "steps with the same cells",
    "active_cells_jaccard": "active cells, Jaccard",
    "predictive_cells_jaccard": "predictive cells, Jaccard",
    "anomaly_difference": "anomaly, absolute difference",
}


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return every figure that the dataset holds enough for.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `htm_brian.comparison.dataset.to_dataset` makes it; of a partial run, too.
    """
    figures = {}
    if "abstract_anomaly" in dataset:
        figures["anomaly"] = draw_anomaly(dataset)
    if "spiking_anomaly" in dataset:
        figures["sparsity"] = draw_sparsity(dataset)
    if "agreement_predicted_columns_jaccard" in dataset:
        figures["agreement"] = draw_agreement(dataset)
    if "reliable_exact" in dataset or "model_exact" in dataset:
        figures["transplant"] = draw_transplant(dataset)
    if "spike_time" in dataset:
        figures["raster"] = draw_raster(dataset)
    return figures


def draw_anomaly(dataset: xr.Dataset) -> Figure:
    """Draw the series, and beneath it the anomaly of the levels that were run."""
    compared = [
        name for name in ("agreement", "ceiling") if f"{name}_anomaly_difference" in dataset
    ]
    figure = Figure(figsize=(9, 6.6 if compared else 4.6), layout="constrained")
    series, anomaly, *rest = figure.subplots(3 if compared else 2, 1, sharex=True)
    window = _window(dataset)
    series.plot(_times(dataset), dataset["value"], color=GREY, linewidth=0.6)
    series.set_ylabel(_series_label(dataset))
    series.set_title(f"{dataset.attrs['series']}: the series, and the anomaly of each level")
    if "abstract_shuffled_anomaly" in dataset:
        style = {"label": "abstract, shuffled in time", "color": GREY, "linestyle": "--"}
        _plot_windows(anomaly, dataset, "abstract_shuffled_anomaly", window, **style)
    for run, line in LEVELS.items():
        if f"{run}_anomaly" in dataset:
            _plot_windows(anomaly, dataset, f"{run}_anomaly", window, label=run, **line)
    anomaly.set_ylabel(f"anomaly\n(mean of {window} steps)")
    anomaly.set_ylim(0, 1.02)
    anomaly.legend(loc="upper right")
    for difference in rest:
        _draw_difference(difference, dataset, window)
    _label_times(rest[-1] if rest else anomaly, dataset)
    return figure


def _draw_difference(axes: Axes, dataset: xr.Dataset, window: int) -> None:
    for prefix, label, colour, linestyle in (
        ("agreement", "spiking and abstract", SPIKING, "-"),
        ("ceiling", "abstract seeds, pair by pair", ABSTRACT, "--"),
    ):
        name = f"{prefix}_anomaly_difference"
        if name in dataset:
            style = {"label": label, "color": colour, "linestyle": linestyle}
            _plot_windows(axes, dataset, name, window, **style)
    axes.axhline(TOLERANCE, color=GREY, linewidth=1, linestyle=":", label="target")
    axes.set_ylabel(f"absolute difference\n(mean of {window} steps)")
    axes.set_ylim(0, max(0.1, 1.35 * axes.get_ylim()[1]))
    axes.legend(loc="upper right", ncols=3)


def draw_agreement(dataset: xr.Dataset) -> Figure:
    """Draw each agreement of networks trained apart against its ceiling."""
    figure = Figure(figsize=(9, 7.2), layout="constrained")
    grid = figure.subplots(3, 2, sharex=True, sharey=True)
    window = _window(dataset)
    for axes, (quantity, title) in zip(grid.flat, AGREEMENTS.items(), strict=True):
        if f"ceiling_{quantity}" in dataset:
            ceiling = window_mean(dataset[f"ceiling_{quantity}"].to_numpy(), window)
            at = _window_times(dataset, "step", window)
            axes.fill_between(
                at, ceiling - TOLERANCE, ceiling, color=ABSTRACT, alpha=0.15, linewidth=0
            )
            axes.plot(at, ceiling, color=ABSTRACT, linestyle="--", label="ceiling: abstract seeds")
        _plot_windows(
            axes, dataset, f"agreement_{quantity}", window, label="spiking", color=SPIKING
        )
        axes.set_title(title, fontsize="medium")
    lowest = min(axes.dataLim.ymin for axes in grid.flat)
    grid[0, 0].set_ylim(max(0.0, np.floor(10 * lowest) / 10), 1.02)
    for axes in grid[:, 0]:
        axes.set_ylabel("agreement")
    for axes in grid[-1]:
        _label_times(axes, dataset)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.suptitle(
        f"Trained apart: agreement with the abstract memory, means of {window} steps\n"
        f"(shaded: {TOLERANCE:g} below the ceiling)",
        fontsize="large",
    )
    return figure


def draw_sparsity(dataset: xr.Dataset) -> Figure:
    """Draw the share of bits on in each SDR of both levels."""
    figure = Figure(figsize=(9, 7.2), layout="constrained")
    grid = figure.subplots(3, 2, sharex=True)
    window = _window(dataset)
    for axes, (name, title) in zip(grid.flat, SETS.items(), strict=True):
        for run, line in LEVELS.items():
            variable = f"{run}_{name}_sparsity"
            if variable in dataset:
                percent = 100 * window_mean(dataset[variable].to_numpy(), window)
                axes.plot(_window_times(dataset, "step", window), percent, label=run, **line)
        axes.set_title(title, fontsize="medium")
        axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
    for axes in grid[:, 0]:
        axes.set_ylabel("bits on (%)")
    for axes in grid[-1]:
        _label_times(axes, dataset)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.suptitle(f"Share of bits on, means of {window} steps", fontsize="large")
    return figure


def draw_transplant(dataset: xr.Dataset) -> Figure:
    """Draw how far a network with the abstract memory's segments does the same."""
    figure = Figure(figsize=(9, 5.4), layout="constrained")
    grid = figure.subplots(2, 2, sharex=True)
    window = max(1, dataset.sizes["transplant_step"] // 42)
    for axes, (quantity, title) in zip(grid.flat, TRANSPLANT.items(), strict=True):
        for prefix, label, colour, width in (
            ("reliable", "reliable release", THIRD, 2.8),
            ("model", "the model's release", SPIKING, 1.2),
        ):
            if f"{prefix}_{quantity}" in dataset:
                name = f"{prefix}_{quantity}"
                style = {"label": label, "color": colour, "linewidth": width}
                _plot_windows(axes, dataset, name, window, **style)
        axes.set_title(title, fontsize="medium")
        if quantity == "anomaly_difference":
            axes.set_ylim(-0.002, max(TOLERANCE, 1.05 * axes.dataLim.ymax))
        else:
            axes.set_ylim(max(0.0, min(0.9, axes.dataLim.ymin - 0.02)), 1.01)
            axes.set_ylabel("share of steps" if quantity == "exact" else "Jaccard index")
    grid[1, 1].set_ylabel("difference")
    for axes in grid[-1]:
        _label_times(axes, dataset)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.suptitle(
        f"Transplant: the abstract memory's segments in spiking cells, means of {window} steps",
        fontsize="large",
    )
    return figure


def draw_raster(dataset: xr.Dataset) -> Figure:
    """Draw the spikes of one element: predicted columns beside columns that burst."""
    element = _telling_element(dataset)
    per_column = int(dataset["cells_per_column"])
    here = dataset["spike_element"].to_numpy() == element
    cells = dataset["spike_cell"].to_numpy()[here]
    times = 1e3 * dataset["spike_time"].to_numpy()[here]
    due_then = dataset["predicted_element"].to_numpy() == element
    predicted = np.unique(dataset["predicted_cell"].to_numpy()[due_then])
    active = np.unique(cells // per_column)
    known = np.isin(active, predicted // per_column)
    shown = [*active[known][:RASTER_COLUMNS], *active[~known][:RASTER_COLUMNS]]
    n_known = min(RASTER_COLUMNS, int(known.sum()))

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
    size = max(8.0, (560 / (len(shown) * (per_column + 2))) ** 2)
    for row, column in enumerate(shown):
        base = row * (per_column + 2)
        colour = ABSTRACT if row < n_known else SPIKING
        axes.axhspan(base - 0.9, base + per_column - 0.1, color="0.95", linewidth=0)
        mine = cells // per_column == column
        rows = base + cells[mine] % per_column
        axes.scatter(times[mine], rows, marker="|", s=size, color=colour, linewidths=1.6)
        ready = base + predicted[predicted // per_column == column] % per_column
        axes.scatter(np.full(len(ready), -0.6), ready, marker=">", s=18, color=THIRD)
    axes.set_yticks(
        [row * (per_column + 2) + (per_column - 1) / 2 for row in range(len(shown))],
        [f"column {column}" for column in shown],
    )
    axes.set_ylim(-2, len(shown) * (per_column + 2) - 1)
    last = float(times[np.isin(cells // per_column, shown)].max(initial=10.0))
    axes.set_xlim(-1.2, 1.15 * last)
    axes.set_xlabel("time since the element's start (ms)")
    for marker, colour, label in (
        (">", THIRD, "predicted cell (plateau)"),
        ("|", ABSTRACT, "spike, predicted column"),
        ("|", SPIKING, "spike, unpredicted column: the whole column fires"),
    ):
        axes.scatter([], [], marker=marker, s=60, color=colour, linewidths=1.6, label=label)
    figure.legend(loc="outside lower center", ncols=3)
    axes.set_title(f"Spikes at step {element}: predicted cells fire first and silence their column")
    return figure


def _telling_element(dataset: xr.Dataset) -> int:
    """Return the kept element in which predicted and unpredicted columns are most evenly mixed."""
    elements = np.unique(dataset["spike_element"].to_numpy())
    anomaly = dataset["spiking_anomaly"].to_numpy()[elements]
    return int(elements[np.argmin(np.abs(anomaly - 0.5))])


def _window(dataset: xr.Dataset) -> int:
    return max(1, round(dataset.sizes["step"] / N_WINDOWS))


def _times(dataset: xr.Dataset, dim: str = "step") -> np.ndarray:
    steps = dataset[dim].to_numpy()
    return dataset["time"].to_numpy()[steps] if "time" in dataset.coords else steps


def _window_times(dataset: xr.Dataset, dim: str, window: int) -> np.ndarray:
    """Return the middle of each window."""
    times = _times(dataset, dim)
    starts = np.arange(0, len(times), window)
    return times[np.minimum(starts + window // 2, len(times) - 1)]


def _plot_windows(axes: Axes, dataset: xr.Dataset, name: str, window: int, **style: Any) -> None:
    variable = dataset[name]
    means = window_mean(variable.to_numpy(), window)
    axes.plot(_window_times(dataset, str(variable.dims[0]), window), means, **style)


def _label_times(axes: Axes, dataset: xr.Dataset) -> None:
    if "time" not in dataset.coords:
        axes.set_xlabel("step")
        return
    # With other bounds some spans suit no interval: matplotlib warns, and crowds the labels.
    locator = mdates.AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    axes.set_xlabel("time")


def _series_label(dataset: xr.Dataset) -> str:
    if "symbols" in dataset["value"].attrs:
        return "symbol (index)"
    name = str(dataset.attrs["label"])
    if dataset.attrs.get("unit"):
        return f"{name.replace('_', ' ')} ({dataset.attrs['unit']})"
    quantity, _, unit = name.rpartition("_")
    if unit in UNITS:
        return f"{quantity.replace('_', ' ')} ({UNITS[unit]})"
    return name.replace("_", " ")

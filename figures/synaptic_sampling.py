"""Figure of `synaptic_sampling`: frequencies and a run of one network; accuracy after pruning."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

GREY = "#6b7178"
COLOURS = {"before learning": "#E69F00", "stochastic": "#0072B2", "deterministic": "#D55E00"}


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figures that the dataset holds enough for."""
    figures = {}
    if "frequency" in dataset:
        figures["frequencies"] = draw_frequencies(dataset)
    if "accuracy" in dataset:
        figures["pruning"] = draw_pruning(dataset)
    return figures


def draw_frequencies(dataset: xr.Dataset) -> Figure:
    """Draw frequencies of the SDRs against their targets, and what one chain of each kind reads."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    n_patterns = dataset.sizes["pattern"]
    numbers = np.arange(1, n_patterns + 1)
    target = 100 * dataset.target.isel(machine=0) if "machine" in dataset.target.dims else None
    target = 100 * dataset.target if target is None else target
    left.bar(numbers, target, color=GREY, alpha=0.3, label="target")
    for place, (name, colour) in enumerate(COLOURS.items()):
        values = 100 * dataset.frequency.sel(network=name).transpose("machine", "pattern")
        for number, row in enumerate(values.to_numpy()):
            label = name if number == 0 else None
            left.plot(numbers + 0.2 * (place - 1), row, "o", color=colour, label=label)
    left.set_xticks(numbers)
    left.set_xlabel("SDR")
    left.set_ylabel("steps at which it was read (%)")
    left.set_title("one point per network", fontsize="medium")
    left.legend(frameon=False)
    _draw_trace(right, dataset)
    return figure


def _draw_trace(axes: Axes, dataset: xr.Dataset) -> None:
    n_patterns = dataset.sizes["pattern"]
    for name, shift in (("stochastic", 0.0), ("deterministic", 0.12)):
        trace = dataset.trace.isel(machine=0).sel(running=name).to_numpy()
        axes.step(np.arange(trace.size), trace + 1 + shift, color=COLOURS[name], label=name)
    ticks = [str(number) for number in range(1, n_patterns + 1)]
    axes.set_yticks(range(1, n_patterns + 2), [*ticks, "none"])
    axes.set_ylim(0.5, n_patterns + 2)
    axes.set_xlabel("step of free running")
    axes.set_ylabel("SDR that is read")
    axes.set_title("one chain of the first network", fontsize="medium")
    axes.legend(frameon=False, ncols=2, loc="upper right")


def draw_pruning(dataset: xr.Dataset) -> Figure:
    """Draw test accuracies before pruning, after it, and after relearning."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    stages = [str(stage) for stage in dataset.stage.to_numpy()]
    places = np.arange(len(stages))
    for row in 100 * dataset.accuracy.transpose("split", "stage").to_numpy():
        axes.plot(places, row, "o-", color=COLOURS["stochastic"], alpha=0.5, linewidth=0.8)
    mean = 100 * dataset.accuracy.mean("split").to_numpy()
    axes.hlines(mean, places - 0.2, places + 0.2, color="black", label="mean of the splits")
    for place, value in zip(places, mean, strict=True):
        axes.annotate(f"{value:.1f} %", (place + 0.22, value), va="center")
    axes.set_xticks(places, stages)
    axes.set_xlim(-0.4, len(stages) - 0.4)
    axes.set_ylabel("test accuracy (%)")
    axes.set_title("scikit-learn's digits, half for training", fontsize="medium")
    axes.legend(frameon=False, loc="lower left")
    return figure

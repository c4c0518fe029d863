"""Figures of `permanence_rules`: capacity, stationary state, saturation, storage and cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray

GREY = "#6b7178"
ORANGE, BLUE = "#E69F00", "#0072B2"


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return every figure that the dataset holds enough for."""
    figures = {}
    if "mean_permanence" in dataset:
        figures["capacity"] = draw_capacity(dataset)
    if "settled_mean" in dataset:
        figures["stationary"] = draw_stationary(dataset)
    if "interior" in dataset:
        figures["saturation"] = draw_saturation(dataset)
    if "stored_mean" in dataset:
        figures["storage"] = draw_storage(dataset)
    if "cpu_time" in dataset:
        figures["cost"] = draw_cost(dataset)
    return figures


def draw_capacity(dataset: xr.Dataset) -> Figure:
    """Draw mean permanences, and the patterns recognised, against the number of patterns."""
    figure = Figure(figsize=(10, 6.8), layout="constrained")
    grid = figure.subplots(2, 2, sharex=True)
    kinds = (("counter", "decrement / increment"), ("average", "incidence rate"))
    for column, (kind, meaning) in enumerate(kinds):
        names = [name for name in dataset.rule.to_numpy().tolist() if name.startswith(kind)]
        for name, colour in zip(names, _colours(len(names)), strict=True):
            one = dataset.sel(rule=name)
            label = name.removeprefix(kind).strip()
            mean, recognised = grid[:, column]
            mean.plot(dataset.patterns, one.mean_permanence.sel(order="in turn"), color=colour)
            mean.axhline(float(one.threshold), color=colour, linestyle=":")
            for order, style in (("in turn", "-"), ("at random", "--")):
                share = one.recognised.sel(order=order)
                recognised.plot(dataset.patterns, share, style, color=colour)
            recognised.plot([], [], color=colour, label=label)
        recognised.plot([], [], "--", color=GREY, label="patterns at random")
        mean.plot([], [], ":", color=GREY, label="threshold")
        mean.set_title("up/down counters" if kind == "counter" else "moving averages (all alike)")
        mean.legend()
        recognised.legend(title=meaning)
        recognised.set_xlabel("patterns, one synapse each")
        recognised.set_xticks(np.arange(1, int(dataset.patterns[-1]) + 1, 2))
    grid[0, 0].set_ylabel("mean permanence, patterns in turn")
    grid[1, 0].set_ylabel("share of patterns recognised when shown")
    return figure


def draw_stationary(dataset: xr.Dataset) -> Figure:
    """Draw means and spreads of settled moving averages, with their formulas."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    mean, spread = figure.subplots(1, 2)
    mean.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="rate of the input")
    rates = np.linspace(0, 1, 101)
    periods = dataset.learning_period.to_numpy()
    for period, colour in zip(periods, _colours(len(periods)), strict=True):
        one = dataset.sel(learning_period=period)
        label = f"learning period {period:g}"
        mean.plot(dataset.rate, one.settled_mean, "o", color=colour, fillstyle="none", label=label)
        spread.plot(dataset.rate, one.settled_spread, "o", color=colour, label=label)
        alpha = -np.expm1(-1 / period)
        formula = np.sqrt(rates * (1 - rates) * alpha / (2 - alpha))
        spread.plot(rates, formula, color=colour, linewidth=0.9)
    spread.plot([], [], color=GREY, label="√(q (1 − q) α / (2 − α))")
    mean.set_ylabel("mean permanence")
    spread.set_ylabel("standard deviation of the permanence")
    spread.set_ylim(0, 0.22)
    for axes in (mean, spread):
        axes.set_xlabel("rate q of the presynaptic input")
        axes.legend(loc="upper left")
    return figure


def draw_saturation(dataset: xr.Dataset) -> Figure:
    """Draw the share of permanences between the ends against the rate of the input."""
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    names = dataset.any_rule.to_numpy().tolist()
    for name, colour in zip(names, [BLUE, *_colours(len(names) - 1)], strict=True):
        curve = dataset.interior.sel(any_rule=name)
        label = f"{name}: {100 * float(curve.mean()):.0f} % over all rates"
        width = 2.5 if name == names[0] else 1.2
        axes.plot(dataset.input_rate, 100 * curve, color=colour, linewidth=width, label=label)
    axes.set_xlabel("rate of the presynaptic input")
    axes.set_ylabel("permanences between 0.05 and 0.95 (%)")
    axes.set_title("How many permanences are neither 0 nor 1 (counter: decrement / increment)")
    axes.set_ylim(0, 105)
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def draw_storage(dataset: xr.Dataset) -> Figure:
    """Draw what few bits make of the mean permanence, with both kinds of rounding."""
    figure = Figure(figsize=(10, 6.4), layout="constrained")
    periods = dataset.learning_period.to_numpy()
    grid = figure.subplots(2, len(periods), sharex=True, sharey=True, squeeze=False)
    bits = dataset.bits.to_numpy()
    for row, rounding in zip(grid, ("nearest", "stochastic"), strict=True):
        for axes, period in zip(row, periods, strict=True):
            axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=0.9)
            one = dataset.sel(rounding=rounding, learning_period=period)
            for number, colour in zip(bits, _colours(len(bits)), strict=True):
                label = "float32" if number == 32 else f"{number} bits"
                frozen = float(one.frozen.sel(bits=number).mean()) > 0.99
                axes.plot(
                    dataset.rate,
                    one.stored_mean.sel(bits=number),
                    marker="x" if frozen else "o",
                    color=colour,
                    label=label,
                )
            axes.set_title(f"rounding: {rounding}\nlearning period {period:g}", fontsize="medium")
    grid[1, 0].plot([], [], "x", color=GREY, label="frozen")
    grid[1, 0].plot([], [], "--", color=GREY, label="rate of the input")
    for axes in grid[-1]:
        axes.set_xlabel("rate of the presynaptic input")
    for axes in grid[:, 0]:
        axes.set_ylabel("mean permanence")
    figure.legend(*grid[1, 0].get_legend_handles_labels(), loc="outside right center")
    return figure


def draw_cost(dataset: xr.Dataset) -> Figure:
    """Draw the CPU time of every repeat, and the shortest."""
    figure = Figure(figsize=(8, 3.8), layout="constrained")
    for axes, work in zip(figure.subplots(1, 2), dataset.work.to_numpy(), strict=True):
        times = 1000 * dataset.cpu_time.sel(work=work)
        for place, colour in enumerate((ORANGE, BLUE)):
            one = times[place].to_numpy()
            axes.plot(place + np.linspace(-0.15, 0.15, one.size), one, "o", color=colour, alpha=0.6)
            axes.hlines(one.min(), place - 0.3, place + 0.3, color=colour)
        ratio = float(times[1].min() / times[0].min())
        axes.set_title(f"{work}: average / counter = {ratio:.2f}", fontsize="medium")
        axes.set_xticks([0, 1], dataset.timed_rule.to_numpy().tolist())
        axes.set_xlim(-0.5, 1.5)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("CPU time of a repeat (ms; line: shortest)")
    return figure


def _colours(n: int) -> NDArray[Any]:
    return colormaps["viridis"](np.linspace(0, 0.9, n))

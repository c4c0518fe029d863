"""Figure of `release_statistics`: quanta, variation, short-term plasticity, potentials."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import binom

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
LABELS = {
    "thalamocortical": "thalamus to layer 4",
    "layer4_pair": "layer 4 pair",
    "layer6_to_layer4": "layer 6 to layer 4",
    "layer23_pair": "layer 2/3 pair",
    "layer5_pair": "layer 5 pair",
}
CLOSED = "#6b7178"


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its end."""
    if "share" not in dataset:
        return {}
    figure = Figure(figsize=(13, 7.5), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    draw_quanta(axes[0], dataset)
    draw_train(axes[1], dataset)
    draw_variation(axes[2], dataset)
    draw_failures(axes[3], dataset)
    draw_rates(axes[4], dataset)
    draw_potentials(axes[5], dataset)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=6, frameon=False)
    return {"release_statistics": figure}


def _each(dataset: xr.Dataset) -> list[tuple[xr.Dataset, str, str]]:
    presets = dataset.preset.to_numpy()
    return [
        (dataset.sel(preset=preset), LABELS.get(preset, preset), colour)
        for preset, colour in zip(presets, COLOURS, strict=False)
    ]


def draw_quanta(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw how many quanta the first spike releases."""
    for number, (here, label, colour) in enumerate(_each(dataset)):
        sites = int(here.sites)
        k = np.arange(sites + 1)
        probability = float(here.exact_mean[0]) / sites
        axes.plot(
            k,
            binom.pmf(k, sites, probability),
            color=CLOSED,
            linewidth=1,
            label="closed form" if number == 4 else None,
        )
        axes.plot(k, here.share[0, : sites + 1], ".", color=colour, markersize=7, label=label)
    axes.set(xlabel="quanta released by the first spike", ylabel="share of spikes")


def draw_train(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the trial average along the train."""
    for here, _, colour in _each(dataset):
        scale = float(here.exact_mean[0])
        axes.plot(here.spike, here.exact_mean / scale, color=CLOSED, linewidth=1)
        axes.plot(here.spike, here["mean"] / scale, ".", color=colour, markersize=7)
    axes.axhline(1, color=CLOSED, linewidth=0.6, linestyle=":")
    axes.set(xlabel="time of spike (ms)", ylabel="mean amplitude (of the first)", ylim=(0, None))


def draw_variation(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw measured against exact coefficients of variation."""
    for here, _, colour in _each(dataset):
        axes.plot(here.exact_cv, here.cv, ".", color=colour, markersize=6)
        axes.plot(here.exact_cv[0], here.cv[0], "o", color=colour, markersize=10, mfc="none")
    ends = (float(dataset.exact_cv.min()) * 0.9, float(dataset.exact_cv.max()) * 1.1)
    axes.plot(ends, ends, color=CLOSED, linewidth=1, zorder=0)
    axes.set(
        xlabel="coefficient of variation, closed form",
        ylabel="measured (ring: first spike)",
        xscale="log",
        yscale="log",
    )


def draw_failures(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw measured against exact failure rates, those that can be measured."""
    n = dataset.attrs["connections"]
    for here, _, colour in _each(dataset):
        measurable = here.exact_failures > 5 / n
        exact = here.exact_failures.where(measurable)
        error = np.sqrt(exact * (1 - exact) / n)
        axes.errorbar(exact, here.failures, yerr=error, fmt=".", color=colour, markersize=6)
    ends = (5 / n, 1)
    axes.plot(ends, ends, color=CLOSED, linewidth=1, zorder=0)
    axes.set(
        xlabel="failure rate, closed form",
        ylabel="measured (bar: standard error)",
        xscale="log",
        yscale="log",
    )


def draw_rates(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the late amplitude over the first against the rate."""
    for name, colour in (("depressing", "#0072B2"), ("facilitating", "#D55E00")):
        rate = dataset[f"{name}_rate"]
        axes.plot(rate, dataset[f"exact_{name}"], color=CLOSED, linewidth=1)
        axes.plot(rate, dataset[name], "o", color=colour, markersize=5, label=name)
    axes.set(
        xlabel="rate (spikes/s)",
        ylabel="late amplitude (of the first)",
        xscale="log",
        yscale="log",
    )
    axes.legend(frameon=False, loc="lower left")


def draw_potentials(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the potential that one quantum makes."""
    for here, _, colour in _each(dataset):
        axes.plot(dataset.time, here.potential / here.quantal_size, color=colour, linewidth=1.5)
    for spacing, words in ((12.5, "next spike\nat 80 Hz"), (25, "next spike\nat 40 Hz")):
        axes.axvline(spacing, color=CLOSED, linewidth=0.6, linestyle=":")
        axes.annotate(
            words,
            (spacing, 0.99),
            xytext=(2, 0),
            textcoords="offset points",
            color=CLOSED,
            fontsize=8,
            va="top",
        )
    axes.set(xlabel="time (ms)", ylabel="potential (of its peak)", xlim=(0, 60), ylim=(0, None))

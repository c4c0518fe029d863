"""Figures of `scalar_vs_binary`: AUC and the lead of precision by sparsity; the lead by load."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

GREY = "#6b7178"
# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
SCHEMES = {
    "binary": ("#0072B2", "-", "binary"),
    "sigmoid": ("#009E73", "-", "graded (sigmoid)"),
    "continuous": ("#D55E00", "-", "continuous"),
    "inhibited binary": ("#0072B2", ":", "binary, with inhibition"),
    "segments": ("#CC79A7", "--", "one binary segment per SDR"),
    "fixed rate": (GREY, "--", "binary, threshold not adapted"),
}
LEADS = {
    "recognition_gain": ("#D55E00", "o", "recognition"),
    "prediction_gain": ("#E69F00", "s", "sequence prediction"),
    "inhibited_gain": ("#0072B2", "v", "recognition, over binary with inhibition"),
    "corrected_gain": (GREY, "^", "recognition, both error-corrected"),
}


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figures; none of a partial run."""
    if "recognition_gain" not in dataset:
        return {}
    return {"sparsity": draw_sparsity(dataset), "load": draw_load(dataset)}


def draw_sparsity(dataset: xr.Dataset) -> Figure:
    """Draw AUC of recognition and the leads, with 95 % intervals, against sparsity."""
    figure = Figure(figsize=(12, 7.2), layout="constrained")
    grid = figure.subplots(2, 2, sharex=True, sharey="row")
    for column, name in enumerate(dataset.reliability.to_numpy()):
        one = dataset.sel(reliability=name, load=1.0)
        upper, lower = grid[:, column]
        for scheme, (colour, style, label) in SCHEMES.items():
            mean = one.recognition.sel(scheme=scheme).mean("seed")
            upper.plot(100 * one.sparsity, mean, style, color=colour, marker=".", label=label)
        upper.axhline(0.5, color=GREY, linewidth=0.7)
        upper.set_title(f"{name} synapses")
        for place, (variable, (colour, marker, label)) in enumerate(LEADS.items()):
            # Side by side, so that error bars can be told apart.
            x = 100 * one.sparsity * (1 + 0.04 * (place - 1.5))
            lower.errorbar(
                x, one[variable], one[f"{variable}_interval"], color=colour, marker=marker,
                markersize=4, linewidth=1, capsize=2, label=label,
            )  # fmt: skip
        _targets(lower, dataset)
    grid[0, 0].set_ylabel("AUC of recognition")
    grid[1, 0].set_ylabel("lead of continuous over binary weights (AUC)")
    for axes in grid[:, 1]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, frameon=False)
    for axes in grid[1]:
        axes.set_xlabel("bits on (%)")
    n_seeds = dataset.sizes["seed"]
    figure.suptitle(f"Load 1; means of {n_seeds} stores, bars are 95 % intervals (t)")
    return figure


def _targets(axes: Axes, dataset: xr.Dataset) -> None:
    axes.axhline(0, color=GREY, linewidth=0.7)
    for level in (0.02, 0.05):
        axes.axhline(level, color=GREY, linestyle="--", linewidth=0.8)
    axes.set_xscale("log")
    percent = 100 * dataset.sparsity.to_numpy()
    axes.set_xticks(percent, [f"{value:g}" for value in percent])
    axes.minorticks_off()


def draw_load(dataset: xr.Dataset) -> Figure:
    """Draw the lead of continuous weights by sparsity and load."""
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    lead = dataset.recognition_gain
    top = float(np.ceil(100 * lead.max()) / 100)
    both = figure.subplots(1, 2, sharey=True)
    for axes, name in zip(both, dataset.reliability.to_numpy(), strict=True):
        values = lead.sel(reliability=name).transpose("load", "sparsity").to_numpy()
        axes.imshow(values, origin="lower", aspect="auto", cmap="cividis", vmin=0, vmax=top)
        for (row, column), value in np.ndenumerate(values):
            colour = "white" if value < 0.6 * top else "black"
            axes.text(column, row, f"{value:.3f}", color=colour, ha="center", va="center")
        axes.set_xticks(
            range(dataset.sizes["sparsity"]), [f"{100 * s:g}" for s in dataset.sparsity.to_numpy()]
        )
        axes.set_yticks(
            range(dataset.sizes["load"]), [f"{v:g}" for v in dataset["load"].to_numpy()]
        )
        axes.set_xlabel("bits on (%)")
        axes.set_title(f"{name} synapses")
    both[0].set_ylabel("stored transitions per cell")
    figure.colorbar(both[0].images[0], ax=both, label="lead of continuous weights (AUC)")
    return figure

"""Draws `pairing_data`: what was measured, what rules predict, and what was left out."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

COLOURS = {
    "calcium_based_cortex": "#0072B2",
    "triplet_stdp_cortex": "#E69F00",
    "triplet_stdp_pairings": "#D55E00",
}
"""Of the rules that are drawn."""


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure of the control experiments of layer-5 pairs."""
    own = dataset.isel(row=dataset.fitted.to_numpy())
    place = np.arange(own.sizes["row"])
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    axes.errorbar(place, own.measured, own.sem, fmt="ko", label="measured, SEM", markersize=4)
    for shift, (model, colour) in enumerate(COLOURS.items(), 1):
        ratio = own.ratio.sel(model=model)
        axes.plot(place + 0.13 * shift, ratio, "s", color=colour, markersize=4, label=model)
    left_out = dataset.prediction_left_out.sel(fitted_row=own.row.to_numpy())
    axes.plot(place - 0.15, left_out, "x", color="#009E73", label="its paper left out")
    for pulse, mark in (("short", "+"), ("long", "2")) if "fired_ratio" in dataset else ():
        fired = dataset.fired_ratio.sel(
            pulse=pulse, compared="triplet_stdp_pairings", fitted_row=own.row.to_numpy()
        )
        axes.plot(place + 0.39, fired, mark, color="0.2", label=f"a cell's spikes, {pulse} pulses")
    axes.axhline(1, color="0.5", linewidth=0.6, linestyle=":")
    axes.set_xticks(place, own.row.to_numpy().tolist(), rotation=60)
    axes.set(ylabel="strength after over before")
    axes.legend(frameon=False, fontsize=8)
    found = {"pairing_data": figure}
    return found | ({"places": _places(dataset)} if "tree_ratio" in dataset else {})


def _places(dataset: xr.Dataset) -> Figure:
    """Return the rule of the potential at places of a tree: what reaches them, what it makes."""
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    swing, ratio = figure.subplots(1, 2)
    rows = {
        "ltz06_01": "one spike after",
        "ltz06_02": "burst after, near",
        "ltz06_03": "burst after, far",
        "ltz06_04": "burst before, near",
    }
    place = np.arange(len(rows))
    own = dataset.sel(tree_row=list(rows))
    for shift, site in enumerate(own.site.to_numpy().tolist()):
        colour = list(COLOURS.values())[shift]
        one = own.sel(site=site)
        swing.plot(place + 0.15 * shift, one.tree_peak, "s", color=colour, label=site)
        ratio.plot(place + 0.15 * shift, one.tree_ratio, "s", color=colour, label=site)
    ratio.errorbar(
        place - 0.15, own.tree_measured, own.tree_sem, fmt="ko", label="measured, SEM", markersize=4
    )
    ratio.set_yscale("log")
    ratio.axhline(1, color="0.5", linewidth=0.6, linestyle=":")
    ratio.set(ylabel="strength after over before")
    swing.set(ylabel="swing of the potential (mV)", ylim=(0, None))
    for axes in (swing, ratio):
        axes.set_xticks(place, list(rows.values()), rotation=20)
    ratio.legend(frameon=False, fontsize=8)
    return figure

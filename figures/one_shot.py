"""Figure of `one_shot`: recall and false positives against pairs, bits, noise and delay."""

from __future__ import annotations

from textwrap import fill

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
CELLS, BEST, OTHER, GREY = "#D55E00", "#0072B2", "#009E73", "#6b7178"


def band(axes: Axes, values: xr.DataArray, along: str, colour: str, label: str) -> None:
    """Draw a mean over seeds, and from the least to the most of them."""
    x = values[along]
    axes.plot(x, values.mean("seed"), "o-", color=colour, markersize=3, label=label)
    axes.fill_between(x, values.min("seed"), values.max("seed"), color=colour, alpha=0.2, lw=0)


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure."""
    figure = Figure(figsize=(13, 7), layout="constrained")
    (recall, wrong, bits), (noise, delay, controls) = figure.subplots(2, 3)
    known = dataset.known_hits / dataset.known_targets
    band(recall, dataset.best_recall, "reader_pairs", BEST, "best reader, 0.1 % false")
    band(recall, known, "pairs", CELLS, "cells")  # on top, where both recall all
    recall.axhline(0.95, color=GREY, linewidth=0.8)
    recall.set(xlabel="stored pairs", ylabel="recall at the run's noise", ylim=(0, 1.02))
    share = dataset.unseen_wrong / dataset.unseen_others
    band(wrong, share + 1e-6, "pairs", CELLS, "unseen SDRs")
    inside = dataset.known_wrong / dataset.known_others
    band(wrong, inside + 1e-6, "pairs", OTHER, "noisy cues, other cells")
    wrong.axhline(1e-3, color=GREY, linewidth=0.8)
    wrong.set(xlabel="stored pairs", ylabel="share of cells that answer", yscale="log")
    for name, colour, label in (
        ("told", CELLS, "told by cells"),
        ("most_told", BEST, "told by the best reader"),
        ("entropy", GREY, "entropy of the levels"),
    ):
        band(bits, dataset[f"{name}_bits"], "pairs", colour, label)
    bits.set(xlabel="stored pairs", ylabel="bits a synapse")
    band(noise, dataset.noisy_recall, "noise", CELLS, "cells")
    noise.set(xlabel="share of moved bits", ylabel="recall", ylim=(0, 1.02))
    band(delay, dataset.delayed_recall, "delay", CELLS, "cells")
    delay.set(xlabel="from volley to plateau (s)", ylabel="recall", ylim=(0, 1.02))
    shares = (dataset.control_hits / dataset.control_targets).mean("seed")
    places = range(len(shares))
    controls.barh(places, shares, color=[CELLS] + [GREY] * (len(shares) - 1))
    controls.set_yticks(places, [fill(str(name), 18) for name in dataset.showing.to_numpy()])
    controls.invert_yaxis()
    controls.set(xlabel="recall", xlim=(0, 1.02))
    for axes in (recall, wrong, bits):
        axes.legend(fontsize="small")
    return {"one_shot": figure}

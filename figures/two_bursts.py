"""Figure of `two_bursts`: one element, bursts by prediction and feedback, and two readings."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from htm_brian.protocols.two_bursts.checks import burst_shares, readings

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
PLAIN, FEEDBACK, GREY = "#0072B2", "#D55E00", "#6b7178"


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its measurement."""
    if "spike_row" not in dataset:
        return {}
    figure = Figure(figsize=(13, 7.6), layout="constrained")
    upper, lower = figure.subfigures(2, 1, squeeze=False)[:, 0]
    above, below = upper.subplots(1, 4), lower.subplots(1, 4, width_ratios=(1.25, 1.25, 1, 1))
    first = dataset.isel(setting=0)
    draw_raster(above[0], dataset)
    draw_potentials(above[1], dataset)
    shares = burst_shares(first)
    draw_shares(above[2], shares.column, "share of columns that burst")
    draw_shares(above[3], shares.cell, "share of events that are bursts")
    above[2].legend(frameon=False, fontsize="small", loc="upper right")
    read = readings(first)
    draw_reading(below[0], read, "surprise", "unpredicted", "feedback_share")
    below[0].set(xlabel="share of columns unpredicted", ylabel="share of columns that burst")
    draw_reading(below[1], read, "agreement", "feedback_share", "unpredicted")
    below[1].set(xlabel="share of columns with feedback", ylabel="share of bursts, all events")
    draw_settings(below[2], dataset, "column", "share of columns that burst")
    draw_settings(below[3], dataset, "cell", "share of bursts")
    below[3].set_ylabel("")
    below[3].tick_params(labelleft=False)
    below[3].legend(frameon=False, fontsize="small", loc="center right")
    return {"two_bursts": figure}


def draw_raster(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw all spikes of the driven columns of one element; predicted columns are above."""
    rows = dataset.spike_row.to_numpy()
    with_feedback = dataset.row_with_feedback.to_numpy().astype(bool)
    predicted = dataset.row_predicted.to_numpy().astype(bool)
    for feedback, colour in ((False, PLAIN), (True, FEEDBACK)):
        its = with_feedback[rows] == feedback
        axes.plot(dataset.spike_time.to_numpy()[its], rows[its], "|", color=colour, ms=3.5, mew=1.3)
    kinds = 2 * predicted + with_feedback
    ends = np.flatnonzero(np.diff(kinds)) + 0.5
    for end in ends:
        axes.axhline(end, color=GREY, linewidth=0.6)
    bounds = [-0.5, *ends, len(kinds) - 0.5]
    middles = [(low + high) / 2 for low, high in pairwise(bounds)]
    names = [
        ("predicted" if predicted[round(m)] else "unpredicted")
        + (",\nfeedback" if with_feedback[round(m)] else "")
        for m in middles
    ]
    axes.set_yticks(middles, names, fontsize="small")
    axes.set(
        xlabel="time since the volley (ms)",
        xlim=(0, float(dataset.attrs["period"])),
        ylim=(len(kinds) - 0.5, -0.5),
        title="cells of one element's columns",
    )


def draw_potentials(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw soma and nexus of the predicted cells of one element."""
    feedback = dataset.shown_with_feedback.to_numpy().astype(bool)
    for cell in np.argsort(feedback):
        colour = FEEDBACK if feedback[cell] else PLAIN
        one = dataset.isel(cell_shown=cell)
        axes.plot(dataset.time, one.nexus_shown, color=colour, linewidth=1.4)
        axes.plot(dataset.time, one.soma_shown, color=colour, linewidth=0.5, linestyle="--")
    lines = [
        Line2D([], [], color=GREY, linewidth=1.4, label="nexus"),
        Line2D([], [], color=GREY, linewidth=0.5, linestyle="--", label="soma"),
        Line2D([], [], color=PLAIN, label="no feedback"),
        Line2D([], [], color=FEEDBACK, label="feedback"),
    ]
    axes.legend(handles=lines, frameon=False, fontsize="small", loc="upper right")
    axes.set(
        xlabel="time since the volley (ms)",
        ylabel="mV",
        xlim=(float(dataset.time[0]), float(dataset.attrs["period"])),
        title="its predicted cells",
    )


def draw_shares(axes: Axes, shares: xr.DataArray, label: str) -> None:
    """Draw a share by prediction and feedback, for every network and their mean."""
    for shift, feedback, colour in ((-0.19, False, PLAIN), (0.19, True, FEEDBACK)):
        for place, predicted in enumerate((False, True)):
            values = shares.sel(predicted=predicted, feedback=feedback).to_numpy()
            axes.bar(place + shift, values.mean(), 0.36, color=colour, alpha=0.7)
            across = place + shift + np.linspace(-0.1, 0.1, len(values))
            axes.plot(across, values, ".", color="black", ms=3)
        axes.plot([], [], "s", color=colour, label="feedback" if feedback else "no feedback")
    axes.set_xticks([0, 1], ["unpredicted", "predicted"])
    axes.set(ylim=(0, 1.05), ylabel=label)


def draw_reading(axes: Axes, read: xr.Dataset, name: str, told: str, other: str) -> None:
    """Draw what is read of each element against what it should tell; colour is the other share."""
    rng = np.random.default_rng(0)
    x = read[told].to_numpy().ravel()
    points = axes.scatter(
        x + 0.02 * rng.standard_normal(len(x)),
        read[name].to_numpy().ravel(),
        c=read[other].to_numpy().ravel(),
        s=10,
        cmap="viridis",
        alpha=0.8,
    )
    said = {"feedback_share": "share with feedback", "unpredicted": "share unpredicted"}[other]
    axes.figure.colorbar(points, ax=axes, label=said)
    axes.set_ylim(-0.03, 1.03)


def draw_settings(axes: Axes, dataset: xr.Dataset, name: str, label: str) -> None:
    """Draw a share in every setting."""
    names = [str(each) for each in dataset.setting.to_numpy()]
    shares = xr.concat(
        [burst_shares(dataset.isel(setting=k))[name] for k in range(len(names))], "setting"
    )
    for predicted, marker in ((True, "o"), (False, "s")):
        for feedback, colour in ((False, PLAIN), (True, FEEDBACK)):
            values = shares.sel(predicted=predicted, feedback=feedback).mean("network")
            said = ("predicted" if predicted else "unpredicted") + (
                ", feedback" if feedback else ""
            )
            axes.plot(
                values,
                range(len(names)),
                marker,
                color=colour,
                label=said,
                mfc=colour if predicted else "white",
            )
    axes.set_yticks(range(len(names)), [each.replace(", ", ",\n") for each in names])
    axes.tick_params(axis="y", labelsize="small")
    axes.invert_yaxis()
    axes.set(xlim=(-0.05, 1.05), xlabel=label, ylabel="feedback")

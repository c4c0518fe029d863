"""Figure of `firing_rate`: rate against current, and how the intervals grow during a step."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

MEASURED, EXACT, REFERENCE = "#0072B2", "#6b7178", "#D55E00"
N_STEPS_SHOWN = 4


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its measurement."""
    if "rate" not in dataset:
        return {}
    figure = Figure(figsize=(9.5, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_curve(left, dataset)
    draw_intervals(right, dataset)
    return {"firing_rate": figure}


def draw_curve(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw rate against current."""
    axes.plot(
        dataset.current, dataset.exact_rate, color=EXACT, linewidth=3, alpha=0.5, label="exact"
    )
    axes.plot(
        dataset.current,
        dataset.rate,
        color=MEASURED,
        linestyle="none",
        marker="o",
        markersize=3.5,
        label=f"{dataset.attrs['model']} in Brian2",
    )
    axes.plot(
        dataset.hay_current,
        dataset.hay_rate,
        color=REFERENCE,
        marker="s",
        linestyle=":",
        linewidth=1,
        label="Hay et al. 2011, detailed cell",
    )
    rheobase = float(dataset.rheobase)
    axes.axvline(rheobase, color=EXACT, linewidth=0.8, linestyle="--")
    axes.annotate(
        f"rheobase\n{rheobase:.3f} nA",
        (rheobase, 0.5),
        xycoords=("data", "axes fraction"),
        xytext=(-4, 0),
        textcoords="offset points",
        ha="right",
        color=EXACT,
        fontsize=8,
    )
    axes.set(xlabel="injected current (nA)", ylabel="firing rate (spikes/s)", xlim=(0, None))
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="upper left")


def draw_intervals(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the interspike intervals during a step, for some of the currents that fire the cell."""
    firing = np.flatnonzero(dataset.rate > 2 / 0.5)
    if firing.size == 0:
        axes.text(0.5, 0.5, "no current fired the cell", transform=axes.transAxes, ha="center")
        return
    shown = np.unique(firing[np.linspace(0, firing.size - 1, N_STEPS_SHOWN).astype(int)])
    colours = colormaps["viridis"](np.linspace(0.85, 0.1, len(shown)))
    for current, colour in zip(shown, colours, strict=True):
        times = dataset.spike_time.isel(current=current).to_numpy()
        exact = dataset.exact_spike_time.isel(current=current).to_numpy()
        axes.plot(exact[1:] / 1e3, np.diff(exact), color=EXACT, linewidth=3, alpha=0.4)
        axes.plot(
            times[1:] / 1e3,
            np.diff(times),
            color=colour,
            marker=".",
            markersize=4,
            linewidth=0.8,
            label=f"{float(dataset.current[current]):.3f} nA",
        )
    axes.set(
        xlabel="time since the step's onset (s)",
        ylabel="interspike interval (ms)",
        yscale="log",
    )
    ticks = [10, 20, 50, 100]
    axes.set_yticks(ticks, labels=[str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.legend(frameon=False, ncols=2, loc="upper right")

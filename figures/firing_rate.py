"""Figures of `firing_rate`: current steps at both levels, and presynaptic rates."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = {1: "#0072B2", 2: "#009E73"}
EXACT, REFERENCE = "#6b7178", "#D55E00"
SYNAPSE_COLOURS = ("#009E73", "#CC79A7", "#0072B2")
WINDOW_COLOURS = ("#CC79A7", "#56B4E9", "#009E73")
N_STEPS_SHOWN = 4


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figures; none where the run was stopped before its end."""
    if "rate" not in dataset:
        return {}
    steps = Figure(figsize=(11, 7.6), layout="constrained")
    (curve, intervals), (latency, during) = steps.subplots(2, 2)
    draw_curve(curve, dataset)
    draw_ends(intervals, dataset)
    draw_latency(latency, dataset)
    draw_intervals(during, dataset)
    rates = Figure(figsize=(13, 4.2), layout="constrained")
    single, trains, detection = rates.subplots(1, 3)
    draw_potentials(single, dataset)
    draw_summation(trains, dataset)
    draw_detection(detection, dataset)
    return {"current_steps": steps, "presynaptic_rate": rates}


def _name(dataset: xr.Dataset, level: int) -> str:
    return f"level {level}, {dataset.attrs['model' if level == 1 else 'detailed_model']}"


def _draw_levels(axes: Axes, dataset: xr.Dataset, variable: str) -> None:
    """Draw a variable of both levels against current, and the exact solution of level 1."""
    axes.plot(
        dataset.current,
        dataset[f"exact_{variable}"],
        color=EXACT,
        linewidth=3,
        alpha=0.5,
        label="level 1, exact solution",
    )
    for level, colour in COLOURS.items():
        axes.plot(
            dataset.current,
            dataset[variable].sel(level=level),
            color=colour,
            linestyle="none",
            marker="o",
            markersize=3.5,
            label=_name(dataset, level),
        )


def draw_curve(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw rate against current."""
    _draw_levels(axes, dataset, "rate")
    for level, colour in COLOURS.items():
        axes.axvline(
            float(dataset.rheobase.sel(level=level)), color=colour, linewidth=0.8, linestyle="--"
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
    axes.set(
        xlabel="injected current (nA)",
        ylabel="firing rate (spikes/s)",
        title="rate in a step; dashed: rheobase",
        xlim=(0, None),
    )
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="upper left", fontsize=8)


def draw_ends(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the first and the last interval of each step."""
    for level, colour in COLOURS.items():
        intervals = dataset.spike_time.sel(level=level).diff("spike")
        n = intervals.notnull().sum("spike")
        last = intervals.isel(spike=(n - 1).clip(min=0)).where(n >= 2)
        first = intervals.isel(spike=0).where(n >= 2)
        axes.plot(dataset.current, last, color=colour, label=f"level {level}, last")
        axes.plot(
            dataset.current, first, color=colour, linestyle="--", label=f"level {level}, first"
        )
    for row, (marker, words) in enumerate((("v", "first"), ("s", "last"))):
        axes.plot(
            dataset.hay_interval_current,
            dataset.hay_interval.isel(end=row),
            color=REFERENCE,
            linestyle="none",
            marker=marker,
            markersize=5,
            label=f"Hay et al. 2011, {words}",
        )
    axes.set(
        xlabel="injected current (nA)",
        ylabel="interspike interval (ms)",
        title="first and last interval of a step",
        yscale="log",
    )
    axes.set_ylim(top=1500)
    _plain_ticks(axes, [2, 5, 10, 20, 50, 100, 200])
    axes.legend(frameon=False, loc="upper right", ncols=3, fontsize=8)


def draw_latency(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw when the first spike comes."""
    _draw_levels(axes, dataset, "latency")
    axes.set(
        xlabel="injected current (nA)",
        ylabel="first-spike latency (ms)",
        title="the first spike",
    )
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8)


def draw_intervals(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the intervals during a step of level 2, for some of the currents that fire the cell."""
    cell = dataset.sel(level=2)
    firing = np.flatnonzero(cell.spike_time.notnull().sum("spike") > 2)
    if firing.size == 0:
        axes.text(0.5, 0.5, "no current fired the cell", transform=axes.transAxes, ha="center")
        return
    shown = np.unique(firing[np.linspace(0, firing.size - 1, N_STEPS_SHOWN).astype(int)])
    colours = colormaps["viridis"](np.linspace(0.85, 0.1, len(shown)))
    for current, colour in zip(shown, colours, strict=True):
        times = cell.spike_time.isel(current=current).to_numpy()
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
        title="level 2: intervals during a step",
        yscale="log",
    )
    _plain_ticks(axes, [2, 5, 10, 20, 50, 100, 200])
    axes.legend(frameon=False, ncols=2, loc="lower right", fontsize=8)


def _plain_ticks(axes: Axes, ticks: list[int]) -> None:
    low, high = axes.get_ylim()
    shown = [tick for tick in ticks if low <= tick <= high]
    axes.set_yticks(shown, labels=[str(tick) for tick in shown])
    axes.minorticks_off()


def draw_potentials(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw single potentials at the soma, over their peaks."""
    for synapse, colour in zip(dataset.synapse.to_numpy(), SYNAPSE_COLOURS, strict=True):
        here = dataset.sel(synapse=synapse)
        axes.plot(dataset.time, here.single / float(here.peak), color=colour, label=_label(synapse))
    places = ((25.0, "40 Hz", "left"), (12.5, "80 Hz", "left"), (10.0, "100 Hz", "right"))
    for after, words, side in places:
        axes.axvline(after, color=EXACT, linewidth=0.8, linestyle="--")
        axes.annotate(
            words,
            (after, 1.06),
            xytext=(2 if side == "left" else -2, 0),
            textcoords="offset points",
            rotation=90,
            ha=side,
            fontsize=8,
            color=EXACT,
        )
    axes.axhline(0.25, color=EXACT, linewidth=0.8, linestyle=":")
    axes.set(
        xlabel="time since the spike (ms)",
        ylabel="potential over its peak",
        title="one potential; dashed: the next spike",
        xlim=(-5, 100),
        ylim=(0, 1.25),
    )
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.legend(frameon=False, fontsize=8, loc="upper right")


def _label(synapse: str) -> str:
    return synapse if "level" in synapse else f"{synapse}, level 2"


def draw_summation(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw how far the potentials of a train sum."""
    for synapse, colour in zip(dataset.synapse.to_numpy(), SYNAPSE_COLOURS, strict=True):
        here = dataset.sel(synapse=synapse)
        axes.plot(
            dataset.train,
            here.late_over_first,
            color=colour,
            marker="o",
            linestyle="none",
            label=_label(synapse),
        )
        axes.plot(dataset.train, here.superposed, color=colour, linewidth=1)
        axes.plot(dataset.train, here.by_time_course, color=colour, linewidth=1, linestyle="--")
    axes.plot([], [], color=EXACT, linewidth=1, label="sum of single potentials")
    axes.plot([], [], color=EXACT, linewidth=1, linestyle="--", label="sum of fitted time courses")
    axes.set(
        xlabel="presynaptic rate (Hz)",
        ylabel="late over first peak",
        title="potentials of a train",
        yscale="log",
    )
    axes.set_ylim(top=60)
    _plain_ticks(axes, [1, 2, 5, 10])
    axes.set_xticks(dataset.train.to_numpy())
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def draw_detection(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw how often a branch sees enough synapses."""
    for window, colour in zip(dataset.window.to_numpy(), WINDOW_COLOURS, strict=True):
        here = dataset.sel(window=window)
        axes.plot(
            dataset.input_rate, here.detection, color=colour, label=f"{window:g} ms, closed form"
        )
        axes.plot(
            dataset.input_rate, here.detection_sampled, "o", color=colour, mfc="none", markersize=8
        )
        axes.plot(dataset.input_rate, here.detection_spiking, "x", color=colour, markersize=5)
    longest = dataset.isel(window=-1)
    axes.plot(
        dataset.input_rate,
        longest.detection_level_2,
        color=REFERENCE,
        marker="s",
        markersize=4,
        linestyle=":",
        label=f"{float(longest.window):g} ms, NMDA plateaus of level 2",
    )
    axes.plot([], [], "o", color=EXACT, mfc="none", markersize=8, label="sampled windows")
    axes.plot([], [], "x", color=EXACT, markersize=5, label="branches of level 1")
    a = dataset.attrs
    axes.set(
        xlabel="presynaptic rate (Hz), Poisson",
        ylabel="windows in which the branch responds",
        title=f"{a['threshold']} of {a['n_synapses']} synapses, p = {a['transmission']:g}",
        ylim=(-0.03, 1.03),
    )
    axes.legend(frameon=False, fontsize=7.5, loc="center right", bbox_to_anchor=(1, 0.42))

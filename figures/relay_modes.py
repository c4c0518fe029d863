"""Figure of `relay_modes`: a burst and a train, de-inactivation, bursts and rates by current."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BURST, TONIC, BLOCKED, GATE = "#D55E00", "#0072B2", "#6b7178", "#009E73"
SPIKE = 10.0
"""mV up to which a spike is drawn, which the model has as an event."""


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its measurement."""
    if "potential" not in dataset:
        return {}
    figure = Figure(figsize=(11.0, 7.0), layout="constrained")
    axes = figure.subplots(2, 2)
    draw_traces(axes[0, 0], dataset)
    draw_deinactivation(axes[0, 1], dataset)
    draw_bursts(axes[1, 0], dataset)
    draw_rates(axes[1, 1], dataset)
    return {"relay_modes": figure}


def draw_traces(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the same step's answer after hyperpolarisation, depolarised, and without T-current."""
    for example, colour in zip(dataset.example.to_numpy(), (BURST, TONIC, BLOCKED), strict=True):
        cell = dataset.sel(example=example)
        shown = cell.sel(time=slice(None, 250))
        axes.plot(shown.time, shown.potential, color=colour, linewidth=1.2, label=str(example))
        spikes = cell.spike_time.to_numpy()
        axes.vlines(spikes[spikes < 250], -45, SPIKE, color=colour, linewidth=0.9)
    axes.axvline(0, color="#b0b5ba", linewidth=0.8, linestyle=":")
    axes.set(
        xlabel="time since the step (ms)",
        ylabel="potential of the soma (mV)",
        title="the same step in both modes (spikes drawn in)",
        ylim=(-90, 45),
    )
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def draw_deinactivation(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the open share of the gate, and the spikes of the burst, by duration."""
    shown = dataset.sel(duration=slice(None, 500))
    axes.plot(shown.duration, shown.gate, color=GATE, marker=".", label="open share of the gate")
    axes.set(
        xlabel="hyperpolarised before the step for (ms)",
        ylabel="T-current's gate at the step (share open)",
        title="hyperpolarisation frees the T-current",
        ylim=(0, 1),
    )
    axes.yaxis.label.set_color(GATE)
    axes.axvline(100, color="#b0b5ba", linewidth=0.8, linestyle=":")
    right = axes.twinx()
    right.plot(shown.duration, shown.duration_size, color=BURST, marker="s", markersize=4)
    right.set(ylabel="spikes at intervals of 4 ms or less", ylim=(0, 8))
    right.yaxis.label.set_color(BURST)


def draw_bursts(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the size of the burst by the step's current, with and without T-current."""
    axes.axhspan(2, 6, color=BURST, alpha=0.1, linewidth=0, label="band of 2 to 6 spikes")
    axes.plot(dataset.step, dataset.step_size, color=BURST, marker="s", label="with T-current")
    axes.plot(
        dataset.step, dataset.blocked_size, color=BLOCKED, marker="o", label="without T-current"
    )
    axes.set(
        xlabel=f"step after {float(dataset.duration[-1]):g} ms of hyperpolarisation (pA)",
        ylabel="spikes at intervals of 4 ms or less",
        title="burst mode",
        ylim=(0, 8),
    )
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def draw_rates(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the tonic rate by the step's current, and the line through where it fires."""
    axes.plot(dataset.tonic_step, dataset.tonic_rate, "o", color=TONIC, label="depolarised cell")
    fires = dataset.tonic_rate.to_numpy() > 0
    if fires.sum() > 1:
        current, rate = dataset.tonic_step.to_numpy()[fires], dataset.tonic_rate.to_numpy()[fires]
        slope, offset = np.polyfit(current, rate, 1)
        axes.plot(
            current,
            slope * current + offset,
            color=BLOCKED,
            label=f"line, {1e3 * slope:.0f} Hz/nA, r = {np.corrcoef(current, rate)[0, 1]:.4f}",
        )
    axes.set(
        xlabel="step from the depolarised potential (pA)",
        ylabel="rate (Hz)",
        title="tonic mode",
    )
    axes.legend(frameon=False, fontsize=8, loc="upper left")

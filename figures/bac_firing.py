"""Figures of `bac_firing`: traces; threshold, window, trains, after-hyperpolarisation."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SOMA, NEXUS = "#0072B2", "#D55E00"
LAYERS = {"layer 5": "#0072B2", "layer 2/3": "#009E73"}


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figures; none where the run was stopped before its measurement."""
    if "basic_soma" not in dataset:
        return {}
    traces = Figure(figsize=(11.0, 5.2), layout="constrained")
    rows = traces.subplots(len(LAYERS), dataset.sizes["stimulus"], sharex=True, sharey=True)
    for row, layer in zip(rows, LAYERS, strict=True):
        draw_traces(row, dataset.sel(layer=layer), layer)
    curves = Figure(figsize=(10.0, 6.4), layout="constrained")
    ((threshold, window), (frequency, ahp)) = curves.subplots(2, 2)
    draw_threshold(threshold, dataset.sel(layer="layer 5"))
    draw_window(window, dataset.sel(layer="layer 5"))
    for layer, colour in LAYERS.items():
        cell = dataset.sel(layer=layer)
        frequency.plot(dataset.frequency, cell.late_peak, color=colour, label=layer)
        ahp.plot(dataset.n_spikes, cell.ahp, color=colour, marker="o", label=layer)
    frequency.axvspan(60, 120, color=LAYERS["layer 5"], alpha=0.08, linewidth=0)
    frequency.set(
        xlabel="frequency of five spikes (Hz)", ylabel="peak of the nexus after the train (mV)"
    )
    ahp.set(
        xlabel="spikes",
        ylabel="after-hyperpolarisation (mV)",
        xticks=dataset.n_spikes.to_numpy(),
        ylim=(0, None),
    )
    for axes in (frequency, ahp):
        axes.legend(frameon=False, fontsize=8)
    return {"traces": traces, "curves": curves}


def draw_traces(row: list[Axes], cell: xr.Dataset, layer: str) -> None:
    """Draw soma and nexus for each of the four stimuli; a spike is a bar."""
    for axes, stimulus in zip(row, cell.stimulus.to_numpy(), strict=True):
        soma = cell.basic_soma.sel(stimulus=stimulus)
        axes.plot(cell.time, cell.basic_nexus.sel(stimulus=stimulus), color=NEXUS, label="nexus")
        axes.plot(cell.time, soma, color=SOMA, label="soma")
        # A spike is an event: the potential falls to its reset.
        falls = cell.time.to_numpy()[1:][soma.diff("time").to_numpy() < -4]
        axes.vlines(falls, -50, 20, color=SOMA, linewidth=0.9)
        axes.set(xlim=(-10, 110), title=f"{layer}: {stimulus}", ylim=(-95, 25))
        axes.title.set_fontsize(9)
        if layer != "layer 5":
            axes.set_xlabel("time (ms)")
    row[0].set_ylabel("potential (mV)")
    row[0].legend(frameon=False, fontsize=8)


def draw_threshold(axes: Axes, cell: xr.Dataset) -> None:
    """Draw how long the nexus is active against its input, alone and after a spike."""
    axes.plot(cell.current, cell.alone_width, color=NEXUS, label="input to the nexus alone")
    axes.plot(cell.current, cell.with_spike_width, color=SOMA, label="5 ms after a spike's pulse")
    axes.set(xlabel="input to the nexus, peak (nA)", ylabel="layer 5: nexus above -40 mV (ms)")
    axes.legend(frameon=False, fontsize=8)


def draw_window(axes: Axes, cell: xr.Dataset) -> None:
    """Draw spikes and duration of the dendritic event against the delay."""
    axes.plot(cell.delay, cell.delay_width, color=NEXUS, label="nexus above -40 mV (ms)")
    axes.set(
        xlabel="input to the nexus after the spike's pulse (ms)",
        ylabel="layer 5: nexus above -40 mV (ms)",
    )
    spikes = axes.twinx()
    spikes.step(cell.delay, cell.delay_count, where="mid", color=SOMA, linewidth=1, label="spikes")
    spikes.set_ylabel("spikes", color=SOMA)
    spikes.set_ylim(0, max(4.5, float(cell.delay_count.max()) + 0.5))

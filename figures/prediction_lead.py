"""Figure of `prediction_lead`: traces, and the lead against volley, delay and basal synapses."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

PREDICTED, UNPREDICTED, ALONE = "#D55E00", "#0072B2", "#6b7178"


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its measurement."""
    if "latency" not in dataset:
        return {}
    figure = Figure(figsize=(10.0, 6.4), layout="constrained")
    ((traces, strength), (delay, basal)) = figure.subplots(2, 2)
    draw_traces(traces, dataset)
    for values, colour, label in (
        (dataset.latency, UNPREDICTED, "volley"),
        (dataset.predicted_latency, PREDICTED, "NMDA spike and volley"),
    ):
        strength.plot(dataset.strength, values, color=colour, marker="o", label=label)
    strength.set(
        xlabel="volley (smallest volleys that fire the resting cell)",
        ylabel="first spike (ms after the volley's onset)",
        ylim=(0, None),
    )
    strength.legend(frameon=False)
    draw_lead(
        delay, dataset.unpredicted - dataset.latency_by_delay, "NMDA spike before the volley (ms)"
    )
    draw_lead(
        basal,
        dataset.unpredicted - dataset.latency_by_basal,
        f"synapses on the branch, {dataset.attrs['delay']:g} ms before the volley",
    )
    return {"prediction_lead": figure}


def draw_traces(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the soma's potential; a spike resets it, and has no shape of its own."""
    for name, colour in zip(dataset.shown.to_numpy(), (UNPREDICTED, PREDICTED, ALONE), strict=True):
        axes.plot(dataset.time, dataset.trace.sel(shown=name), color=colour, label=str(name))
    for value, colour in (
        (dataset.unpredicted, UNPREDICTED),
        (dataset.predicted, PREDICTED),
    ):
        axes.plot([float(value)], [-47], marker="|", color=colour, markersize=12)
    axes.set(
        xlabel="time since the volley's onset (ms)",
        ylabel="potential of the soma (mV)",
        xlim=(-dataset.attrs["delay"] - 15, 45),
    )
    axes.legend(frameon=False, loc="upper left", fontsize=8)


def draw_lead(axes: Axes, lead: xr.DataArray, label: str) -> None:
    """Draw the lead of the first spike, with its target."""
    axes.axhspan(2, 15, color=PREDICTED, alpha=0.08, linewidth=0, label="target")
    axes.plot(lead[lead.dims[0]], lead, color=PREDICTED, marker="o", markersize=3.5)
    axes.set(xlabel=label, ylabel="lead of the first spike (ms)")
    axes.set_ylim(min(0.0, float(lead.min())), max(5.0, 1.15 * float(lead.max())))
    axes.legend(frameon=False)

"""Figure of `dendritic_inhibition`: event rate and burst fraction against inhibitory strength."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

RATE, BURSTS, GREY = "#0072B2", "#D55E00", "#6b7178"
NOTE = (
    "bands: targets; lines: mean of two sets of circuits\n"
    "(full dots: strength chosen; open: judged)"
)
TITLES = {
    "dendrite": "somatostatin cells inhibit the dendrite",
    "soma": "fast-spiking cells inhibit the soma",
}


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its measurement."""
    if "burst_fraction" not in dataset:
        return {}
    figure = Figure(figsize=(11.0, 3.7), layout="constrained")
    *panels, rates = figure.subplots(1, 3, width_ratios=[1.3, 1.3, 1])
    for axes, place in zip(panels, dataset.target.to_numpy(), strict=True):
        draw_target(axes, dataset.sel(target=place), str(place))
    panels[0].legend(frameon=False, fontsize=8, loc="upper right")
    panels[0].text(0.1, 0.02, NOTE, fontsize=8, color=GREY)
    for place, marker in zip(dataset.target.to_numpy(), "os", strict=True):
        rate = dataset.interneuron_rate.sel(target=place).mean("copy")
        kind = TITLES.get(str(place), str(place)).partition(" inhibit")[0]
        rates.plot(dataset.strength, rate, color=GREY, marker=marker, label=kind)
    rates.set(
        xlabel="strength of a connection (nS)",
        ylabel="rate of the interneurons (Hz)",
        ylim=(0, 1.15 * float(dataset.interneuron_rate.max())),
    )
    rates.legend(frameon=False, fontsize=8)
    return {"dendritic_inhibition": figure}


def draw_target(axes: Axes, part: xr.Dataset, place: str) -> None:
    """Draw both over their values without inhibition: each circuit, and the mean of the copies."""
    axes.axhspan(0.4, 0.6, color=BURSTS, alpha=0.10, linewidth=0)
    axes.axhspan(0.85, 1.15, color=RATE, alpha=0.10, linewidth=0)
    for name, colour in (("event_rate", RATE), ("burst_fraction", BURSTS)):
        ratio = part[name] / part[name].isel(strength=0)
        axes.plot(part.strength, ratio.mean("copy"), color=colour, label=name.replace("_", " "))
        for copy, face in zip(part["copy"].to_numpy(), (colour, "white"), strict=True):
            axes.plot(
                part.strength,
                ratio.sel(copy=copy),
                linestyle="",
                marker="o",
                markersize=4,
                color=colour,
                markerfacecolor=face,
            )
    axes.set(
        xlabel="strength of a connection (nS)",
        ylabel="over that without inhibition",
        ylim=(0, 1.35),
        title=TITLES.get(place, place),
    )
    axes.title.set_fontsize(10)

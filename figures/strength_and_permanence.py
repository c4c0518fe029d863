"""Figure of `strength_and_permanence`: efficacy, permanence and connected share against time."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
COLOURS = ("#E69F00", "#CC79A7", "#0072B2", "#6b7178")
STYLES = ("-", "--", "-", ":")


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure."""
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    panels = figure.subplots(1, 3)
    seconds = 3600 * dataset.time
    later = seconds > 0
    texts = (
        ("efficacy", "efficacy"),
        ("permanence", "permanence"),
        ("connected", "share connected"),
    )
    for axes, (look, text) in zip(panels, texts, strict=True):
        mean = dataset[look].where(dataset.stimulated, drop=True).mean("synapse")
        for name, colour, style in zip(dataset.repetition.to_numpy(), COLOURS, STYLES, strict=True):
            curve = mean.sel(repetition=name)[later]
            axes.plot(dataset.time[later], curve, style, color=colour, label=name)
        axes.set_xscale("log")
        axes.set_xticks([1 / 60, 10 / 60, 1, 10], ["1 min", "10 min", "1 h", "10 h"])
        axes.minorticks_off()
        axes.set_xlabel("time after the first train")
        axes.set_ylabel(text)
    panels[1].axhline(dataset.attrs["connected_permanence"], color="#6b7178", linewidth=0.8)
    panels[1].set_ylim(0, 1)
    panels[0].legend(fontsize="small")
    return {"strength_and_permanence": figure}

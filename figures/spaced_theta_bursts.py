"""Figure of `spaced_theta_bursts`: potentiation by interval, whole, without parts, plain."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure

COLOURS = ("#56B4E9", "#0072B2", "#E69F00", "#D55E00", "#009E73")
PARTS = ("no proteins", "no tag", "no maturation of the tag", "no saturation of the early phase")


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure."""
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    whole, parts, plain = figure.subplots(1, 3)
    mean = dataset.potentiation.mean("cell")
    for number, colour in zip(dataset.trains.to_numpy(), COLOURS, strict=False):
        label = f"{number} trains"
        ltp = mean.sel(variant="whole", trains=number)
        whole.plot(dataset.interval, ltp, "o-", color=colour, label=label)
        plain.plot(dataset.interval, dataset.plain.sel(trains=number), "o-", color=colour)
    for level in (50, 100, 150):
        whole.axhline(level, color="#6b7178", linewidth=0.8, linestyle=":")
    added = mean.diff("trains").sel(trains=2)
    parts.plot(dataset.interval, added.sel(variant="whole"), "k-", linewidth=2, label="whole")
    for part, colour in zip(PARTS, COLOURS, strict=False):
        parts.plot(dataset.interval, added.sel(variant=part), "o-", color=colour, label=part)
    for axes in (whole, parts, plain):
        axes.set_xscale("log")
        axes.set_xlabel("interval between trains (min)")
        axes.set_xticks(dataset.interval.to_numpy(), [f"{x:g}" for x in dataset.interval])
        axes.minorticks_off()
    whole.set_ylabel("potentiation (%)")
    whole.set_title("tags that mature", fontsize="medium")
    whole.legend()
    parts.set_ylabel("what the second train adds (points)")
    parts.set_title("without parts of the mechanism", fontsize="medium")
    parts.legend(fontsize="small")
    plain.set_ylabel("potentiation (%)")
    plain.set_title("calcium rule without late phase", fontsize="medium")
    return {"spaced_theta_bursts": figure}

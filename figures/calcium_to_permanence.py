"""Draws `calcium_to_permanence`: permanences with soft bounds, and what counters keep."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure of both bounds."""
    figure = Figure(figsize=(10, 3.5), layout="constrained")
    course, rest, counter = figure.subplots(1, 3)
    for share in dataset.share.to_numpy():
        course.plot(dataset.course.sel(share=share), linewidth=1, label=f"{share:g}")
    course.set(xlabel="learning event", ylabel="permanence")
    course.legend(
        title="share active",
        frameon=False,
        fontsize=7,
        loc="lower center",
        ncols=4,
        bbox_to_anchor=(0.5, 1.0),
    )
    rest.plot(dataset.share, dataset.exact_settled, color="0.4", label="closed form")
    rest.plot(dataset.share, dataset.settled, "o", color="#0072B2", label="calcium rule")
    rest.set(xlabel="share of events with the presynaptic cell", ylabel="permanence at rest")
    rest.legend(frameon=False)
    for ratio in dataset.ratio.to_numpy():
        kept = dataset.last_permanence.sel(ratio=ratio)
        counter.plot(dataset.patterns, kept, ".-", label=f"{ratio:g}")
    counter.axhline(0.5, color="0.5", linewidth=0.6, linestyle=":")
    counter.set(xlabel="patterns in turn", ylabel="permanence, hard bounds")
    counter.legend(
        title="increment/decrement",
        frameon=False,
        fontsize=7,
        loc="lower center",
        ncols=4,
        bbox_to_anchor=(0.5, 1.0),
    )
    return {"calcium_to_permanence": figure}

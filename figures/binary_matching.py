"""Figure of `binary_matching`: closed forms against fractions, counts against them."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped."""
    if "closed_form" not in dataset:
        return {}
    figure = Figure(figsize=(9.5, 3.8), layout="constrained")
    forms, counts = figure.subplots(1, 2)
    for kind, colour in zip(np.unique(dataset.kind), ("#0072B2", "#D55E00"), strict=True):
        one = dataset.where(dataset.kind == kind, drop=True)
        forms.plot(one.exact, one.closed_form, "o", color=colour, label=str(kind))
    ends = [float(dataset.exact.min()), 1.0]
    forms.plot(ends, ends, color="#6b7178", linewidth=0.8, zorder=0)
    forms.set(xscale="log", yscale="log", xlabel="by exact fractions", ylabel="closed form")
    forms.legend(fontsize="small")
    away = (dataset.counted - dataset.expected) / dataset.standard_error
    names = dataset["count"].to_numpy().tolist()
    counts.plot(away, range(len(names)), "o", color="#009E73")
    counts.axvline(0, color="#6b7178", linewidth=0.8)
    counts.set_yticks(range(len(names)), names)
    counts.set(xlim=(-5, 5), xlabel="counted less closed form (standard errors)")
    counts.margins(y=0.3)
    return {"binary_matching": figure}

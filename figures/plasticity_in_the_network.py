"""Figure of `plasticity_in_the_network`: courses of learning, and what the rules keep and cost."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLORS = ("#222222", "#6b7178", "#0072B2", "#D55E00", "#CC79A7", "#009E73", "#E69F00", "#56B4E9")


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where no network was trained."""
    if "anomaly" not in dataset:
        return {}
    n = dataset.sizes["condition"]
    figure = Figure(figsize=(4.6 * max(n, 3), 8), layout="constrained")
    above, below = np.asarray(figure.subfigures(2, 1)).tolist()
    panels = above.subplots(1, n, squeeze=False)[0]
    for panel, condition in zip(panels, dataset.condition.to_numpy(), strict=True):
        _draw_course(panel, dataset.sel(condition=condition), str(condition))
    bars = below.subplots(1, 3, sharey=True)
    one = dataset.isel(condition=0)
    for panel, (name, label) in zip(
        bars,
        (
            ("kept", "transition error after others were learned"),
            ("vesicles", "vesicles an element"),
            ("synapses", "synapses"),
        ),
        strict=True,
    ):
        _draw_bars(panel, one, name, label)
    handles, labels = above.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=4, fontsize=8, frameon=False)
    return {"plasticity_in_the_network": figure}


def _draw_course(axes: Axes, one: xr.Dataset, title: str) -> None:
    for color, rule in zip(COLORS, one.rule.to_numpy(), strict=False):
        anomaly = one.anomaly.sel(rule=rule)
        if np.isnan(anomaly).all():
            continue
        axes.plot(one["round"], anomaly.mean("seed"), color=color, label=str(rule))
        low, high = anomaly.min("seed"), anomaly.max("seed")
        axes.fill_between(one["round"], low, high, color=color, alpha=0.15, lw=0)
    axes.set(xlabel="round of all sequences", ylabel="anomaly", ylim=(0, 1.02), title=title)


def _draw_bars(axes: Axes, one: xr.Dataset, name: str, label: str) -> None:
    names = [str(rule) for rule in one.rule.to_numpy()]
    places = np.arange(len(names))
    values = one[name]
    for place, color in zip(places, COLORS, strict=False):
        mine = values.isel(rule=int(place)).to_numpy()
        axes.barh(place, mine.mean(), color=color)
        axes.plot(mine, np.full(len(mine), place), "o", color="white", mec="black", markersize=3)
    axes.set_yticks(places, names, fontsize=8)
    if not axes.yaxis_inverted():
        axes.invert_yaxis()
    axes.set(xlabel=label)

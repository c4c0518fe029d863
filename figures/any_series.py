"""Figure of `any_series`: every seed of every series against the targets."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from htm_brian.comparison.table import AGREEMENTS, BELOW_CEILING, PLATEAU_AGREEMENTS, SAME_STEPS
from htm_brian.protocols.any_series.checks import LEARNED, SAME, named

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#6b7178"


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where no comparison was finished."""
    if not dataset.sizes.get("check", 0):
        return {}
    panels = [
        ("fall of level 0's anomaly\nby the order of the series", _of(dataset, LEARNED), None),
        ("share of the same steps\n(transplant, reliable release)", _of(dataset, SAME), SAME_STEPS),
        *(
            (
                f"agreement of {what} less its ceiling,\nlower end",
                _least(dataset, quantities),
                -BELOW_CEILING,
            )
            for what, quantities in (("spikes", AGREEMENTS), ("plateaus", PLATEAU_AGREEMENTS))
        ),
    ]
    shown = [(title, values, target) for title, values, target in panels if values is not None]
    figure = Figure(
        figsize=(3.1 * len(shown) + 1.4, 0.36 * dataset.sizes["series"] + 1.6), layout="constrained"
    )
    axes = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for each, (title, values, target) in zip(axes, shown, strict=True):
        _draw(each, values, target)
        each.set_xlabel(title, fontsize="small")
    axes[0].set_yticks(range(dataset.sizes["series"]), dataset.series.to_numpy())
    axes[0].invert_yaxis()
    return {"any_series": figure}


def _of(dataset: xr.Dataset, beginning: str) -> np.ndarray | None:
    found = named(dataset, beginning).value
    return found.to_numpy()[:, :, 0] if found.sizes["check"] else None


def _least(dataset: xr.Dataset, quantities: dict[str, str]) -> np.ndarray | None:
    names = [f"trained apart, {quantity}: agreement" for quantity in quantities.values()]
    found = [named(dataset, name).value for name in names]
    there = [each.to_numpy()[:, :, 0] for each in found if each.sizes["check"]]
    return np.min(there, axis=0) if there else None


def _draw(axes: Axes, values: np.ndarray, target: float | None) -> None:
    rows = np.arange(len(values))[:, np.newaxis] + np.linspace(-0.2, 0.2, values.shape[1])
    if target is not None:
        axes.axvline(target, color=GREY, linestyle="--", linewidth=0.9)
    missed = np.zeros(values.shape, bool) if target is None else values < target
    axes.plot(values[~missed], rows[~missed], "o", color=BLUE, markersize=3.5)
    axes.plot(values[missed], rows[missed], "o", color=ORANGE, markersize=3.5)
    axes.grid(axis="x", linewidth=0.3)

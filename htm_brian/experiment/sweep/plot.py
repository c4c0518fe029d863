"""Figures of a sweep, from its dataset alone: every check over the parameters, with intervals."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from htm_brian.experiment.sweep.dataset import checks_of, over_seeds
from htm_brian.experiment.sweep.grid import SEED

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6b7178")
"""Okabe and Ito's, apart for colour-blind eyes."""

MARKERS = "os^Dv<>"
COLUMNS = 3


def draw(dataset: xr.Dataset) -> Figure:
    """Return one panel for each check.

    The first parameter is the abscissa, the second the colour; a further one is averaged over. The
    band is that of the check, bars are intervals over seeds.
    """
    names = checks_of(dataset)
    n_columns = min(COLUMNS, max(1, len(names)))
    n_rows = math.ceil(max(1, len(names)) / n_columns)
    figure = Figure(figsize=(4.2 * n_columns, 3.3 * n_rows), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for panel, name in zip(panels, names, strict=False):
        _panel(panel, dataset, name)
    for panel in panels[len(names) :]:
        panel.set_visible(False)
    figure.suptitle(str(dataset.attrs["protocol"]))
    return figure


def _panel(axes: Axes, dataset: xr.Dataset, name: str) -> None:
    attributes = dataset[name].attrs
    found = over_seeds(dataset, name)
    dims = [str(dim) for dim in found.dims]
    _shade(axes, attributes.get("low"), attributes.get("high"))
    for extra in dims[2:]:
        found = found.mean(extra)
    if len(dims) < 2:
        _line(axes, found, dims, 0, None)
    else:
        for index in range(found.sizes[dims[1]]):
            label = f"{dims[1]} = {found[dims[1]].values[index]}"
            _line(axes, found.isel({dims[1]: index}), dims[:1], index, label)
        axes.legend(fontsize="x-small")
    axes.set_title("\n".join(_wrapped(attributes["long_name"])), fontsize="small")
    axes.set_ylabel("" if attributes["units"] == "1" else attributes["units"])
    if dims:
        axes.set_xlabel(_label(dataset, dims[0]))


def _line(axes: Axes, found: xr.Dataset, dims: list[str], index: int, label: str | None) -> None:
    x = found[dims[0]].values if dims else np.array([SEED])
    mean, low, high = (np.atleast_1d(found[key].values) for key in ("mean", "low", "high"))
    if np.isfinite(low).any():
        bars = np.nan_to_num(np.array([mean - low, high - mean]))
    else:
        bars = None
    axes.errorbar(
        x,
        mean,
        yerr=bars,
        marker=MARKERS[index % len(MARKERS)],
        color=COLOURS[index % len(COLOURS)],
        markersize=4,
        linewidth=1.2,
        capsize=2,
        label=label,
    )


def _shade(axes: Axes, low: float | None, high: float | None) -> None:
    """Shade where the check holds."""
    ends = [end for end in (low, high) if end is not None]
    for end in ends:
        axes.axhline(end, color="#6b7178", linewidth=0.8, linestyle="--")
    if len(ends) == 2:
        axes.axhspan(ends[0], ends[1], color="#6b7178", alpha=0.12)


def _label(dataset: xr.Dataset, dim: str) -> str:
    unit = dataset[dim].attrs.get("units", "1")
    return dim.replace("_", " ") + ("" if unit in ("1", "") else f" ({unit})")


def _wrapped(text: str, width: int = 44) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width)

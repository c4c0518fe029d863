"""Figure of `release_cost`: cost of a bit against release probability, for both questions."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

GREY = "#6b7178"
# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none of a partial run."""
    if "sampled_cost" not in dataset:
        return {}
    figure = Figure(figsize=(12, 4.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for axes, price in ((left, "vesicles alone"), (middle, "vesicles and spikes")):
        _draw_curves(axes, dataset.cost.sel(price=price), "sites", "sites per connection")
        axes.set_title(f"{price}; at most 1 % misses", fontsize="medium")
    left.plot(dataset.shown, dataset.sampled_cost, "kx", label="sampled")
    left.legend(frameon=False, fontsize=8, title="sites per connection")
    _draw_curves(
        right,
        dataset.best_cost.sel(price="vesicles and spikes"),
        "synapses",
        "synapses, best threshold",
    )
    right.set_title("vesicles and spikes; synapses given", fontsize="medium")
    for axes in (left, middle):
        axes.set_yscale("log")
        axes.set_ylim(3.5, 60)
        axes.set_yticks([5, 10, 20, 50], ["5", "10", "20", "50"])
        axes.minorticks_off()
    left.set_ylabel("cost of a bit (vesicles)")
    middle.set_ylabel("cost of a bit (vesicles and their equivalents)")
    right.set_ylim(bottom=0)
    price = dataset.attrs["spike_price"]
    figure.suptitle(f"Circles: cheapest. A spike at a terminal counts {price:.2f} vesicles.")
    return {"release_cost": figure}


def _draw_curves(axes: Axes, cost: xr.DataArray, along: str, title: str) -> None:
    """Draw one curve for each value of a dimension, its minimum as a circle."""
    for value, colour in zip(cost[along].to_numpy(), COLOURS, strict=False):
        one = cost.sel({along: value})
        axes.plot(one.release_probability, one, color=colour, label=str(value))
        best = one.isel(release_probability=int(one.argmin("release_probability")))
        axes.plot(float(best.release_probability), float(best), "o", color=colour)
    axes.set_xlabel("release probability of a site")
    axes.legend(frameon=False, fontsize=8, title=title)

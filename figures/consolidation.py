"""Figure of `consolidation`: courses of hours, captured shares, what low frequency takes back."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
COLOURS = {"strong": "#0072B2", "strong, no proteins": "#56B4E9", "weak": "#E69F00"}


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none of a partial run."""
    if "potentiation_left" not in dataset:
        return {}
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    published, spaced, capture, depotentiation = figure.subplots(1, 4)
    for axes, model in ((published, "published"), (spaced, "spaced")):
        course = 100 * dataset.course.sel(model=model).mean("cell")
        for stimulus, colour in COLOURS.items():
            axes.plot(dataset.time, course.sel(stimulus=stimulus), color=colour, label=stimulus)
        axes.set_title(f"{model} set", fontsize="medium")
        axes.set_xlabel("time after the tetanus (h)")
        axes.axhline(100, color="#6b7178", linewidth=0.8, linestyle=":")
    published.set_ylabel("efficacy (% of before)")
    published.legend()
    share = (dataset.weak_at_last / dataset.weak_at_once).mean("cell")
    left = dataset.potentiation_left.mean("cell") / dataset.potentiation.mean("cell")
    for model, colour in (("published", "#6b7178"), ("spaced", "#009E73")):
        made = share.sel(model=model, proteins="made")
        capture.plot(dataset.gap, 100 * made, "o-", color=colour, label=model)
        depotentiation.plot(
            dataset.delay, 100 * np.clip(left.sel(model=model), 0, None), "o-", color=colour
        )
    none = share.sel(model="spaced", proteins="blocked")
    capture.plot(dataset.gap, 100 * none, "x--", color="#009E73", label="spaced, no proteins")
    capture.axvspan(-1, 1, color="#6b7178", alpha=0.12)
    capture.set_xlabel("weak tetanus after the strong one (h)")
    capture.set_ylabel("share of the weak change that lasts (%)")
    capture.legend()
    depotentiation.set_xlabel("low-frequency bursts after LTP (min)")
    depotentiation.set_ylabel("potentiation left at 8 h (%)")
    return {"consolidation": figure}

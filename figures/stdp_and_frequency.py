"""Draws `stdp_and_frequency`: curves of spike timing, long trains, random trains."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return one figure with the three stimuli."""
    figure = Figure(figsize=(11, 3.5), layout="constrained")
    timing, long, random = figure.subplots(1, 3)
    for rule in dataset.rule.to_numpy():
        timing.plot(dataset.interval, dataset.timing.sel(rule=rule), ".-", linewidth=1, label=rule)
    timing.set(xlabel="post minus pre (ms)", ylabel="strength after over before")
    timing.legend(frameon=False, fontsize=6)
    for rule in dataset.calcium_rule.to_numpy():
        long.plot(dataset.rate, dataset.long_train.sel(calcium_rule=rule), ".-", label=rule)
    long.set(xlabel="rate of 900 pulses (Hz)", xscale="log")
    long.axvspan(5, 10, color="0.9", zorder=0)
    for rule in dataset.random_rule.to_numpy():
        one = dataset.sel(random_rule=rule)
        random.errorbar(dataset.random_rate, one.random, one.random_error, fmt=".-", label=rule)
    random.set(xlabel="rate of both random trains (Hz)")
    random.legend(frameon=False, fontsize=6)
    for axes in (timing, long, random):
        axes.axhline(1, color="0.5", linewidth=0.6, linestyle=":")
    return {"stdp_and_frequency": figure}

"""Overlap with level 0, how many columns win, controls, and what a memory makes of it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import CLAIM, FITTED, HELD_OUT, IDENTITY, Check
from htm_brian.experiment.seeds import mean_interval, over_values
from htm_brian.protocols.spiking_pooler.measurement import (
    ARMS,
    CHOOSERS,
    NO_INHIBITION,
    NOISY,
    ORDER,
    RELIABLE,
    SHUFFLED,
    STIMULI,
)
from htm_brian.protocols.spiking_pooler.varied import CHANGES, PARAMETERS

OURS = "htm_brian's target"
OVERLAP, ANOMALY, EXACT = 0.9, 0.05, 0.1
CONTROL = {NO_INHIBITION: 0.5, SHUFFLED: 0.1}
"""Most that a control may share: half, and five times what chance gives."""


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold each figure against the worse end of its interval over poolers."""
    found = []
    for arm in (RELIABLE, NOISY):
        for stimulus in STIMULI:
            role = FITTED if (arm, stimulus) == (RELIABLE, STIMULI[0]) else HELD_OUT
            values = dataset.overlap.sel(stimulus=stimulus, arm=arm)
            found.append(
                _mean(f"overlap with level 0, {stimulus}, {arm}", values, OVERLAP, None, role)
            )
    if dataset.varied.notnull().all():
        values = dataset.varied.isel(parameter=worst(dataset)[0], change=worst(dataset)[1])
        name = "overlap with level 0, the series, the worst parameter a tenth off"
        found.append(_mean(name, values, OVERLAP, None, HELD_OUT))
    for stimulus in STIMULI:
        share = dataset.winners.sel(stimulus=stimulus, arm=NOISY) / dataset.attrs["winners"]
        found.append(
            _mean(
                f"columns that win over level 0's, {stimulus}", share, 1 - EXACT, 1 + EXACT, CLAIM
            )
        )
    found += [
        _mean(
            f"control, {arm}: overlap, the series",
            dataset.overlap.sel(stimulus=STIMULI[1], arm=arm),
            None,
            most,
            IDENTITY,
        )
        for arm, most in CONTROL.items()
    ]
    late = late_anomaly(dataset)
    difference = late.sel(chooser=CHOOSERS[1]) - late.sel(chooser=CHOOSERS[0])
    name = "memory: anomaly, driven by spikes less by level 0"
    return [*found, _mean(name, difference, None, ANOMALY, CLAIM)]


def _mean(
    name: str, values: xr.DataArray, low: float | None, high: float | None, role: str
) -> Check:
    check = Check(name, float(values.mean()), "1", low, high, OURS, role=role)
    return over_values(check, values.to_numpy())


def worst(dataset: xr.Dataset) -> tuple[int, int]:
    """Return the place of the parameter and of the change with the lowest mean overlap."""
    mean = dataset.varied.mean("seed").to_numpy()
    row, place = np.unravel_index(int(np.argmin(mean)), mean.shape)
    return int(row), int(place)


def late_anomaly(dataset: xr.Dataset) -> xr.DataArray:
    """Return the mean anomaly over the last half of the steps."""
    return dataset.anomaly.isel(step=slice(dataset.sizes["step"] // 2, None)).mean("step")


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers that nothing is demanded of."""
    found: dict[str, float] = {}
    for stimulus in STIMULI:
        ends = dataset.overlap.sel(stimulus=stimulus, arm=ORDER)
        found[f"level 0, {ORDER}: overlap with itself, {stimulus}"] = float(ends.mean())
    for arm in ARMS:
        for active in dataset.active.to_numpy():
            values = dataset.by_density.sel(active=active, arm=arm)
            found[f"overlap, {100 * active:g} % of the bits, {arm}"] = float(values.mean())
    for place, name in enumerate(CHOOSERS[1:], start=1):
        values = dataset.apart.isel(chooser=place)
        found[f"trained apart: overlap with level 0, {name}"] = float(values.mean())
        low, high = mean_interval(values) if values.size > 1 else (np.nan, np.nan)
        found[f"trained apart: overlap with level 0, {name}, low"] = low
        found[f"trained apart: overlap with level 0, {name}, high"] = high
    for name, value in zip(CHOOSERS, late_anomaly(dataset).mean("seed").to_numpy(), strict=True):
        found[f"memory: anomaly over the last half, driven by {name}"] = float(value)
    varied = dataset.varied.mean("seed").to_numpy()
    for row, path in enumerate(PARAMETERS):
        for place, change in enumerate(CHANGES):
            if not np.isnan(varied[row, place]):
                found[f"overlap, {path} {100 * change:+g} %"] = float(varied[row, place])
    return found

"""One code within a sequence, other codes across; the worse end of each interval decides."""

from __future__ import annotations

import xarray as xr

from htm_brian.experiment.checks import CLAIM, IDENTITY, Check
from htm_brian.experiment.seeds import mean_interval
from htm_brian.protocols.temporal_pooling.measurement import (
    BURSTS,
    EVERY,
    ONCE,
    PREDICTED,
    SHUFFLED,
    TESTED,
    UNRELIABLE,
    UNTAUGHT,
    Reading,
)

THREAD = "discussion: Ensembles of neocortical microcircuits"
SOURCE = f"{THREAD}; Hawkins, Ahmad & Cui 2017, Front Neural Circuits 11:81"
TARGET = f"{THREAD}: rightly predicted cells are pooled; htm_brian's target: .8 within, .1 across"
SILENT = f"{THREAD}: what was not predicted is not pooled; htm_brian's target"
CONTROL = "control: must miss the target"

WITHIN, ACROSS = 0.8, 0.1
NOTHING = 0.05
"""Of a code's cells, at most, where nothing was predicted."""


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold codes against the target, and controls against missing it."""
    there = set(dataset.reading.to_numpy().tolist())
    found = []
    for reading in TESTED:
        if reading.name not in there:
            continue
        one = dataset.sel(reading=reading.name)
        found += [
            _at_least(f"{reading.name}: overlap within a sequence", one.within, WITHIN),
            _at_least(f"{reading.name}: overlap of showings", one.repeated, WITHIN),
            _at_least(f"{reading.name}: overlap, each element alone", one.alone, WITHIN),
            _at_most(f"{reading.name}: overlap across sequences", one.across, ACROSS, TARGET),
            _at_most(
                f"{reading.name}: share of a code, nothing predicted",
                one.novel_size,
                NOTHING,
                SILENT,
            ),
        ]
    for level, drive in ((0, PREDICTED), (1, BURSTS)):
        for learning in (UNTAUGHT, SHUFFLED):
            name = Reading(level, drive, learning=learning).name
            if name in there:
                alone = dataset.sel(reading=name).alone
                found.append(
                    _at_most(
                        f"{name}: overlap, each element alone", alone, WITHIN, CONTROL, IDENTITY
                    )
                )
    every = Reading(1, EVERY).name
    if every in there:
        ends = mean_interval(dataset.novel_size.sel(reading=every).to_numpy())
        found.append(
            Check(
                f"{every}: share of a code, nothing predicted",
                ends[0],
                "1",
                NOTHING,
                None,
                CONTROL,
                better_end=ends[1],
                role=IDENTITY,
            )
        )
    burst, once = (Reading(1, drive, UNRELIABLE).name for drive in (BURSTS, ONCE))
    if {burst, once} <= there:
        gain = dataset.alone.sel(reading=burst) - dataset.alone.sel(reading=once)
        found.append(
            _at_least(
                f"level 1, {UNRELIABLE:.0%} transmitted: overlap, each element alone, bursts less "
                "one spike of each",
                gain,
                0.0,
            )
        )
    return found


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return every overlap of every reading, and how well the memories had learned."""
    found: dict[str, float] = {
        f"level {level}: anomaly once learned": float(dataset.anomaly.sel(level=level).mean())
        for level in (0, 1)
    }
    for name in dataset.reading.to_numpy():
        one = dataset.sel(reading=name).mean("seed")
        for key in ("within", "repeated", "alone", "across", "across_alone"):
            found[f"{name}: {key.replace('_', ', each element ')}"] = float(one[key])
        found[f"{name}: share of a code"] = float(one.predicted_size)
        found[f"{name}: share of a code, nothing predicted"] = float(one.novel_size)
    return found


def _at_least(name: str, values: xr.DataArray, low: float) -> Check:
    worse, better = mean_interval(values.to_numpy())
    return Check(name, worse, "1", low, None, TARGET, better_end=better, role=CLAIM)


def _at_most(name: str, values: xr.DataArray, high: float, source: str, role: str = CLAIM) -> Check:
    better, worse = mean_interval(values.to_numpy())
    return Check(name, worse, "1", None, high, source, better_end=better, role=role)

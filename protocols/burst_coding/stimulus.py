"""Currents and signals for the ensembles, and the background of the tree.

The signals are smooth and have nothing in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from htm_brian.electrophysiology.ensembles import COURSE_STEP
from htm_brian.fitting import resting
from htm_brian.mechanisms import metabotropic
from htm_brian.parameters import Model, Table
from htm_brian.randomness import stream

RATES = {100: 2.26, 200: 4.49, 300: 7.05, 400: 9.77, 500: 12.61}
"""Hz at so many pA into the soma and none into the dendrite, computed from the equations."""

SOMA = np.array(list(RATES), dtype=np.float64)
DENDRITE = np.array([-200.0, -100.0, 0.0, 100.0, 200.0])
SIGNALS = ("soma", "dendrite")


def smooth_signals(
    names: Sequence[str], length: int, time_constant: float, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Return independent signals of mean 0 and SD 1, 3 SD at most, a value for each millisecond.

    Noise that is smoothed twice by the time constant (seconds), so that it has no jumps. What a
    signal has in common with those before it by chance is taken from it.
    """
    keep = np.exp(-COURSE_STEP / time_constant)
    early = round(10 * time_constant / COURSE_STEP)
    found: dict[str, NDArray[np.float64]] = {}
    for name in names:
        course = stream(seed, "signal", name).standard_normal(early + length)
        for _ in range(2):
            course = lfilter([1 - keep], [1, -keep], course)
        course = course[early:] - course[early:].mean()
        for other in found.values():
            course = course - other * (course @ other) / (other @ other)
        found[name] = np.clip(course / course.std(), -3, 3)
    return found


def current_scales(model: Model, ensemble: Model) -> tuple[float, float]:
    """Return by what currents into soma and nexus of a tree depolarise it as the ensemble's cell.

    That is the ratio of the resistances: it makes currents comparable without a new constant.
    """
    soma = 1 / (float(ensemble["soma"]["leak_conductance"]) * resting.input_resistance(model))
    leak = float(ensemble["dendrite"]["leak_conductance"])
    return soma, 1 / (leak * resting.input_resistance(model, "nexus"))


def with_background(model: Model, ensemble: Model, scales: tuple[float, float]) -> Model:
    """Return the tree in the ensemble's backgrounds, without receptors, which nothing opens."""
    kept = [t for t in model.tables if t.name not in ("ampa", "nmda", "gaba", metabotropic.TABLE)]
    places = {"soma": "soma", "dendrite": "nexus"}
    for (given, place), scale in zip(places.items(), scales, strict=True):
        kept.append(scaled(ensemble[f"{given}_background"], f"{place}_background", scale))
    return replace(model, tables=tuple(kept))


def scaled(table: Table, name: str, scale: float) -> Table:
    """Return a table of a background under another name, its currents times `scale`."""
    found = []
    for parameter in table.parameters:
        value = parameter.quantity if parameter.unit != "pA" else parameter.quantity * scale
        found.append(replace(parameter.with_value(value), table=name))
    return Table(name, tuple(found), table.file)

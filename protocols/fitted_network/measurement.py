"""How far the networks activate and predict what the abstract memory does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from htm_brian.cells.reduced_response import plateau_duration, values_of
from htm_brian.comparison.ladder import Run, run_abstract, run_spiking
from htm_brian.comparison.recording import Recording
from htm_brian.comparison.validation import summarise, summarise_cells
from htm_brian.experiment.progress import Progress
from htm_brian.network.timing import branch_threshold, predicts_after
from htm_brian.parameters import Model
from htm_brian.protocols.fitted_network.stimulus import BRIEF, HAND, Networks, Variant
from htm_brian.sdr.ragged import Ragged

Figures = dict[str, dict[str, float]]
"""What was measured, by variant and name."""


def measure(
    networks: Networks,
    variants: list[Variant],
    stream: Ragged,
    split: int,
    apart: bool,
    progress: Progress,
) -> Figures:
    """Teach the abstract memory up to `split`, transplant; if `apart`, let each network learn."""
    teacher = teach(networks, stream.part(0, split), progress)
    found = measure_transplanted(networks, variants, teacher, stream.part(split), progress)
    if apart and not progress.interrupted:
        for name, figures in measure_apart(networks, variants, stream, progress).items():
            found[name] |= figures
    return found


def teach(networks: Networks, stream: Ragged, progress: Progress) -> Run:
    """Return the run of an abstract memory that learns on the stream."""
    progress.begin("abstract temporal memory", len(stream))
    return run_abstract(networks.abstract(), stream, watch(progress))


def measure_transplanted(
    networks: Networks,
    variants: Sequence[Variant],
    teacher: Run,
    rest: Ragged,
    progress: Progress,
) -> Figures:
    """Put the teacher's segments into every network, and compare them on the rest of the stream.

    Ends early when the run is interrupted.
    """
    copy = networks.abstract()
    copy.import_segments(teacher.segments)
    reference = run_abstract(copy, rest, watch(progress), learn=False).recording
    progress.begin("transplanted", len(variants) * len(rest))
    found: Figures = {}
    for variant in variants:
        run = run_spiking(networks.spiking(variant, teacher), rest, watch(progress))
        if progress.interrupted:
            break
        found[variant.name] = transplanted(reference, run.recording)
    return found


def measure_apart(
    networks: Networks, variants: Sequence[Variant], stream: Ragged, progress: Progress
) -> Figures:
    """Return how far networks that learned by themselves predict as much, with the ceiling.

    Ends early when the run is interrupted.
    """
    n = len(stream)
    progress.begin("trained apart", (2 + len(variants)) * n)
    first, second = (
        run_abstract(networks.abstract(k), stream, watch(progress)).recording for k in range(2)
    )
    found: Figures = {}
    if progress.interrupted:
        return found
    half = n // 2
    ceiling = apart(first.part(half, n), second.part(half, n))
    for variant in variants:
        run = run_spiking(networks.spiking(variant, None), stream, watch(progress))
        if progress.interrupted:
            break
        figures = apart(first.part(half, n), run.recording.part(half, n))
        found[variant.name] = figures | {f"{name}_ceiling": ceiling[name] for name in ceiling}
    return found


def watch(progress: Progress) -> Callable[[int], bool]:
    """Return an ``after_step`` that moves `progress` on, and ends the run at Ctrl-C."""

    def after_step(done: int) -> bool:
        progress.advance()
        return not progress.interrupted

    return after_step


def to_dataset(networks: Networks, found: Figures, period: float, slow: float) -> xr.Dataset:
    """Return what was found, and how long plateaus predict by their number of synapses.

    Parameters
    ----------
    networks : Networks
    found : dict
        By variant and name.
    period, slow : float
        Intervals of elements, in ms, at which plateaus are shown.
    """
    names = list(next(iter(found.values())))
    data: dict[str, Any] = {
        name: ("variant", [figures[name] for figures in found.values()]) for name in names
    }
    # The plateaus themselves, of the hand-set cell and of the fitted one.
    theta, most = networks.memory.activation_threshold, networks.memory.max_new_synapses
    synapses = np.arange(1, most + 1)
    arrival = float(networks.network["element"]["arrival"])
    shown = (Variant(HAND, period), Variant(BRIEF, period), Variant(BRIEF, slow))
    lengths = [
        predicts_for(networks.cell(one), synapses, theta, 1e-3 * one.period - arrival)
        for one in shown
    ]
    data["predicts_for"] = (("shown", "synapses"), 1e3 * np.array(lengths), {"units": "ms"})
    data["shown_period"] = ("shown", [one.period for one in shown], {"units": "ms"})
    return xr.Dataset(
        data,
        coords={
            "variant": list(found),
            "synapses": synapses,
            "shown": [one.name for one in shown],
        },
        attrs={"threshold": theta, "arrival": 1e3 * arrival},
    )


def predicts_for(cell: Model, synapses: Any, threshold: int, interval: float) -> Any:
    """Return for how long a branch predicts, in seconds from its synapses; 0 if it never does."""
    needed = branch_threshold(cell, threshold, interval)
    length = plateau_duration(values_of(cell) | {"branch.activation_threshold": needed}, synapses)
    return np.where(length > 0, length + predicts_after(cell), 0)


def transplanted(reference: Recording, other: Recording) -> dict[str, float]:
    """Return how far the cells of a network are those of the abstract memory."""
    figures = summarise_cells(reference, other)
    return {
        "same_steps": figures["exact"],
        "active_cells": figures["active_cells_jaccard"],
        "predictive_cells": figures["predictive_cells_jaccard"],
    }


def apart(reference: Recording, other: Recording) -> dict[str, float]:
    """Return how far a memory predicts the columns of another that learned by itself."""
    figures = summarise(reference, other)
    return {f"apart_{name}": figures[f"plateau_columns_{name}"] for name in ("recall", "jaccard")}

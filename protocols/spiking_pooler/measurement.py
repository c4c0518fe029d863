"""One pooler: what it chooses transplanted and apart, and what a memory makes of its columns."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from brian2 import nS
from numpy.typing import NDArray

from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.comparison.ladder import MemoryParameters, run_abstract
from htm_brian.experiment.progress import Progress
from htm_brian.network.spatial_pooler import (
    SpikingSpatialPooler,
    mean_overlap,
    overlap_shares,
)
from htm_brian.parameters import load_model
from htm_brian.protocols.spiking_pooler.stimulus import SeriesOfColumns, Shown, random_inputs
from htm_brian.protocols.spiking_pooler.varied import CHANGES, PARAMETERS, varied_overlap
from htm_brian.randomness import stream
from htm_brian.sdr.ragged import Ragged
from htm_brian.streams.column_stream import Chooser

if TYPE_CHECKING:
    from htm_brian.protocols.spiking_pooler import SpikingPoolerParameters

Array = NDArray[np.float64]
RELIABLE, NOISY = "no noise, reliable release", "the model's noise and release"
NO_INHIBITION, SHUFFLED, ORDER = "no inhibition", "shuffled synapses", "another order among equals"
ARMS = (RELIABLE, NOISY, NO_INHIBITION, SHUFFLED, ORDER)
"""All but the last are spiking; that one is level 0."""

STIMULI = ("random inputs", "the series")
CHOOSERS = ("level 0", "spiking", "level 0, another order among equals")


def run_seed(p: SpikingPoolerParameters, seed: int, progress: Progress) -> xr.Dataset | None:
    """Measure everything on the poolers of one seed; None where the user ended it."""
    columns = SeriesOfColumns(p, seed)
    taught: list[SpatialPooler] = []

    def kept(pooler: SpatialPooler) -> Chooser:
        taught.append(pooler)
        return pooler

    of_level_0 = columns.choose(kept)
    shown = [random_inputs(p, seed), columns.inputs(taught[0])]
    found = transplanted(p, shown, seed)
    if progress.interrupted:
        return None
    found["varied"] = ("parameter", "change"), varied_overlap(p, shown[1], seed)
    if progress.interrupted:
        return None
    streams = [
        of_level_0,
        columns.choose(lambda pooler: spiking(p, pooler, NOISY, seed)),
        columns.choose(lambda pooler: reordered(pooler, seed)),
    ]
    start = columns.taught
    parts = [one.part(start, len(one)) for one in streams]
    found["apart"] = "chooser", [mean_overlap(parts[0], part) for part in parts]
    found["anomaly"] = ("chooser", "step"), [anomaly(p, one, seed) for one in streams]
    return xr.Dataset(found).assign_coords(
        stimulus=list(STIMULI),
        arm=list(ARMS),
        active=list(p.active),
        chooser=list(CHOOSERS),
        parameter=list(PARAMETERS),
        change=list(CHANGES),
    )


def transplanted(p: SpikingPoolerParameters, shown: list[Shown], seed: int) -> dict[str, Any]:
    """Return overlaps with the same permanences, by stimulus, arm, and density.

    Without inhibition all columns win, whatever the input: the series does for that.
    """
    overlap = np.full((len(STIMULI), len(ARMS)), np.nan)
    winners = np.full_like(overlap, np.nan)
    by_density = np.full((len(p.active), len(ARMS)), np.nan)
    for row, one in enumerate(shown):
        wanted = one.chosen_by(one.pooler)
        for place, arm in enumerate(ARMS):
            if arm == NO_INHIBITION and row == 0:
                continue
            chooser = chooser_of(p, one.pooler, arm, seed)
            chosen = one.chosen_by(chooser)
            shares = overlap_shares(wanted, chosen)
            overlap[row, place], winners[row, place] = shares.mean(), chosen.counts.mean()
            if row == 0:
                groups = np.array(one.groups)
                by_density[:, place] = [shares[groups == k].mean() for k in range(len(p.active))]
    drive, latency = race(p, shown[0], seed)
    return {
        "overlap": (("stimulus", "arm"), overlap),
        "winners": (("stimulus", "arm"), winners),
        "by_density": (("active", "arm"), by_density),
        "drive": ("column", drive),
        "latency": ("column", latency, {"units": "s"}),
    }


def race(p: SpikingPoolerParameters, shown: Shown, seed: int) -> tuple[Array, Array]:
    """Return each column's overlap with the last random input, and when it spiked, or NaN."""
    chooser = spiking(p, deepcopy(shown.pooler), RELIABLE, seed)
    winners = chooser.compute(shown.inputs[-1], learn=False)
    shown.pooler.compute(shown.inputs[-1], learn=False)
    latency = np.full(p.columns, np.nan)
    latency[winners.sparse] = chooser.latencies
    return shown.pooler.overlaps.astype(float), latency


def chooser_of(p: SpikingPoolerParameters, pooler: SpatialPooler, arm: str, seed: int) -> Chooser:
    """Return what chooses in an arm, with a copy of the pooler's permanences."""
    own = deepcopy(pooler)
    return reordered(own, seed) if arm == ORDER else spiking(p, own, arm, seed)


def spiking(
    p: SpikingPoolerParameters, pooler: SpatialPooler, arm: str, seed: int
) -> SpikingSpatialPooler:
    """Return the spiking pooler of an arm."""
    model = load_model(p.model)
    if arm == NO_INHIBITION:
        off = ("inhibition.feedforward_conductance", "inhibition.feedback_conductance")
        model = model.with_values(dict.fromkeys(off, 0 * nS))
    noisy = arm == NOISY
    made = SpikingSpatialPooler(
        pooler,
        model=model,
        neurons_per_column=p.neurons_per_column if noisy else 1,
        release="model" if noisy else "reliable",
        noise="model" if noisy else "none",
        seed=1000 * p.seed + seed,
    )
    if arm == SHUFFLED:
        rng = stream(p.seed, "shuffled synapses", seed)
        made.network.connect(rng.permuted(pooler.connected.ravel()))
    return made


def reordered(pooler: SpatialPooler, seed: int) -> SpatialPooler:
    """Let other columns win among equals."""
    pooler.order[:] = stream(seed, "order among equals").permutation(pooler.columns)
    return pooler


def anomaly(p: SpikingPoolerParameters, columns: Ragged, seed: int) -> Array:
    """Return the anomaly of a memory of level 0 that learns these columns, step by step."""
    size = MemoryParameters.for_size(p.columns, p.cells, max(1, round(p.density * p.columns)))
    memory = TemporalMemory(**asdict(size), seed=seed, predict_first=True)
    goes_on: Callable[[int], bool] = lambda done: True  # noqa: E731
    return np.asarray(run_abstract(memory, columns, goes_on).recording.anomaly, dtype=float)

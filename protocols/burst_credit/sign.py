"""Where the change of a synapse turns its sign: Brian2 synapses of the burst-dependent rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import Network, SpikeGeneratorGroup, ms, second
from brian2.core.clocks import Clock
from numpy.typing import NDArray

from htm_brian.engine.compiling import uncompiled
from htm_brian.protocols.burst_credit.stimulus import (
    BASELINES,
    STEPS,
    TEST,
    WARM_UP,
    event_times,
    with_bursts,
)
from htm_brian.randomness import stream
from htm_brian.synapses.plasticity.burst_dependent import BurstDependent
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses

if TYPE_CHECKING:
    from htm_brian.protocols.burst_credit import BurstCreditParameters

Floats = NDArray[np.float64]
AVERAGES = ("running", "fixed")


def sign_of_change(p: BurstCreditParameters) -> xr.Dataset:
    """Let the share of bursts step up and down from several baselines, and see what changes."""
    shape = (p.seeds, len(BASELINES), len(STEPS), p.cells_each)
    baseline = np.broadcast_to(np.array(BASELINES)[:, None, None], shape).ravel()
    new = baseline + np.broadcast_to(np.array(STEPS)[:, None], shape).ravel()
    rng = stream(p.seed, "events")
    n_cells = len(new)
    before = event_times(n_cells, WARM_UP + TEST, rng)
    after = with_bursts(*event_times(n_cells, WARM_UP + TEST, rng), baseline, new, rng)
    # Small changes, so that no synapse comes to an end of its range.
    rule = BurstDependent(p.rule).with_values(learning_rate=1e-4)
    rules = {
        "running": rule,
        "fixed": rule.with_values(average_time_constant=1000 * second),
    }
    changes, means = [], []
    for name in AVERAGES:
        start = baseline if name == "running" else np.full(n_cells, 0.2)
        change, mean = _run(rules[name], before, after, start, n_cells)
        changes.append(change.reshape(shape).mean(axis=-1))
        means.append(mean.reshape(shape).mean(axis=-1))
    dims = ("average", "seed", "baseline", "step")
    data = xr.Dataset(
        {"change": (dims, np.array(changes) * 1e4), "running_mean": (dims, np.array(means))},
        coords={"average": list(AVERAGES), "baseline": list(BASELINES), "step": list(STEPS)},
    )
    data["crossing"] = 100 * _crossings(data)
    return data


def _run(
    rule: BurstDependent,
    before: tuple[Floats, Floats],
    after: tuple[Floats, Floats],
    start: Floats,
    n_cells: int,
) -> tuple[Floats, Floats]:
    """Return the change of efficacy in the test, and the share of bursts so far at its begin."""
    with uncompiled():
        clock = Clock(1 * ms)
        axons, cells = (
            SpikeGeneratorGroup(n_cells, who.astype(int), times * second, clock=clock, sorted=False)
            for who, times in (before, after)
        )
        synapses = PlasticSynapses(axons, cells, rule)
        synapses.connect(i=np.arange(n_cells), j=np.arange(n_cells))
        synapses.burst_average = np.asarray(synapses.event_average[:]) * start
        network = Network(axons, cells, synapses)
        network.run(WARM_UP * second)
        at_first = np.array(synapses.efficacy[:])
        # Both averages decay alike, so that their ratio needs no bringing up to date.
        mean = np.asarray(synapses.burst_average[:]) / np.asarray(synapses.event_average[:])
        network.run(TEST * second)
        return np.asarray(synapses.efficacy[:]) - at_first, mean


def _crossings(data: xr.Dataset) -> xr.DataArray:
    """Return where a straight line through the changes is zero, from the running mean at baseline.

    With the average that stays fixed that is the distance from the baseline, too: what the synapse
    would have had for a running mean.
    """
    mean = data.running_mean.where(data.average == "running", data.baseline)
    x = data.baseline + data.step - mean
    slope = _slope(x, data.change)
    return x.mean("step") - data.change.mean("step") / slope


def _slope(x: xr.DataArray, y: xr.DataArray) -> xr.DataArray:
    deviation = x - x.mean("step")
    return (deviation * (y - y.mean("step"))).sum("step") / (deviation**2).sum("step")

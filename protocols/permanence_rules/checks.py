"""What was found against the thread's claims and the closed forms."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.permanence import EPSILON
from htm_brian.abstract.segments.store import PERMANENCE_BITS
from htm_brian.experiment.checks import Check
from htm_brian.protocols.permanence_rules.stimulus import averages, counters

THREAD = "discussion: New Learning Rule for HTM Synapses"
CAPACITY = f"{THREAD}: 'the maximum number of patterns is N = incr / decr + 1'"
INCIDENCE = f"{THREAD}: the permanence measures 'the incidence rate of each synapse'"
SATURATION = f"{THREAD}: counters 'almost always saturate at either 0 or 1'"
BITS = f"{THREAD}: 'I wonder if it works with lower precision datatypes'"
COST = f"{THREAD}: 'total run time increased by about 1%'"
OURS = "htm_brian's target"


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold what was found against the thread's claims and the closed forms."""
    kept = patterns_kept(dataset)
    found = []
    for name, counter in counters().items():
        value = float(kept.sel(rule=name))
        wanted = round(counter.capacity)
        found.append(Check(f"patterns kept, {name}", value, "1", wanted, wanted, CAPACITY))
    for name, average in averages().items():
        value = float(kept.sel(rule=name))
        wanted = round(average.capacity)
        found.append(Check(f"patterns kept on average, {name}", value, "1", wanted, wanted, OURS))
    deviation = np.abs(dataset.settled_mean - dataset.rate) / dataset.standard_error
    spread = np.abs(dataset.settled_spread / dataset.predicted_spread - 1)
    inside = dataset.interior.mean("input_rate")
    at_random = dataset.sel(rounding="stochastic")
    bias = np.abs(at_random.stored_mean - dataset.rate)
    few = dataset.frozen.sel(rounding="nearest")
    slow = few.sel(bits=4)[few.learning_period >= 30]
    return [
        *found,
        _at_most("mean less rate of the input, standard errors", deviation.max(), 3.0, INCIDENCE),
        _at_most("spread over its formula, less one", spread.max(), 0.02, INCIDENCE),
        _at_least("share between 0.05 and 0.95, average", inside[0], 0.25, SATURATION),
        _at_most("share between 0.05 and 0.95, counter 1/10", inside[-1], 0.15, SATURATION),
        _at_most("stochastic rounding: mean less rate", bias.max(), 0.05, BITS),
        _at_least("to nearest: share frozen, 2 bits", few.sel(bits=2).min(), 1.0, OURS),
        _at_least("to nearest: share frozen, 4 bits, long period", slow.min(), 1.0, OURS),
        _at_most("to nearest: share frozen, 8 bits", few.sel(bits=8).max(), 0.0, BITS),
        _at_most("stochastic rounding: share frozen", at_random.frozen.max(), 0.05, OURS),
        *(
            _at_most(f"CPU time of average over counter, {work}", ratio, 1.05, COST)
            for work, ratio in zip(dataset.work.to_numpy(), cost_ratio(dataset), strict=True)
        ),
    ]


def _at_most(name: str, value: float | xr.DataArray, high: float, source: str) -> Check:
    return Check(name, float(value), "1", None, high, source)


def _at_least(name: str, value: float | xr.DataArray, low: float, source: str) -> Check:
    return Check(name, float(value), "1", low, None, source)


def patterns_kept(
    dataset: xr.Dataset, statistic: str = "mean_permanence", order: str = "in turn"
) -> xr.DataArray:
    """Return the largest number of patterns up to which no permanence falls below the threshold."""
    above = dataset[statistic].sel(order=order) >= dataset.threshold - EPSILON
    return above.cumprod("patterns").sum("patterns")


def cost_ratio(dataset: xr.Dataset) -> NDArray[np.float64]:
    """Return for each work the shortest time of the average over that of the counter."""
    shortest = dataset.cpu_time.min("repeat")
    ratio: NDArray[np.float64] = (shortest[:, 1] / shortest[:, 0]).to_numpy()
    return ratio


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return what nothing is asked of."""
    found = {}
    never_below = patterns_kept(dataset, "lowest_permanence")
    for name in averages():
        found[f"patterns never below the threshold, in turn, {name}"] = float(
            never_below.sel(rule=name)
        )
    recognised = dataset.recognised.sel(order="at random")
    for name, rule in (counters() | averages()).items():
        share = recognised.sel(rule=name, patterns=round(rule.capacity))
        found[f"share recognised at capacity, patterns at random, {name}"] = float(share)
    inside = dataset.interior.mean("input_rate")
    for name in dataset.any_rule.to_numpy().tolist():
        found[f"share between 0.05 and 0.95, {name}"] = float(inside.sel(any_rule=name))
    bias = np.abs(dataset.stored_mean - dataset.rate).max("rate")
    for bits in PERMANENCE_BITS[1:]:
        for period in dataset.learning_period.to_numpy().tolist():
            one = {"rounding": "nearest", "bits": bits, "learning_period": period}
            name = f"{bits} bits, period {period:g}"
            found[f"to nearest: largest error of the mean, {name}"] = float(bias.sel(one))
            found[f"to nearest: share frozen, {name}"] = float(dataset.frozen.sel(one).mean())
    return found

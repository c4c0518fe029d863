"""The strength after pairs, long trains and random trains, over that before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from htm_brian.randomness import stream
from htm_brian.synapses.plasticity.calcium_based import CalciumBased
from htm_brian.synapses.plasticity.finding import online_rule
from htm_brian.synapses.plasticity.online import OnlineRule
from htm_brian.synapses.plasticity.trains import Trains

if TYPE_CHECKING:
    from htm_brian.protocols.stdp_and_frequency import StdpAndFrequencyParameters

Numbers = NDArray[np.float64]

CALCIUM = ("calcium_based_dp", "calcium_based_cortex", "calcium_based_hippocampus")
TIMING = ("pair_stdp", "triplet_stdp_cortex", "triplet_stdp_pairings")
INTERVALS = (-100, -75, -50, -35, -25, -20, -15, -10, -5, 5, 10, 15, 20, 25, 35, 50, 75, 100)
"""Postsynaptic minus presynaptic spike, ms."""
PAIRS, PULSES = 60, 900
RATES = (1.0, 3.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 20.0, 50.0)
"""Of the long trains, Hz."""
RANDOM_RATES = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0)
"""Of both random trains, Hz."""
RANDOM_SECONDS = 20.0


def changes(
    rule: OnlineRule, pre: Sequence[ArrayLike], post: Sequence[ArrayLike], n: int, seed: int
) -> Numbers:
    """Return the strength after over that before, for each pair of trains.

    The average of `n` synapses where the rule draws. A bistable synapse ends on the side of the
    barrier on which the trains leave it.
    """
    lanes = n if isinstance(rule, CalciumBased) else 1
    before = [train for train in pre for _ in range(lanes)]
    after = [train for train in post for _ in range(lanes)]
    trains = Trains(rule, len(before), seed=seed)
    if not isinstance(rule, CalciumBased):
        trains.run(before, after)
        return trains.state["efficacy"] / rule.initial_state()["efficacy"]
    share = float(rule.table["initial_down_share"])
    trains.state["efficacy"][:] = np.tile((np.arange(lanes) + 0.5) / lanes > share, len(pre))
    last = [max(np.max(a, initial=0), np.max(b, initial=0)) for a, b in zip(pre, post, strict=True)]
    ends = [[end + 0.5] for end in last for _ in range(lanes)]
    (rho,) = trains.run(before, after, look_at=ends)
    more = float(rule.table["strength_ratio"]) - 1
    strength = (1 + more * (rho > 0.5)).reshape(len(pre), lanes).mean(axis=1)
    found: Numbers = strength / (1 + more * (1 - share))
    return found


def timing_curves(p: StdpAndFrequencyParameters) -> xr.Dataset:
    """Give 60 pairs at 1 Hz at each interval."""
    pre = [1.0 + np.arange(PAIRS)] * len(INTERVALS)
    post = [pre[0] + interval / 1e3 for interval in INTERVALS]
    names = [*CALCIUM, *TIMING]
    # The curve that is held against numbers gets more synapses than the others.
    numbers = [p.synapses, *[p.synapses // 8] * (len(names) - 1)]
    ratio = [
        changes(online_rule(name), pre, post, n, p.seed)
        for name, n in zip(names, numbers, strict=True)
    ]
    return xr.Dataset(
        {"timing": (("rule", "interval"), np.array(ratio))},
        coords={"rule": names, "interval": ("interval", list(INTERVALS), {"units": "ms"})},
    )


def long_trains(p: StdpAndFrequencyParameters) -> xr.Dataset:
    """Give 900 pulses at each rate; the postsynaptic cell fires a latency after each."""
    pre = [1.0 + np.arange(PULSES) / rate for rate in RATES]
    post = [train + float(p.latency) for train in pre]
    n = p.synapses // 16
    ratio = [changes(online_rule(name), pre, post, n, p.seed) for name in CALCIUM]
    return xr.Dataset(
        {"long_train": (("calcium_rule", "rate"), np.array(ratio))},
        coords={"calcium_rule": list(CALCIUM), "rate": ("rate", list(RATES), {"units": "Hz"})},
    )


def random_timing(p: StdpAndFrequencyParameters) -> xr.Dataset:
    """Give each synapse two independent random trains of one rate."""
    names = [*TIMING, CALCIUM[1]]
    mean, error = np.zeros((2, len(names), len(RANDOM_RATES)))
    for place, rate in enumerate(RANDOM_RATES):
        rng = stream(p.seed, "stdp_and_frequency", "random", place)
        pre, post = (
            [
                np.sort(rng.uniform(0, RANDOM_SECONDS, rng.poisson(rate * RANDOM_SECONDS)))
                for _ in range(p.random_synapses)
            ]
            for _ in range(2)
        )
        for number, name in enumerate(names):
            found = changes(online_rule(name), pre, post, 1, p.seed)
            mean[number, place] = found.mean()
            error[number, place] = found.std() / np.sqrt(len(found))
    return xr.Dataset(
        {
            "random": (("random_rule", "random_rate"), mean),
            "random_error": (("random_rule", "random_rate"), error),
        },
        coords={
            "random_rule": names,
            "random_rate": ("random_rate", list(RANDOM_RATES), {"units": "Hz"}),
        },
    )

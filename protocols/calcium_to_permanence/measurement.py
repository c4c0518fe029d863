"""The efficacy after each learning event, with soft and with hard bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.randomness import stream
from htm_brian.synapses.plasticity.calcium_based import CalciumBased
from htm_brian.synapses.plasticity.permanence_of import soft_steps, step, up_down_of
from htm_brian.synapses.plasticity.trains import Trains

if TYPE_CHECKING:
    from htm_brian.protocols.calcium_to_permanence import CalciumToPermanenceParameters

Numbers = NDArray[np.float64]

SHARES = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
"""Of the events at which the presynaptic cell was active."""

RATIOS = (1, 2, 5, 10)
"""Increment over decrement of the counters."""

PATTERNS = 13
"""At most so many patterns in turn."""


def learn(
    rule: CalciumBased, active: NDArray[np.bool_], first: Numbers, p: CalciumToPermanenceParameters
) -> Numbers:
    """Return the efficacies before the first event and after each.

    Parameters
    ----------
    rule : CalciumBased
    active : ndarray of bool, shape (n_events, n_synapses)
    first : ndarray of float, shape (n_synapses,)

    Returns
    -------
    ndarray of float, shape (n_events + 1, n_synapses)
    """
    n_events, n = active.shape
    period = 1 / float(p.event_rate)
    post = 1.0 + period * np.arange(n_events)
    pre = [(post - float(p.interval))[here] for here in active.T]
    trains = Trains(rule, n, seed=p.seed)
    trains.state["efficacy"][:] = first
    # Just before the next presynaptic spike could come.
    looks = post + 0.9 * (period - float(p.interval))
    return np.concatenate([[first], trains.run(pre, [post] * n, look_at=looks)])


def soft_bounds(p: CalciumToPermanenceParameters) -> xr.Dataset:
    """Let synapses learn whose presynaptic cells are active in fixed shares of the events."""
    rule = CalciumBased(p.rule).with_values(noise=0)
    exact = soft_steps(rule, p.interval)
    rng = stream(p.seed, "calcium_to_permanence", "soft")
    share = np.repeat(SHARES, p.synapses)
    active = rng.random((p.events, share.size)) < share
    first = np.tile(np.linspace(0, exact.top, p.synapses), len(SHARES))
    permanence = learn(rule, active, first, p) / exact.top
    before, change = permanence[:-1], np.diff(permanence, axis=0)
    on = (change * (1 - before))[active].sum() / ((1 - before)[active] ** 2).sum()
    off = -(change * before)[~active].sum() / (before[~active] ** 2).sum()
    bare = without_drift(rule, permanence[1:] * exact.top, p) / exact.top - before
    bare_on = (bare * (1 - before))[active].sum() / ((1 - before)[active] ** 2).sum()
    bare_off = -(bare * before)[~active].sum() / (before[~active] ** 2).sum()
    model = np.where(active, on * (1 - before), -off * before)
    r2 = 1 - ((change - model) ** 2).sum() / ((change - change.mean()) ** 2).sum()
    settled = permanence[p.events // 2 :].reshape(-1, len(SHARES), p.synapses).mean(axis=(0, 2))
    shares = np.array(SHARES)
    rest = shares * exact.alpha_on
    return xr.Dataset(
        {
            "r2": ((), r2),
            "alpha": ("presynaptic", [on, off]),
            "exact_alpha": ("presynaptic", [exact.alpha_on, exact.alpha_off]),
            "alpha_without_drift": ("presynaptic", [bare_on, bare_off]),
            "settled": ("share", settled),
            "exact_settled": ("share", rest / (rest + (1 - shares) * exact.alpha_off)),
            "course": (("event", "share"), permanence[:, :: p.synapses]),
        },
        coords={"presynaptic": ["active", "silent"], "share": shares},
    )


def without_drift(
    rule: CalciumBased, efficacy: Numbers, p: CalciumToPermanenceParameters
) -> Numbers:
    """Return efficacies as they would be had they not drifted for an event's period, by the cubic.

    The drift is taken back in closed form, from where it led to; that it began some milliseconds
    earlier or later by the length of a transient is left out.
    """
    times = 1 / float(p.event_rate * rule.table["efficacy_time_constant"])
    off = efficacy - 0.5
    back: Numbers = 0.5 + 0.5 * off / np.sqrt(off**2 + (0.25 - off**2) * np.exp(times / 2))
    return back


def hard_bounds(p: CalciumToPermanenceParameters) -> xr.Dataset:
    """Let counters learn patterns in turn, each synapse that of one pattern."""
    numbers = np.arange(1, PATTERNS + 1)
    active = np.arange(p.events)[:, None] % numbers == 0
    steps, exact = np.zeros((len(RATIOS), 2)), np.zeros((len(RATIOS), 2))
    last = np.zeros((len(RATIOS), PATTERNS))
    for place, ratio in enumerate(RATIOS):
        rule = counter(p, ratio)
        counted = up_down_of(rule, p.interval)
        exact[place] = counted.increment, counted.decrement
        efficacy = learn(rule, active, np.ones(PATTERNS), p)
        change, before = np.diff(efficacy, axis=0), efficacy[:-1]
        # Far from both bounds: within an event the efficacy first rises above where it ends.
        steps[place, 0] = change[(before < 0.35) & active].mean()
        steps[place, 1] = -change[(before > 0.2) & ~active].mean()
        last[place] = efficacy[-(p.events // 4) :].mean(axis=0)
    dims = ("ratio", "direction")
    return xr.Dataset(
        {
            "step": (dims, steps),
            "exact_step": (dims, exact),
            "last_permanence": (("ratio", "patterns"), last),
        },
        coords={"ratio": list(RATIOS), "direction": ["up", "down"], "patterns": numbers},
    )


def counter(p: CalciumToPermanenceParameters, ratio: float) -> CalciumBased:
    """Return the rule with hard bounds whose step up is `ratio` times that down.

    The rate of potentiation is what makes it so; all else is that of the model. Both rates are
    ten times as large, so that a counter reaches its bounds within a run.
    """
    rule = CalciumBased(p.rule).with_values(noise=0, hard_bounds=1)
    fall = 10 * rule.table["depression_rate"]
    unit = rule.with_values(depression_rate=fall, potentiation_rate=1)
    twice = unit.with_values(potentiation_rate=2)
    up, down = (step(unit, p.interval, active).add for active in (True, False))
    per_rate = step(twice, p.interval, True).add - up
    # A little more, or the sum of as many steps down falls short by rounding.
    wanted = -(ratio + 1e-6) * down
    return unit.with_values(potentiation_rate=1 + (wanted - up) / per_rate)

"""What the moving-average rule for permanences does better than the up/down counter, and worse.

Stimulus: patterns in turn and at random, inputs that are active at fixed rates, on segments of the
store that the memories learn with. Measurement: how many patterns a segment keeps apart, where
permanences settle, how many of them lie between the ends, what is lost in few bits, and what a
step of learning costs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.permanence import EPSILON, IncidenceRate, PermanenceRule, UpDown
from htm_brian.abstract.segments.store import PERMANENCE_BITS, ROUNDINGS, SegmentStore
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol

THREAD = "discussion: New Learning Rule for HTM Synapses"
CAPACITY = f"{THREAD}: 'the maximum number of patterns is N = incr / decr + 1'"
INCIDENCE = f"{THREAD}: the permanence measures 'the incidence rate of each synapse'"
SATURATION = f"{THREAD}: counters 'almost always saturate at either 0 or 1'"
BITS = f"{THREAD}: 'I wonder if it works with lower precision datatypes'"
COST = f"{THREAD}: 'total run time increased by about 1%'"
OURS = "htm_brian's target"

INCREMENT = 0.1
RATIOS = (1, 2, 5, 10)
"""Increment over decrement of the counters."""
RATES = (0.5, 0.2, 0.1)
"""Incidence rates of the moving averages."""
ORDERS = ("in turn", "at random")
MEAN_RATES = (0.05, 0.1, 0.2, 0.5, 0.8)
LOW, HIGH = 0.05, 0.95
"""A permanence between these is neither 0 nor 1."""


@dataclass(frozen=True)
class PermanenceRulesParameters:
    """What a run of `PermanenceRules` depends on; events are those of learning."""

    patterns: int = 24
    events: int = 2500
    learning_periods: tuple[float, ...] = (5.0, 10.0, 50.0)
    synapses: int = 500
    timed_events: int = 300
    timed_steps: int = 6000
    repeats: int = 15
    seed: int = 42

    def __post_init__(self) -> None:
        for name, low in (("patterns", 12), ("synapses", 10), ("timed_events", 1)):
            check_integer(name, getattr(self, name), low=low)
        check_integer("events", self.events, low=20 * self.patterns)
        check_integer("timed_steps", self.timed_steps, low=1)
        check_integer("repeats", self.repeats, low=1)
        check_integer("seed", self.seed, low=0)
        for period in self.learning_periods:
            check_number("learning_periods", period, low=0.1, high=self.events / 20)
        if 10.0 not in self.learning_periods or max(self.learning_periods) < 30.0:
            raise InputError(
                "learning_periods must hold 10 and one of 30 or more, where 4 bits freeze, "
                f"got {self.learning_periods}"
            )


class PermanenceRules(Protocol):
    """Capacity, stationary state, saturation, storage and cost of both rules."""

    name = "permanence_rules"
    claim = (
        "a moving average of presynaptic activity replaces the up/down counter of a permanence: "
        "it measures the incidence rate, does not saturate, and costs no more"
    )
    source = THREAD
    parameters = PermanenceRulesParameters()

    def run(self, progress: Progress) -> Outcome:
        """Measure one property after the other."""
        parameters = self.parameters
        parts = (capacity, stationary, interior, storage, cost)
        progress.begin("properties of the rules", len(parts))
        dataset = xr.Dataset()
        for part in parts:
            progress.describe(part.__name__)
            dataset = dataset.merge(part(parameters), compat="no_conflicts", join="outer")
            progress.advance()
            if progress.interrupted:
                return Outcome(dataset, [], partial=True)
        return Outcome(dataset, checks(dataset), metrics=metrics(dataset))


def counters() -> dict[str, UpDown]:
    """Return the counters of the run by name."""
    return {f"counter 1/{ratio}": UpDown(INCREMENT, INCREMENT / ratio) for ratio in RATIOS}


def averages(learning_period: float = 10.0) -> dict[str, IncidenceRate]:
    """Return the moving averages of the run by name."""
    return {f"average {rate:g}": IncidenceRate(learning_period, rate) for rate in RATES}


def capacity(parameters: PermanenceRulesParameters) -> xr.Dataset:
    """Rehearse patterns that are known, with one synapse each, and see which are kept."""
    numbers = np.arange(1, parameters.patterns + 1)
    rules: dict[str, PermanenceRule] = {**counters(), **averages()}
    shape = (len(rules), len(ORDERS), len(numbers))
    mean, lowest, kept = np.zeros(shape), np.full(shape, np.inf), np.zeros(shape)
    segment_of = np.repeat(np.arange(len(numbers)), numbers)
    first = np.cumsum(numbers) - numbers
    # Of each segment the last whole rounds, so that every synapse is seen at every phase.
    window = parameters.events // 2 // numbers * numbers
    for place, rule in enumerate(rules.values()):
        for kind, order in enumerate(ORDERS):
            rng = np.random.default_rng([parameters.seed, place, kind])
            store, segments = _segments(numbers, 1.0)
            for event in range(parameters.events):
                turn = np.full(len(numbers), event)
                shown = turn % numbers if order == "in turn" else rng.integers(0, numbers)
                active = np.zeros(store.n_inputs, dtype=np.bool_)
                active[first + shown] = True
                counted = parameters.events - event <= window
                if counted.any():
                    before = store.flat(segments).permanence
                    mean[place, kind] += counted * np.bincount(segment_of, before) / numbers
                    smallest = np.where(counted, np.minimum.reduceat(before, first), np.inf)
                    lowest[place, kind] = np.minimum(lowest[place, kind], smallest)
                    known = before[active] >= np.float32(rule.connected_permanence - EPSILON)
                    kept[place, kind] += counted * known
                store.adapt(segments, active, rule, prune_below=0.0)
    dims = ("rule", "order", "patterns")
    return xr.Dataset(
        {
            "mean_permanence": (dims, mean / window),
            "lowest_permanence": (dims, lowest),
            "recognised": (dims, kept / window),
            "threshold": ("rule", [rule.connected_permanence for rule in rules.values()]),
        },
        coords={"rule": list(rules), "order": list(ORDERS), "patterns": numbers},
    )


def stationary(parameters: PermanenceRulesParameters) -> xr.Dataset:
    """Let moving averages settle on inputs of fixed rates."""
    shape = (len(parameters.learning_periods), len(MEAN_RATES))
    mean, spread, wanted = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    rates = np.array(MEAN_RATES)
    for place, period in enumerate(parameters.learning_periods):
        rule = IncidenceRate(period, 0.2)
        total, squares, events = 0.0, 0.0, 0
        for permanence in _settled(parameters, rule, rates, parameters.synapses, place):
            total = total + permanence.sum(axis=1)
            squares = squares + (permanence**2).sum(axis=1)
            events += parameters.synapses
        mean[place] = total / events
        spread[place] = np.sqrt(squares / events - mean[place] ** 2)
        wanted[place] = np.sqrt(rates * (1 - rates) * rule.alpha / (2 - rule.alpha))
    # Averages over time of a moving average vary as much as those of its input.
    n_events = parameters.events * parameters.synapses
    error = np.sqrt(rates * (1 - rates) / n_events)
    dims = ("learning_period", "rate")
    return xr.Dataset(
        {
            "settled_mean": (dims, mean),
            "settled_spread": (dims, spread),
            "predicted_spread": (dims, wanted),
            "standard_error": ("rate", error),
        },
        coords={"learning_period": list(parameters.learning_periods), "rate": rates},
    )


def interior(parameters: PermanenceRulesParameters) -> xr.Dataset:
    """Count permanences that lie between the ends, at rates spread evenly from 0 to 1."""
    rates = (np.arange(20) + 0.5) / 20
    rules: dict[str, PermanenceRule] = {"moving average": IncidenceRate(), **counters()}
    share = np.zeros((len(rules), len(rates)))
    for place, rule in enumerate(rules.values()):
        for permanence in _settled(parameters, rule, rates, parameters.synapses // 5, place):
            share[place] += ((permanence > LOW) & (permanence < HIGH)).mean(axis=1)
    return xr.Dataset(
        {"interior": (("any_rule", "input_rate"), share / parameters.events)},
        coords={"any_rule": list(rules), "input_rate": rates},
    )


def storage(parameters: PermanenceRulesParameters) -> xr.Dataset:
    """Store moving averages in few bits, rounded at random and to the nearest level."""
    rates = np.array(MEAN_RATES)
    n = parameters.synapses // 5
    dims = ("learning_period", "bits", "rounding", "rate")
    shape = (len(parameters.learning_periods), len(PERMANENCE_BITS), len(ROUNDINGS), len(rates))
    mean, frozen = np.zeros(shape), np.zeros(shape)
    for place in np.ndindex(shape[:3]):
        rule = IncidenceRate(parameters.learning_periods[place[0]], 0.2)
        bits, rounding = PERMANENCE_BITS[place[1]], ROUNDINGS[place[2]]
        moved = np.zeros((len(rates), n), dtype=np.bool_)
        start = None
        seen = range(0, parameters.events, 5)
        for permanence in _settled(parameters, rule, rates, n, 0, seen, bits, rounding):
            start = permanence if start is None else start
            moved |= permanence != start
            mean[place] += permanence.mean(axis=1) / len(seen)
        frozen[place] = 1 - moved.mean(axis=1)
    return xr.Dataset(
        {"stored_mean": (dims, mean), "frozen": (dims, frozen)},
        coords={"bits": list(PERMANENCE_BITS), "rounding": list(ROUNDINGS)},
    )


def cost(parameters: PermanenceRulesParameters) -> xr.Dataset:
    """Time both rules in turn: learning of segments alone, and steps of a whole memory."""
    rules: dict[str, PermanenceRule] = {
        "counter": UpDown(INCREMENT, 0.02),
        "moving average": IncidenceRate(10.0, 0.2),
    }
    seconds = np.full((2, len(rules), parameters.repeats), np.nan)
    for repeat in range(-1, parameters.repeats):  # the first one compiles
        for place, rule in enumerate(rules.values()):
            times = (_time_learning(parameters, rule), _time_memory(parameters, rule))
            if repeat >= 0:
                seconds[:, place, repeat] = times
    return xr.Dataset(
        {"cpu_time": (("work", "timed_rule", "repeat"), seconds, {"units": "s"})},
        coords={"work": ["learning", "whole memory"], "timed_rule": list(rules)},
    )


def _time_learning(parameters: PermanenceRulesParameters, rule: PermanenceRule) -> float:
    """Return the CPU time of learning on 500 segments of 40 synapses."""
    rng = np.random.default_rng(parameters.seed)
    store, segments = _segments(np.full(500, 40), rule.connected_permanence)
    active = rng.random((20, store.n_inputs)) < 0.2
    started = time.process_time()
    for event in range(parameters.timed_events):
        store.adapt(segments, active[event % len(active)], rule, prune_below=0.0)
    return time.process_time() - started


def _time_memory(parameters: PermanenceRulesParameters, rule: PermanenceRule) -> float:
    """Return the CPU time of a memory on ten sequences that share their middle."""
    rng = np.random.default_rng(parameters.seed)
    patterns = [np.sort(rng.choice(1024, 20, replace=False)) for _ in range(64)]
    sequences = [[*range(6 * i, 6 * i + 3), *range(60, 64), *range(6 * i + 3, 6 * i + 6)]
                 for i in range(10)]  # fmt: skip
    memory = TemporalMemory(1024, 16, permanence_rule=rule, seed=parameters.seed)
    started = time.process_time()
    for step in range(parameters.timed_steps):
        number, place = divmod(step, 10)
        if place == 0:
            memory.reset()
        memory.compute(patterns[sequences[number % 10][place]])
    return time.process_time() - started


def _segments(
    sizes: NDArray[np.integer], permanence: float, **options: object
) -> tuple[SegmentStore, NDArray[np.int32]]:
    """Return a store of one segment a cell, each with inputs of its own."""
    store = SegmentStore(
        len(sizes),
        1,
        int(sizes.max()),
        n_inputs=int(sizes.sum()),
        **options,  # type: ignore[arg-type]
    )
    segments = store.create(np.arange(len(sizes)))
    ends = np.cumsum(sizes)
    for segment, size, end in zip(segments, sizes, ends, strict=True):
        store.grow([segment], np.arange(end - size, end), size, permanence, "lowest_index")
    return store, segments


def _settled(
    parameters: PermanenceRulesParameters,
    rule: PermanenceRule,
    rates: NDArray[np.float64],
    synapses: int,
    number: int,
    seen: range | None = None,
    bits: int = 32,
    rounding: str = "stochastic",
) -> Iterator[NDArray[np.float64]]:
    """Yield the permanences of a segment for each rate, at the events `seen`, once settled.

    Before that, twenty learning periods or a quarter of the events pass, whichever is more.
    """
    rng = np.random.default_rng([parameters.seed, number])
    sizes = np.full(len(rates), synapses)
    store, segments = _segments(
        sizes, 0.2, seed=parameters.seed, permanence_bits=bits, rounding=rounding
    )
    chance = np.repeat(rates, synapses)
    seen = range(parameters.events) if seen is None else seen
    settling = parameters.events // 4
    if isinstance(rule, IncidenceRate):
        settling = max(settling, math.ceil(20 * rule.learning_period))
    for event in range(-settling, parameters.events):
        store.adapt(segments, rng.random(len(chance)) < chance, rule, prune_below=0.0)
        if event in seen:
            permanence = store.flat(segments).permanence.reshape(len(rates), synapses)
            yield permanence.astype(np.float64)


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

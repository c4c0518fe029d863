"""Capacity, stationary state, saturation, storage in few bits and cost of the rules."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from htm_brian.abstract.permanence import EPSILON, IncidenceRate, PermanenceRule, UpDown
from htm_brian.abstract.segments.store import PERMANENCE_BITS, ROUNDINGS
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.protocols.permanence_rules.stimulus import (
    INCREMENT,
    MEAN_RATES,
    averages,
    counters,
    new_segments,
    settled,
)

if TYPE_CHECKING:
    from htm_brian.protocols.permanence_rules import PermanenceRulesParameters

ORDERS = ("in turn", "at random")
LOW, HIGH = 0.05, 0.95
"""A permanence between these is neither 0 nor 1."""


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
            store, segments = new_segments(numbers, 1.0)
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
        for permanence in settled(parameters, rule, rates, parameters.synapses, place):
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
        for permanence in settled(parameters, rule, rates, parameters.synapses // 5, place):
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
        for permanence in settled(parameters, rule, rates, n, 0, seen, bits, rounding):
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
    store, segments = new_segments(np.full(500, 40), rule.connected_permanence)
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

"""What is lost by pruning, by eight bits and by sharing, with one seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.permanence import EPSILON, IncidenceRate, PermanenceRule, UpDown
from htm_brian.abstract.segments.store import ROUNDINGS, SegmentStore

if TYPE_CHECKING:
    from htm_brian.protocols.permanence_storage import PermanenceStorageParameters

RATES = (0.05, 0.1, 0.15, 0.25, 0.3, 0.4, 0.6)
"""Of inputs that pruned synapses come from, on both sides of the threshold."""
ALL_RATES = tuple((np.arange(20) + 0.5) / 20)
FAR, AT = "far below the threshold", "at the threshold"
RULES = ("counter", "moving average")
LOOK = 20
"""Events between two looks at what is stored."""


def pruning(parameters: PermanenceStorageParameters, number: int) -> xr.Dataset:
    """Prune synapses that all begin at the threshold, and see which are left."""
    rule = IncidenceRate(parameters.learning_period, parameters.incidence_rate)
    left = np.zeros((2, len(RATES)))
    disconnected = np.zeros((2, len(RATES)))
    for row, limit in enumerate((parameters.pruned_far_below, rule.connected_permanence)):
        rng = np.random.default_rng([parameters.seed + number, 0])  # both see the same inputs
        chance = np.repeat(RATES, parameters.synapses)
        store, segments = _one_synapse_each(len(chance), rule.initial_permanence)
        for _ in range(parameters.events):
            store.adapt(segments, rng.random(len(chance)) < chance, rule, prune_below=limit)
            segments = segments[store.arrays.segments["count"][segments] > 0]
        flat = store.flat(segments)
        weak = flat.permanence < rule.connected_permanence - EPSILON
        kind = flat.presynaptic // parameters.synapses
        left[row] = np.bincount(kind, minlength=len(RATES)) / parameters.synapses
        disconnected[row] = np.bincount(kind[weak], minlength=len(RATES))
    dims = ("pruning", "rate")
    return xr.Dataset(
        {
            "left": (dims, left, {"units": "1"}),
            "disconnected": (dims, disconnected, {"units": "1"}),
        },
        coords={"pruning": [FAR, AT], "rate": list(RATES)},
    )


def eight_bits(parameters: PermanenceStorageParameters, number: int) -> xr.Dataset:
    """Let the same events act on eight bits and on floats; compare what is connected."""
    rules: tuple[PermanenceRule, ...] = (
        UpDown(),
        IncidenceRate(parameters.learning_period, parameters.incidence_rate),
    )
    n = parameters.synapses // 10 + 1
    chance = np.repeat(ALL_RATES, n)
    same = np.zeros((len(RULES), len(ROUNDINGS)))
    for place, rule in enumerate(rules):
        options: list[dict[str, object]] = [
            {"permanence_bits": 8, "rounding": rounding} for rounding in ROUNDINGS
        ]
        pairs = [
            _one_synapse_each(
                len(chance), rule.initial_permanence, seed=parameters.seed + number, **each
            )
            for each in ({}, *options)
        ]
        rng = np.random.default_rng([parameters.seed + number, 1, place])
        looks = 0
        for event in range(parameters.events):
            active = rng.random(len(chance)) < chance
            for store, segments in pairs:
                store.adapt(segments, active, rule, prune_below=0.0)
            if event >= parameters.events // 2 and event % LOOK == 0:
                exact, *rounded = (_connected(*pair, rule) for pair in pairs)
                same[place] += [(one == exact).mean() for one in rounded]
                looks += 1
        same[place] /= looks
    return xr.Dataset(
        {"connected_alike": (("rule", "rounding"), same, {"units": "1"})},
        coords={"rule": list(RULES), "rounding": list(ROUNDINGS)},
    )


def sharing(parameters: PermanenceStorageParameters, number: int) -> xr.Dataset:
    """Store 1, 2, ... patterns in segments whose synapses they share; see which are missed."""
    numbers = np.arange(1, parameters.patterns + 1)
    shape = (len(parameters.pools), len(numbers))
    mean, missed = np.zeros(shape), np.zeros(shape)
    for place, pool in enumerate(parameters.pools):
        rng = np.random.default_rng([parameters.seed + number, 2, place])
        mean[place], missed[place] = _stored(parameters, pool, numbers, rng)
    dims = ("pool", "patterns")
    return xr.Dataset(
        {
            "mean_permanence": (dims, mean, {"units": "1"}),
            "missed": (dims, missed, {"units": "1"}),
        },
        coords={"pool": list(parameters.pools), "patterns": numbers},
    )


def _stored(
    parameters: PermanenceStorageParameters,
    pool: int,
    numbers: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean permanence and the share of patterns missed, by number of patterns."""
    rule = IncidenceRate(parameters.slow_period, parameters.stored_rate)
    patterns = [_patterns(pool, parameters.pattern_size, n, rng) for n in numbers]
    sizes = np.array([each.shape[1] for each in patterns])
    first = np.cumsum(sizes) - sizes
    store = SegmentStore(len(sizes), 1, int(sizes.max()), n_inputs=int(sizes.sum()))
    segments = store.create(np.arange(len(sizes)))
    for segment, start, size in zip(segments, first, sizes, strict=True):
        sources = np.arange(start, start + size)
        store.grow([segment], sources, size, rule.initial_permanence, "lowest_index")
    mean, missed, looks = np.zeros(len(numbers)), np.zeros(len(numbers)), 0
    for event in range(parameters.events):
        shown = rng.integers(0, numbers)
        active = np.concatenate([each[k] for each, k in zip(patterns, shown, strict=True)])
        store.adapt(segments, active, rule, prune_below=0.0)
        if event < parameters.events // 2 or event % LOOK:
            continue
        looks += 1
        permanence = store.flat(segments).permanence
        mean += np.add.reduceat(permanence, first) / sizes
        connected = permanence >= rule.connected_permanence - EPSILON
        for row, (each, start, size) in enumerate(zip(patterns, first, sizes, strict=True)):
            overlap = each @ connected[start : start + size].astype(np.int64)
            missed[row] += (overlap < parameters.pattern_threshold).mean()
    return mean / looks, missed / looks


def _patterns(pool: int, size: int, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which synapses each of `n` patterns has, of those that any of them has."""
    member = np.zeros((n, pool), dtype=np.bool_)
    for row in member:
        row[rng.choice(pool, size, replace=False)] = True
    return member[:, member.any(axis=0)]


def _one_synapse_each(
    n: int, permanence: float, **options: object
) -> tuple[SegmentStore, NDArray[np.int32]]:
    """Return a store of `n` segments, each with one synapse from an input of its own."""
    store = SegmentStore(n, 1, 1, n_inputs=n, **options)  # type: ignore[arg-type]
    segments = store.create(np.arange(n))
    for segment in segments:
        store.grow([segment], [segment], 1, permanence, "lowest_index")
    return store, segments


def _connected(
    store: SegmentStore, segments: NDArray[np.int32], rule: PermanenceRule
) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (
        store.flat(segments).permanence >= rule.connected_permanence - EPSILON
    )
    return found

"""The rules, segments with inputs of their own, and inputs that are active at fixed rates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.permanence import IncidenceRate, PermanenceRule, UpDown
from htm_brian.abstract.segments.store import SegmentStore

if TYPE_CHECKING:
    from htm_brian.protocols.permanence_rules import PermanenceRulesParameters

INCREMENT = 0.1
RATIOS = (1, 2, 5, 10)
"""Increment over decrement of the counters."""
RATES = (0.5, 0.2, 0.1)
"""Incidence rates of the moving averages."""
MEAN_RATES = (0.05, 0.1, 0.2, 0.5, 0.8)


def counters() -> dict[str, UpDown]:
    """Return the counters of the run by name."""
    return {f"counter 1/{ratio}": UpDown(INCREMENT, INCREMENT / ratio) for ratio in RATIOS}


def averages(learning_period: float = 10.0) -> dict[str, IncidenceRate]:
    """Return the moving averages of the run by name."""
    return {f"average {rate:g}": IncidenceRate(learning_period, rate) for rate in RATES}


def new_segments(
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


def settled(
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
    store, segments = new_segments(
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

"""Segments and sets, closed forms and fractions, chance and counts."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.sdr import theory

if TYPE_CHECKING:
    from htm_brian.protocols.binary_matching import BinaryMatchingParameters

CONNECTED = 0.5
MATCHES = (
    (2048, 40, 20, 10),
    (2048, 40, 20, 15),
    (16_384, 320, 40, 20),
    (65_536, 1280, 26, 13),
    (65_536, 1280, 71, 13),
    (200_000, 2000, 20, 10),
)
"""Cells, active cells, synapses and threshold: sizes of networks in the literature and here."""
MISSES = ((20, 13, 0.5), (26, 13, 0.7), (40, 13, 0.5), (71, 13, 0.3), (20, 15, 0.9))
"""Synapses, threshold and probability that one of them transmits."""
KINDS = ("chance match", "missed by release failure")
TRANSMISSION = 0.5
"""In the counts of misses."""


def matches(parameters: BinaryMatchingParameters) -> xr.Dataset:
    """Show patterns to a memory, and count by sets which of its segments must be active."""
    rng = np.random.default_rng([parameters.seed, 0])
    n, per = parameters.segments, parameters.synapses
    sources = np.array([np.sort(rng.choice(parameters.cells, per, False)) for _ in range(n)])
    permanence = rng.random((n, per)).astype(np.float32)
    memory = TemporalMemory(
        parameters.cells,
        1,
        activation_threshold=parameters.threshold,
        min_threshold=1,
        connected_permanence=CONNECTED,
        max_synapses_per_segment=max(per, parameters.threshold),
    )
    ends = np.arange(0, n * per + 1, per)
    memory.import_segments(
        SegmentTable(np.arange(n), ends, sources.ravel(), permanence.ravel(), parameters.cells)
    )
    connected = [
        {int(cell) for cell, p in zip(*each, strict=True) if p >= CONNECTED}
        for each in zip(sources, permanence, strict=True)
    ]
    wrong = np.zeros(parameters.patterns, dtype=np.int64)
    active = np.zeros(parameters.patterns, dtype=np.int64)
    for place in range(parameters.patterns):
        pattern = rng.choice(parameters.cells, parameters.active, replace=False)
        memory.reset()
        memory.compute(np.sort(pattern), learn=False)
        seen = set(pattern.tolist())
        wanted = {
            segment
            for segment, cells in enumerate(connected)
            if len(cells & seen) >= parameters.threshold
        }
        wrong[place] = len(wanted ^ set(memory.predictive_cells.tolist()))
        active[place] = len(wanted)
    return xr.Dataset(
        {
            "wrong": ("pattern", wrong, {"units": "1"}),
            "matching": ("pattern", active, {"units": "1"}),
            "cases": n * parameters.patterns,
        }
    )


def formulas(parameters: BinaryMatchingParameters) -> xr.Dataset:
    """Return closed forms and the same by exact fractions."""
    found = [float(theory.false_match(*each)) for each in MATCHES]
    found += [float(theory.miss_under_release_failure(*each)) for each in MISSES]
    exact = [float(_false_match(*each)) for each in MATCHES]
    exact += [float(_miss(s, t, Fraction(p))) for s, t, p in MISSES]
    kinds = np.repeat(KINDS, [len(MATCHES), len(MISSES)])
    return xr.Dataset(
        {
            "closed_form": ("formula", found, {"units": "1"}),
            "exact": ("formula", exact, {"units": "1"}),
        },
        coords={"kind": ("formula", kinds)},
    )


def chance(parameters: BinaryMatchingParameters) -> xr.Dataset:
    """Count chance matches, and misses where each synapse transmits by chance."""
    rng = np.random.default_rng([parameters.seed, 1])
    n, a, s, t = parameters.cells, parameters.active, parameters.synapses, parameters.threshold
    overlaps = rng.hypergeometric(a, n - a, s, parameters.draws)
    # Patterns drawn cell by cell for a part: NumPy's hypergeometric draw is not taken on trust.
    few = parameters.draws // 20
    drawn = np.array([np.sum(rng.choice(n, a, replace=False) < s) for _ in range(few)])
    sent = rng.binomial(s, TRANSMISSION, parameters.draws)
    hits = [np.mean(overlaps >= t), np.mean(drawn >= t), np.mean(sent < t)]
    wanted = [theory.false_match(n, a, s, t)] * 2
    wanted.append(theory.miss_under_release_failure(s, t, TRANSMISSION))
    expected = np.array(wanted, dtype=float)
    draws = np.array([parameters.draws, few, parameters.draws])
    error = np.sqrt(expected * (1 - expected) / draws)
    names = ["overlaps", "patterns cell by cell", "transmitted"]
    return xr.Dataset(
        {
            "counted": ("count", hits, {"units": "1"}),
            "expected": ("count", expected, {"units": "1"}),
            "standard_error": ("count", error, {"units": "1"}),
        },
        coords={"count": names},
    )


def _false_match(n: int, a: int, s: int, threshold: int) -> Fraction:
    ways = sum(comb(s, k) * comb(n - s, a - k) for k in range(threshold, min(s, a) + 1))
    return Fraction(ways, comb(n, a))


def _miss(s: int, threshold: int, p: Fraction) -> Fraction:
    return sum(
        (comb(s, k) * p**k * (1 - p) ** (s - k) for k in range(min(threshold, s + 1))), Fraction(0)
    )

"""Speed of the spatial pooler, and of the same arithmetic in plain NumPy, in the same run.

    python benchmarks/bench_spatial_pooler.py

Steps per second of processor time; input of random SDRs with 10 % of the bits on, pools of half the
input. The NumPy version keeps dense matrices and must choose the same columns at every step. Peers'
figures were measured on another machine of the same kind, so
the ratio to NumPy is what can be compared between machines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import process_time

import numpy as np
from numpy.typing import NDArray
from record import Record

from htm_brian.abstract.permanence import EPSILON, UpDown
from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.sdr.sdr import SDR

PEERS = {
    2048: {"htm.core (C++)": (803, 5_993), "NuPIC (C++)": (302, 1_069)},
    1024: {"htm.core (C++)": (3_573, 21_070)},
}
"""Steps per processor second, learning and inferring."""

INPUT_DENSITY = 0.1
REPEATS = 5


class NumpyPooler:
    """The same pooler in plain NumPy: one dense matrix, whole-array operations."""

    def __init__(self, pooler: SpatialPooler) -> None:
        shape = (pooler.columns, pooler.input_size)
        self.rule = pooler.permanence_rule
        self.threshold = np.float32(pooler.connected_permanence - EPSILON)
        self.n_winners = round(pooler.density * pooler.columns)
        self.period = pooler.duty_cycle_period
        self.priority = pooler._priority
        self.pool = np.zeros(shape, dtype=np.bool_)
        np.put_along_axis(self.pool, pooler.potential.astype(np.int64), True, axis=1)
        self.permanence = np.zeros(shape, dtype=np.float32)
        np.put_along_axis(
            self.permanence, pooler.potential.astype(np.int64), pooler.permanence, axis=1
        )
        # One row an input: the rows of the active inputs are added, the fastest way that was found.
        self.connected = np.ascontiguousarray(((self.permanence >= self.threshold) & self.pool).T)
        self.duty_cycles = np.zeros((2, pooler.columns))
        self.steps = 0

    def compute(self, sdr: SDR, learn: bool = True) -> NDArray[np.int64]:
        """Return the winning columns."""
        overlaps = self.connected[sdr.sparse].sum(axis=0, dtype=np.int16).astype(np.int64)
        rank = overlaps * self.priority.size + self.priority
        winners = np.sort(np.argpartition(rank, -self.n_winners)[-self.n_winners :])
        if learn:
            self._learn(winners, overlaps, sdr)
        return winners

    def _learn(self, winners: NDArray[np.int64], overlaps: NDArray[np.int64], sdr: SDR) -> None:
        pool = self.pool[winners]
        active = np.broadcast_to(sdr.dense, pool.shape)
        updated = self.rule.update(self.permanence[winners], active)
        self.permanence[winners] = updated * pool
        self.connected[:, winners] = ((updated >= self.threshold) & pool).T
        self.steps += 1
        period = min(self.period, self.steps)
        self.duty_cycles *= 1 - 1 / period
        self.duty_cycles[0, winners] += 1 / period
        self.duty_cycles[1, overlaps > 0] += 1 / period


def steps_per_second(
    compute: Callable[[SDR, bool], object], sdrs: Sequence[SDR], learn: bool
) -> float:
    start = process_time()
    for sdr in sdrs:
        compute(sdr, learn)
    return len(sdrs) / (process_time() - start)


def measure(size: int) -> dict[str, tuple[float, float]]:
    """Return steps per second, learning and inferring, the best of some interleaved repeats."""
    pooler = SpatialPooler(
        size, size, permanence_rule=UpDown(0.05, 0.008), min_overlap_duty_cycle=0.0
    )
    plain = NumpyPooler(pooler)
    sdrs = [SDR.random(size, round(INPUT_DENSITY * size), seed=number) for number in range(400)]
    for sdr in sdrs[:50]:
        same = np.array_equal(pooler.compute(sdr).sparse, plain.compute(sdr))
        assert same, "the NumPy version must choose the same columns"
    found: dict[str, list[list[float]]] = {"htm_brian": [], "plain NumPy": []}
    for _ in range(REPEATS):
        for name, compute, n_steps in (
            ("htm_brian", pooler.compute, 400),
            ("plain NumPy", plain.compute, 60),
        ):
            rates = [steps_per_second(compute, sdrs[:n_steps], learn) for learn in (True, False)]
            found[name].append(rates)
    best = {name: np.max(rates, axis=0) for name, rates in found.items()}
    return {name: (float(rates[0]), float(rates[1])) for name, rates in best.items()}


def main() -> None:
    """Print one table for each size, and keep them."""
    record = Record("spatial_pooler")
    for size in (2048, 1024):
        found = measure(size)
        plain = found["plain NumPy"]
        synapses = size * size // 2
        table = record.table(
            f"{size} columns, {size} inputs, {synapses:,} potential synapses",
            {"learning": "/s", "inferring": "/s", "times NumPy": "x", "inferring, times": "x"},
        )
        for name, (learning, inferring) in found.items():
            table.row(name, learning, inferring, learning / plain[0], inferring / plain[1])
        for name, rates in PEERS[size].items():
            table.row(f"{name}, measured elsewhere", *rates, None, None)
    record.write()


if __name__ == "__main__":
    main()

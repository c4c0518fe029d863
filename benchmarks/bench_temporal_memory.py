"""Speed and memory of the abstract temporal memory, with yardsticks measured in the same run.

    python benchmarks/bench_temporal_memory.py [--quick]

Steps per second of processor time with default parameters, on the streams that the peers were
measured on: repeated sequences (ten sequences of ten patterns, the fourth to the seventh shared by
all; 500 of them in random order, a reset before each) and noise (5,000 fresh patterns, no resets,
which grow a segment in each active column at every step). One pass with learning, then one without.

The peers' figures come from another machine of the same kind. The yardsticks do not: a bare C loop
that counts the overlaps of the same segments from the same lists (no threshold, no result), and
plain NumPy that counts them over all synapses.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import shared_library
from numpy.typing import NDArray
from record import Record

from htm_brian.abstract.temporal_memory import TemporalMemory

SIZES = {"2048 x 32": (2048, 32, 40), "1024 x 16": (1024, 16, 20)}
HTM_CORE = {
    ("2048 x 32", "sequences"): (21_000, 40_000),
    ("2048 x 32", "noise"): (869, 633),
    ("1024 x 16", "sequences"): (60_000, None),
    ("1024 x 16", "noise"): (3_446, None),
}
"""Steps per processor second of htm.core (C++), learning and inferring."""

TARGET = {"sequences": 1.0, "noise": 1.5}
"""What this memory must reach, as a multiple of htm.core."""

MAX_BYTES_A_SYNAPSE = 24

C_LOOP = """
#include <stdint.h>
#include <string.h>
void count(const int32_t *cells, int64_t n_cells, const int64_t *start, const int64_t *stop,
           const int32_t *entries, int16_t *overlap, int64_t n_segments) {
    memset(overlap, 0, n_segments * sizeof(int16_t));
    for (int64_t i = 0; i < n_cells; i++)
        for (int64_t k = start[cells[i]]; k < stop[cells[i]]; k++)
            overlap[entries[k]]++;
}
"""

Pattern = tuple[NDArray[np.int64], bool]


def sequences(columns: int, w: int, n_steps: int) -> list[Pattern]:
    """Return (active columns, whether a reset comes before) of the repeated sequences."""
    rng = np.random.RandomState(7)  # as the peers were measured

    def pattern() -> NDArray[np.int64]:
        return np.sort(rng.choice(columns, w, replace=False))

    shared = [pattern() for _ in range(4)]
    known = [
        [pattern() for _ in range(3)] + shared + [pattern() for _ in range(3)] for _ in range(10)
    ]
    order = rng.randint(0, 10, n_steps // 10)
    return [(p, i == 0) for chosen in order for i, p in enumerate(known[chosen])]


def noise(columns: int, w: int, n_steps: int) -> list[Pattern]:
    """Return fresh random patterns."""
    rng = np.random.RandomState(7)
    return [(np.sort(rng.choice(columns, w, replace=False)), False) for _ in range(n_steps)]


def rate(tm: TemporalMemory, stream: list[Pattern], learn: bool) -> float:
    """Return steps per processor second, without a garbage collection that falls into them."""
    compute, reset = tm.compute, tm.reset
    gc.collect()
    gc.disable()
    try:
        start = process_time()
        for pattern, after_reset in stream:
            if after_reset:
                reset()
            compute(pattern, learn)
        return len(stream) / (process_time() - start)
    finally:
        gc.enable()


def microseconds(call: Callable[[], object], n: int) -> float:
    """Return the least processor time of one of the `n` things that a call does."""
    best = np.inf
    for _ in range(5):
        start = process_time()
        call()
        best = min(best, process_time() - start)
    return 1e6 * float(best) / n


def bench_streams(record: Record, n_steps: int, repeats: int) -> None:
    """Measure the speed on both streams."""
    table = record.table(
        f"best of {repeats} passes of {n_steps:,} steps",
        {"learn": "/s", "target": "", "infer": "/s", "its target": "", "bytes a synapse": ""},
    )
    for size, (columns, cells, w) in SIZES.items():
        for kind, make in (("sequences", sequences), ("noise", noise)):
            stream = make(columns, w, n_steps)
            rates = []
            for _ in range(repeats if kind == "sequences" else max(1, repeats // 3)):
                tm = TemporalMemory(columns, cells)
                rates.append((rate(tm, stream, True), rate(tm, stream, False)))
            learn, infer = np.max(rates, axis=0)
            goals = [None if peer is None else TARGET[kind] * peer for peer in HTM_CORE[size, kind]]
            used = tm.nbytes / tm.n_synapses
            label = f"{size}, {kind}, {tm.n_synapses:,} synapses"
            table.row(label, learn, goals[0], infer, goals[1], used)
            if used > MAX_BYTES_A_SYNAPSE:
                print(f"  more than {MAX_BYTES_A_SYNAPSE} bytes a synapse")


def compiled_loop(folder: str) -> ctypes.CDLL | None:
    """Return the C loop, or None without a compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    source, library = Path(folder) / "loop.c", Path(folder) / "loop.so"
    source.write_text(C_LOOP)
    shared_library.build(compiler, ["-O3", "-march=native"], source, library)
    return ctypes.CDLL(str(library))


def bench_growth(record: Record, largest: int) -> None:
    """Measure how the cost of a step grows with the number of synapses, beside the yardsticks."""
    columns, cells, w = SIZES["2048 x 32"]
    names = {"learn": "us", "infer": "us", "C loop": "us", "NumPy": "us"}
    ratios = {"infer / C": "x", "NumPy / infer": "x"}
    table = record.table("a step on noise, 2048 x 32", names | ratios)
    rng = np.random.RandomState(7)
    tm = TemporalMemory(columns, cells)
    with tempfile.TemporaryDirectory() as folder:
        loop = compiled_loop(folder)
        for wanted in [10**n for n in range(3, 8) if 10**n <= largest]:
            learn, n_grown = 0.0, 0
            while tm.n_synapses < wanted:
                pattern = np.sort(rng.choice(columns, w, replace=False))
                start = process_time()
                tm.compute(pattern)
                learn += process_time() - start
                n_grown += 1
            learn *= 1e6 / n_grown  # on the way here from the size before
            stream = noise(columns, w, 200)
            infer = 1e6 / max(rate(tm, stream, False) for _ in range(5))
            c, plain = yardsticks(tm, loop, stream)
            ratio = None if c is None else infer / c
            table.row(f"{wanted:,} synapses", learn, infer, c, plain, ratio, plain / infer)


def yardsticks(
    tm: TemporalMemory, loop: ctypes.CDLL | None, stream: list[Pattern]
) -> tuple[float | None, float]:
    """Return microseconds of the C loop and of plain NumPy for a step of a bursting stream."""
    table = tm.export_segments()
    segment_of = table.segment_of
    cells = np.arange(tm.cells_per_column)
    bursts = [
        (pattern[:, None] * tm.cells_per_column + cells).ravel().astype(np.int32)
        for pattern, _ in stream
    ]

    def plain(active: NDArray[np.int32]) -> NDArray[np.int64]:
        is_active = np.zeros(tm.n_cells, dtype=bool)
        is_active[active] = True
        return np.bincount(segment_of[is_active[table.presynaptic]], minlength=table.n_segments)

    in_numpy = microseconds(lambda: [plain(active) for active in bursts[:5]], 5)
    if loop is None:
        return None, in_numpy
    order = np.argsort(table.presynaptic, kind="stable")
    entries = segment_of[order].astype(np.int32)
    ends = np.cumsum(np.bincount(table.presynaptic, minlength=tm.n_cells))
    starts = np.concatenate(([0], ends[:-1]))
    overlap = np.empty(table.n_segments, dtype=np.int16)
    lists = [ctypes.c_void_p(array.ctypes.data) for array in (starts, ends, entries, overlap)]
    n_segments = ctypes.c_int64(len(overlap))
    calls = [
        (ctypes.c_void_p(active.ctypes.data), ctypes.c_int64(len(active)), *lists, n_segments)
        for active in bursts
    ]
    in_c = microseconds(lambda: [loop.count(*arguments) for arguments in calls], len(calls))
    assert np.array_equal(overlap, plain(bursts[-1])), "the C loop must count the same overlaps"
    return in_c, in_numpy


def main() -> None:
    """Print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps")
    quick = parser.parse_args().quick
    record = Record("temporal_memory", "quick" if quick else "")
    warm = TemporalMemory(64, 4)
    for pattern, _ in noise(64, 8, 20):
        warm.compute(pattern)
    bench_streams(record, 500 if quick else 5000, 3 if quick else 6)
    bench_growth(record, 10**5 if quick else 10**6)
    record.write()


if __name__ == "__main__":
    main()

"""A sweep on one worker and on two, beside the same work without a sweep.

    python benchmarks/bench_sweep.py

Wall-clock seconds a point of a protocol that computes and does nothing else, from the first point
that is stored to the last. Beside it, what the machine gives at that time: the same work in one
plain process, and in two of them, half each. Rounds follow each other, each with all four.

Where other programs use the machine, neither can be as fast as it could. So the share of time in
which workers compute, and do not wait for a point, is shown, too: with two free cores the speed-up
is that of two workers over that of one, times two.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from record import Record

from htm_brian.experiment.sweep.store import PointStore

PROTOCOL = """
import time
from dataclasses import dataclass
import numpy as np
import xarray as xr
from htm_brian.experiment.checks import Check
from htm_brian.experiment.protocol import Outcome, Protocol

def compute(seed, rounds):
    state = seed
    for _ in range(rounds):
        state = (state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
    return state

@dataclass(frozen=True)
class Parameters:
    rounds: int = 10_000_000
    seed: int = 1

class Busy(Protocol):
    name, claim, source = "busy", "A loop ends.", "nobody"
    parameters = Parameters()

    def run(self, progress):
        state = compute(self.parameters.seed, self.parameters.rounds)
        return Outcome(xr.Dataset({"state": ((), state)}), [Check("s", state, "1", 0, None, "a")])
"""
PLAIN = (
    "from busy import compute, Parameters\nfor k in range({first}, {stop}): compute(k, {rounds})"
)


def sweep(folder: Path, workers: int, points: int, rounds: int, number: int) -> tuple[float, float]:
    """Return the seconds a point takes, and the share of time in which workers compute."""
    out = folder / f"out_{number}_{workers}"
    words = [sys.executable, "-m", "htm_brian.cli", "sweep", "./busy.py", "--seeds", str(points)]
    words += ["--set", f"rounds={rounds}", "--workers", str(workers), "-o", str(out), "-q"]
    subprocess.run(words, cwd=folder, check=True)
    store = PointStore(out)
    ended = {each: (store.path / each).stat().st_mtime for each in store.addresses()}
    in_order = sorted(ended, key=lambda each: ended[each])
    span = ended[in_order[-1]] - ended[in_order[0]]
    # The first points of all workers ran before the span.
    busy = sum(store.content(each)["seconds"] for each in in_order[workers:])
    return span / (points - 1), busy / (workers * span)


def plain(folder: Path, processes: int, points: int, rounds: int) -> float:
    """Return the seconds of the same work in plain processes, each with its share."""
    share = points // processes
    start = time.monotonic()
    made = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                PLAIN.format(first=k * share, stop=(k + 1) * share, rounds=rounds),
            ],
            cwd=folder,
        )
        for k in range(processes)
    ]
    for each in made:
        each.wait()
    return time.monotonic() - start


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5_000_000, help="of the loop of a point")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    record = Record("sweep", f"{given.points} points, {given.repeats} repeats")
    table = record.table(
        "A sweep on two cores: a point takes",
        {"one": "s", "two": "s", "speed-up": "x", "busy, one": "", "busy, two": ""},
    )
    swept, ideal, free = [], [], []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "busy.py").write_text(PROTOCOL, encoding="utf-8")
        for number in range(given.repeats):
            (one, busy_one), (two, busy_two) = (
                sweep(folder, n, given.points, given.rounds, number) for n in (1, 2)
            )
            alone, both = (
                plain(folder, n, given.points, given.rounds) / given.points for n in (1, 2)
            )
            swept.append(one / two)
            ideal.append(alone / both)
            free.append(2 * busy_two / busy_one)
            table.row(f"sweep, round {number + 1}", one, two, swept[-1], busy_one, busy_two)
            table.row(f"plain processes, round {number + 1}", alone, both, ideal[-1], None, None)
    for name, values in (
        ("sweep", swept),
        ("plain processes", ideal),
        ("sweep, two free cores by busy shares", free),
    ):
        table.row(f"{name}, median", None, None, statistics.median(values), None, None)
    record.write()


if __name__ == "__main__":
    main()

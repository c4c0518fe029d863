"""A sweep on one worker and on two, beside the same work without a sweep.

    python benchmarks/bench_sweep.py

Wall-clock seconds for points of a protocol that computes and does nothing else. Beside it, what the
machine gives at that time: the same work in one plain process, and in two of them, half each.
Rounds follow each other, each with all four; the medians of their ratios are shown, since other
programs come and go. "Of what is possible" is the sweep's speed-up over the plain processes'.
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


def sweep(folder: Path, workers: int, points: int, rounds: int, number: int) -> float:
    """Return the seconds of the points of a sweep, from the first that is stored to the last."""
    out = folder / f"out_{number}_{workers}"
    words = [sys.executable, "-m", "htm_brian.cli", "sweep", "./busy.py", "--seeds", str(points)]
    words += ["--set", f"rounds={rounds}", "--workers", str(workers), "-o", str(out), "-q"]
    start = time.monotonic()
    subprocess.run(words, cwd=folder, check=True)
    whole = time.monotonic() - start
    start = time.monotonic()
    subprocess.run(words, cwd=folder, check=True)  # all there: what begin and end take
    return whole - (time.monotonic() - start)


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
    parser.add_argument("--points", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=10_000_000, help="of the loop of a point")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    record = Record("sweep", f"{given.points} points, {given.repeats} repeats")
    table = record.table(
        "A sweep on two cores",
        {"one": "s", "two": "s", "speed-up": "x"},
    )
    swept, ideal = [], []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "busy.py").write_text(PROTOCOL, encoding="utf-8")
        for number in range(given.repeats):
            times = [
                run(workers)
                for run in (
                    lambda n, k=number: sweep(folder, n, given.points, given.rounds, k),
                    lambda n: plain(folder, n, given.points, given.rounds),
                )
                for workers in (1, 2)
            ]
            swept.append(times[0] / times[1])
            ideal.append(times[2] / times[3])
            table.row(f"sweep, round {number + 1}", *times[:2], swept[-1])
            table.row(f"plain processes, round {number + 1}", *times[2:], ideal[-1])
    share = [one / other for one, other in zip(swept, ideal, strict=True)]
    table.row("sweep, median", None, None, statistics.median(swept))
    table.row("plain processes, median", None, None, statistics.median(ideal))
    table.row("of what is possible, median", None, None, statistics.median(share))
    record.write()


if __name__ == "__main__":
    main()

"""Eight hours of tagging and capture, from trains of spikes and in Brian2.

    python benchmarks/bench_consolidation.py

Seconds of processor time for three strong tetani within twenty minutes and the rest of eight hours,
on some synapses of ten cells. In Brian2 the tetani run at steps of a millisecond, and the pauses
are leapt over.
"""

from __future__ import annotations

from time import process_time

import numpy as np
from brian2 import Network, SpikeGeneratorGroup, ms, prefs, second
from record import Record

from htm_brian.engine.leaping import leap
from htm_brian.synapses.plasticity.consolidation import ConsolidatedTrains, Consolidation
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.plasticity.tagging_capture import TaggingCapture

CELLS, HOURS, PAUSE = 10, 8, 600.0
TETANUS = 0.01 * np.arange(100) + 0.0005
STRONG = np.concatenate([TETANUS + PAUSE * k for k in range(3)])
RULE = TaggingCapture("tagging_capture")


def from_trains(n: int) -> float:
    """Return the mean late phase at the end."""
    trains = ConsolidatedTrains(RULE, np.arange(n) % CELLS)
    late = trains.run([STRONG] * n, [[]] * n, look_at=[HOURS * 3600.0], look="late")
    return float(late.mean())


def in_brian2(n: int) -> float:
    """Return the mean late phase at the end."""
    who = np.tile(np.arange(n), len(STRONG))
    axons = SpikeGeneratorGroup(n, who, np.repeat(STRONG, n) * second, dt=1 * ms)
    cells = SpikeGeneratorGroup(CELLS, [], [] * ms, dt=1 * ms)
    synapses = PlasticSynapses(axons, cells, RULE, name=f"tagged_{n}")
    synapses.connect(j=f"i % {CELLS}")
    Consolidation(synapses, RULE)
    network = Network(axons, cells, synapses)
    for _ in range(3):
        network.run(1.2 * second)
        leap(network, (PAUSE - 1.2) * second)
    leap(network, (HOURS * 3600 - 3 * PAUSE) * second)
    network.run(1 * ms)
    return float(synapses.late[:].mean())


def main() -> None:
    """Print the table and keep it."""
    prefs.codegen.target = "numpy"
    record = Record("consolidation")
    from_trains(10)  # what is compiled or read once
    table = record.table(
        f"{HOURS} hours of tagging and capture",
        {"trains": "s", "Brian2": "s", "late phase, trains": "", "late phase, Brian2": ""},
    )
    for n in (100, 1000, 10_000):
        took, late = [], []
        for run in (from_trains, in_brian2):
            start = process_time()
            late.append(run(n))
            took.append(process_time() - start)
        table.row(f"{n:,} synapses", *took, *late)
    record.write()


if __name__ == "__main__":
    main()

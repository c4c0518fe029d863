"""Time to rewire a million synapses in a run, beside making Brian2's synapses anew, in one run.

    python benchmarks/bench_structural.py

Milliseconds of processor time, the least of some repeats. Each synapse gets another pair of cells
at random; the synapses are a hundredth, a tenth or all of a million, in the order of their slots or
in any order, with a presynaptic pathway alone and with STDP's two. Then what it takes to find the
synapses to which spikes go, after all that.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import numpy as np
from brian2 import BrianLogger, NeuronGroup, SpikeGeneratorGroup, Synapses, ms, prefs
from numpy.typing import NDArray
from record import Record

from htm_brian.engine.compiling import connect_pairs
from htm_brian.engine.spike_queue import RewiredQueue
from htm_brian.synapses.structural import StructuralSynapses

CELLS, SYNAPSES = 10_000, 1_000_000
REPEATS = 7
SPIKING, PUSHES = 200, 100


def synapses(pathways: int) -> Synapses:
    source = SpikeGeneratorGroup(CELLS, [], [] * ms)
    target = NeuronGroup(CELLS, "v : 1", threshold="v > 1", reset="v = 0")
    on_post = "w += 1" if pathways == 2 else None
    return Synapses(source, target, "w : 1", on_pre="v_post += w", on_post=on_post)


def least(action: Callable[[int], object], repeats: int = REPEATS) -> float:
    """Return the least processor time of some calls, in ms."""
    times = []
    for number in range(repeats):
        start = process_time()
        action(number)
        times.append(1e3 * (process_time() - start))
    return min(times)


def rewiring(
    structure: StructuralSynapses, slots: NDArray[np.int32], pairs: list[NDArray[np.int32]]
) -> float:
    """Return what it takes to give the synapses in `slots` other pairs of cells."""
    n = len(slots)
    return least(lambda k: structure.connect(slots, pairs[k][:n], pairs[k + 1][:n]))


def pushed(queue: RewiredQueue, spiking: list[NDArray[np.int32]]) -> None:
    """Send spikes, step by step."""
    for cells in spiking:
        queue.push(cells)
        queue.advance()


def main() -> None:
    """Print the table and keep it."""
    prefs.codegen.target = "numpy"
    BrianLogger.suppress_name("unused_brian_object")  # none of these is run
    record = Record("structural")
    rng = np.random.default_rng(1)
    pairs = [rng.integers(0, CELLS, SYNAPSES, dtype=np.int32) for _ in range(REPEATS + 1)]
    table = record.table(
        f"synapses that get another pair of cells, of {SYNAPSES:,}",
        {"slots in order": "ms", "in any order": "ms"},
    )
    for pathways in (1, 2):
        structure = StructuralSynapses(synapses(pathways), SYNAPSES)
        every = np.arange(SYNAPSES, dtype=np.int32)
        structure.connect(every, pairs[0], pairs[1])
        shuffled = rng.permutation(every)
        for number in (SYNAPSES // 100, SYNAPSES // 10, SYNAPSES):
            took = [rewiring(structure, slots[:number], pairs) for slots in (every, shuffled)]
            paths = "one pathway" if pathways == 1 else "STDP's two pathways"
            table.row(f"{number:,}, {paths}", *took)
    anew = least(lambda k: connect_pairs(synapses(1), pairs[k], pairs[k + 1]), 2)
    table.row("Brian2's synapses made anew", anew, None)
    table = record.table(
        f"the synapses of {SPIKING} cells that spike at once, found for their spikes", {"": "us"}
    )
    queue = structure.synapses.pre.queue
    queue.prepare(np.zeros(1), 1e-4, None)
    spiking = [rng.integers(0, CELLS, SPIKING, dtype=np.int32) for _ in range(PUSHES)]
    table.row("with one delay", 1e3 * least(lambda k: pushed(queue, spiking)) / PUSHES)
    structure.synapses.pre.delay = "rand()*2*ms"
    table.row("with delays of up to 2 ms", 1e3 * least(lambda k: pushed(queue, spiking)) / PUSHES)
    record.write()


if __name__ == "__main__":
    main()

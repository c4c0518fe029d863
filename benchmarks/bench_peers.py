"""An element of 50 ms of a network of minicolumns, beside NEST's and neuroSush's.

    python benchmarks/bench_peers.py [--quick]

Processor milliseconds for one element, the least of some repetitions. The peers are those of the
extra ``.[peers]``; one that is not installed has no figure. What each does is not the same, so a
ratio says what a user waits, and not which code is better:

- ours: pyramidal cells with branches, release by chance, column inhibition; on a sequence that it
  has learned, learning and not;
- neuroSush: its sequence memory, from the same columns, on a sequence that it has learned, learning
  and not; steps of a millisecond, as its authors use it;
- NEST: integrate-and-fire cells (``iaf_psc_exp``) with static Bernoulli synapses, as many cells and
  synapses, steps of 0.25 ms; it learns nothing and has no branches, on one thread and on two.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from time import process_time

import numpy as np
from numpy.typing import NDArray
from record import Record

from htm_brian.network.temporal_memory import SpikingTemporalMemory

PERIOD = 50.0
"""Biological milliseconds of an element."""

SEQUENCE = 10
ACTIVE = 20
SYNAPSES = 20
"""Of a segment, and in NEST from each active column to the cells of the next."""

Columns = list[NDArray[np.int64]]


def sequence(columns: int, active: int) -> Columns:
    """Return the active columns of each element."""
    rng = np.random.default_rng(1)
    return [np.sort(rng.choice(columns, active, replace=False)) for _ in range(SEQUENCE)]


def least(element: Callable[[], object], repetitions: int) -> float:
    """Return the processor milliseconds of an element, the least of some rounds of a sequence."""
    found = []
    for _ in range(repetitions):
        start = process_time()
        for _ in range(SEQUENCE):
            element()
        found.append(1e3 * (process_time() - start) / SEQUENCE)
    return min(found)


def in_turn(shown: Columns) -> Iterator[NDArray[np.int64]]:
    """Yield the elements of a sequence again and again."""
    while True:
        yield from shown


def ours(shown: Columns, columns: int, cells: int, repetitions: int) -> tuple[float, float]:
    """Return the milliseconds of an element of ours, learning and not."""
    memory = SpikingTemporalMemory(
        columns,
        cells,
        activation_threshold=SYNAPSES // 2,
        min_threshold=SYNAPSES // 3,
        max_new_synapses=SYNAPSES,
        initial_permanence=0.51,
        seed=1,
    )
    elements = in_turn(shown)
    for _ in range(3 * SEQUENCE):
        memory.compute(next(elements))
    learning = least(lambda: memory.compute(next(elements)), repetitions)
    return learning, least(lambda: memory.compute(next(elements), learn=False), repetitions)


def neurosush(shown: Columns, columns: int, cells: int, repetitions: int) -> float | None:
    """Return the milliseconds of an element of neuroSush that learns."""
    try:
        import torch
        from neurosush.core.behavior import Behavior
        from neurosush.core.network import Network, NeuronGroup
        from neurosush.core.order import Order
        from neurosush.neurons.axon import Axon
        from neurosush.structure.sequence import sequence_memory
    except ImportError:
        return None
    torch.set_num_threads(1)
    period, window = 60, 25
    patterns = torch.zeros(len(shown), columns, dtype=torch.bool)
    for row, active in enumerate(shown):
        patterns[row, torch.from_numpy(active)] = True

    class Present(Behavior):
        order = Order.FIRE

        def initialize(self, group):
            group.spikes = group.state(False, dtype=torch.bool)

        def forward(self, group):
            element, offset = divmod(group.net.iteration - 1, period)
            silent = group.state(False, dtype=torch.bool)
            group.spikes = patterns[element % len(shown)].clone() if offset < window else silent

    network = Network(seed=0)
    source = NeuronGroup(network, columns, [Present(), Axon()])
    sequence_memory(
        network,
        source,
        cells_per_column=cells,
        period=period,
        window=window,
        initial_permanence=0.51,
    )

    def element() -> None:
        for _ in range(period):
            network.step()

    for _ in range(SEQUENCE):
        element()
    return least(element, repetitions)


def nest(shown: Columns, columns: int, cells: int, repetitions: int, threads: int) -> float | None:
    """Return the milliseconds of an element of NEST's point neurons, which learn nothing."""
    try:
        import nest
    except ImportError:
        return None
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": 0.25, "local_num_threads": threads})
    rng = np.random.default_rng(2)
    sources = nest.Create("parrot_neuron", columns)
    inputs = nest.Create("spike_generator", columns)
    nest.Connect(inputs, sources, "one_to_one", {"delay": 0.25})
    group = nest.Create("iaf_psc_exp", columns * cells)
    ids = np.asarray(group.tolist())
    strong = {"synapse_model": "static_synapse", "weight": np.full(columns * cells, 2000.0)}
    strong["delay"] = np.full(columns * cells, 0.25)
    nest.Connect(np.repeat(sources.tolist(), cells), ids, "one_to_one", strong)
    segments = len(shown) * len(shown[0])
    n = segments * SYNAPSES
    weak = {
        "synapse_model": "bernoulli_synapse",
        "weight": np.full(n, 20.0),
        "delay": np.full(n, 1.0),
        "p_transmit": np.full(n, 0.5),
    }
    nest.Connect(rng.choice(ids, n), rng.choice(ids, n), "one_to_one", weak)
    elements, begun = in_turn(shown), 0.0

    def element() -> None:
        nonlocal begun
        inputs[next(elements).tolist()].spike_times = [begun + 1.0]
        nest.Simulate(PERIOD)
        begun += PERIOD

    for _ in range(SEQUENCE):
        element()
    return least(element, repetitions)


def named(package: str) -> str:
    """Return a package with its version, where it is installed."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package}, not installed"


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small network")
    given = parser.parse_args()
    columns, cells, active, repetitions = (64, 4, 10, 2) if given.quick else (512, 8, ACTIVE, 5)
    shown = sequence(columns, active)
    record = Record("peers", "a small network" if given.quick else "")
    table = record.table(
        f"an element of {PERIOD:g} ms, {columns} x {cells}, {active} active",
        {"learning": "ms", "not learning": "ms"},
    )
    table.row("htm_brian", *ours(shown, columns, cells, repetitions))
    table.row(named("neurosush"), neurosush(shown, columns, cells, repetitions), None)
    for threads in (1, 2):
        took = nest(shown, columns, cells, repetitions, threads)
        table.row(f"{named('nest-simulator')}, threads: {threads}", None, took)
    record.write()


if __name__ == "__main__":
    main()

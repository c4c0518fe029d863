"""What plasticity at every synapse costs a spiking temporal memory, rule by rule.

    python benchmarks/bench_network_rules.py [--quick] [--target numpy]

Processor seconds for one learning element of 50 ms, on a sequence that the network knows, with the
counter between elements, and with rules that learn at the synapse. The networks take turns, element
by element; of all elements the least is taken. Target: with calcium at every synapse of 512 x 8
cells at most three times the counter between elements.
"""

from __future__ import annotations

import argparse

import numpy as np
from bench_network import QUICK, SIZES, Size, clocked, known_sequence, memory
from brian2 import prefs
from record import Record

from htm_brian.engine.fast_settings import use_fast_settings
from htm_brian.synapses.plasticity.calcium_on_branches import CalciumOnBranches
from htm_brian.synapses.plasticity.local_up_down import LocalUpDown
from htm_brian.synapses.plasticity.rule import PlasticityRule

RULES: dict[str, PlasticityRule | None] = {
    "counter, between elements": None,
    "local counter": LocalUpDown(),
    "bursts bind": LocalUpDown(burst_increment=0.3, burst_decrement=0.1),
    "calcium on branches": CalciumOnBranches(),
}
WARM_UP = 4


def bench(record: Record, size: Size, n_elements: int) -> None:
    """Measure one size."""
    columns, table = known_sequence(size)
    networks = {name: memory(size, "model", rule) for name, rule in RULES.items()}
    for network in networks.values():
        network.import_segments(table)
    least = dict.fromkeys(networks, np.inf)
    for k in range(WARM_UP + n_elements):
        element = columns[k % len(columns)]
        for name, network in networks.items():
            seconds = clocked(lambda network=network, element=element: network.compute(element))  # type: ignore[misc]
            if k >= WARM_UP:
                least[name] = min(least[name], seconds)
    took = record.table(
        f"a learning element: {size}, {table.n_synapses:,} synapses",
        {"element": "ms", "over the counter": "x"},
    )
    first = least["counter, between elements"]
    for name, seconds in least.items():
        took.row(name, 1e3 * seconds, seconds / first)


def main() -> None:
    """Print a table for each size, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tiny network, few elements")
    parser.add_argument("--target", choices=("cython", "numpy"), default="cython")
    options = parser.parse_args()
    prefs.codegen.target = options.target
    fast = use_fast_settings().applied if options.target == "cython" else False
    record = Record("network_rules", f"{options.target}, fast flags {'on' if fast else 'off'}")
    for size in QUICK if options.quick else SIZES[::-1]:
        bench(record, size, 5 if options.quick else 30)
    record.write()


if __name__ == "__main__":
    main()

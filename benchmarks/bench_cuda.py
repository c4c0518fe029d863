"""Level 1 with random release on a graphics card, beside the same program in C++ standalone.

    python benchmarks/bench_cuda.py [--cells 65536 524288] [--threads 1 16] [--elements 10]

Every cell has a dendritic branch with 24 synapses that release by chance from cells drawn at
random. In each element of 50 ms a volley drives 2 % of the minicolumns of 32 cells; nothing is
learned. What counts is the loop over the time steps of 0.25 ms as Brian2 itself measures it; how
long it takes to compile, and to make the synapses, is shown apart. The draws are keyed, so all
programs must count the same spikes, plateaus and vesicles.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from time import perf_counter
from typing import NamedTuple

import numpy as np
from brian2 import Network, Synapses, defaultclock, device, ms, prefs, set_device
from brian2.devices.device import reinit_and_delete
from record import Record

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.cuda import objection, use_cuda
from htm_brian.engine.fast_settings import use_fast_settings
from htm_brian.mechanisms.branch import DendriticBranches, on_release
from htm_brian.synapses.release.draws import FUNCTIONS
from htm_brian.synapses.release.stochastic import ReleaseSynapses

STEP, ELEMENT = 0.25, 50.0
"""Milliseconds."""
SYNAPSES = 24
COLUMN = 32
DRIVEN = 0.02
NEEDED = 3
"""Synapses of a plateau: by chance alone 1 % of the branches then have one in each element."""


class Took(NamedTuple):
    """Seconds to compile, to run all, and in the loop; what was counted."""

    compiling: float
    whole: float
    loop: float
    counts: dict[str, int]


def in_cpp(threads: int, folder: str) -> None:
    """Let Brian2 build C++ with the fast settings."""
    use_fast_settings()
    prefs["devices.cpp_standalone.openmp_threads"] = 0 if threads == 1 else threads
    set_device("cpp_standalone", directory=folder, build_on_run=False)


def on_card(folder: str) -> None:
    """Let Brian2 build for the card."""
    prefs["devices.cpp_standalone.openmp_threads"] = 0
    use_cuda(folder, build_on_run=False)


def build(n_cells: int) -> tuple[Network, Callable[[], dict[str, int]]]:
    """Return the network, and what counts its spikes, plateaus and vesicles after a run."""
    defaultclock.dt = STEP * ms
    cells = PyramidalCells(n_cells, name="cells")
    cells.run_regularly(
        "feedforward_conductance += feedforward_volley_conductance"
        f"*int(keyed_uniform(1, 2, i//{COLUMN}, 0, 0, timestep(t, dt)) < {DRIVEN})",
        dt=ELEMENT * ms,
    )
    branches = DendriticBranches(n_cells, name="branches")
    branches.activation_threshold = NEEDED
    branches.run_regularly("tally = 0\npotential_tally = 0", dt=ELEMENT * ms)
    distal = ReleaseSynapses(
        cells,
        branches,
        "layer5_pair",
        on_release=on_release(branches.parameters, "int(quanta > 0)", "int(quanta > 0)"),
        delay=2 * ms,
        name="distal",
    )
    chance = np.random.default_rng(0)
    distal.connect(
        i=chance.integers(n_cells, size=n_cells * SYNAPSES, dtype=np.int32),
        j=np.repeat(np.arange(n_cells, dtype=np.int32), SYNAPSES),
    )
    axes = Synapses(
        branches, cells, "basal_conductance_post = conductance_pre : siemens (summed)", name="axes"
    )
    axes.connect(i=np.arange(n_cells), j=np.arange(n_cells))

    def count() -> dict[str, int]:
        return {
            "cells that spiked": int((np.asarray(cells.last_spike_time) > 0).sum()),
            "draws": int(np.asarray(distal.draws[:]).sum(dtype=np.int64)),
            "vesicles": int(np.asarray(distal.quanta[:]).sum(dtype=np.int64)),
            "releases of the last element": int(np.asarray(branches.tally).sum()),
        }

    return Network(cells, branches, distal, axes), count


def measure(use: Callable[[str], None], n_cells: int, elements: int) -> Took:
    """Build and run the network on one device."""
    with tempfile.TemporaryDirectory() as folder:
        use(folder)
        network, count = build(n_cells)
        network.run(elements * ELEMENT * ms, namespace=dict(FUNCTIONS))
        start = perf_counter()
        device.build(run=False, directory=folder)
        compiled = perf_counter()
        device.run(with_output=False)
        whole = perf_counter() - compiled
        took = Took(compiled - start, whole, device._last_run_time, count())
        del network, count
        reinit_and_delete()
        set_device("runtime")
        gc.collect()
    return took


def card() -> str:
    """Return the card's name."""
    said = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False).stdout
    return said.partition("\n")[0].partition(": ")[2].partition(" (UUID")[0]


def main() -> None:
    """Print a table for each size, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few cells, one core")
    parser.add_argument("--cells", nargs="+", type=int, default=[65_536, 524_288])
    parser.add_argument("--threads", nargs="+", type=int, default=[1], help="of C++ standalone")
    parser.add_argument("--elements", type=int, default=10)
    parser.add_argument("--without-card", action="store_true", help="C++ standalone alone")
    options = parser.parse_args()
    why_not = "" if options.without_card else objection()
    if why_not:
        print(f"left out: {why_not}")
        return
    devices: dict[str, Callable[[str], None]] = {
        f"C++, {n} thread{'s' * (n > 1)}": partial(in_cpp, n) for n in options.threads
    }
    if not options.without_card:
        devices[card()] = on_card
    settings = f"{options.elements} elements of {ELEMENT:g} ms, steps of {STEP} ms"
    if not options.without_card:
        settings += f"; brian2cuda {version('brian2cuda')}"
    record = Record("cuda", settings)
    others = []
    for n_cells in [2_048] if options.quick else options.cells:
        first: Took | None = None
        table = record.table(
            f"{n_cells:,} cells",
            {"compile": "s", "whole": "s", "step": "us", "element": "ms", "times as fast": "x"},
        )
        for name, use in devices.items():
            took = measure(use, n_cells, options.elements)
            first = first or took
            steps = options.elements * ELEMENT / STEP
            loop = (1e6 * took.loop / steps, 1e3 * took.loop / options.elements)
            table.row(name, took.compiling, took.whole, *loop, first.loop / took.loop)
            if took.counts != first.counts:
                others.append(f"{n_cells:,} cells, {name}: {took.counts}, not {first.counts}")
        assert first is not None
        print(" " * 10 + ", ".join(f"{count:,} {what}" for what, count in first.counts.items()))
    record.write()
    if others:
        sys.exit("another outcome:\n" + "\n".join(others))


if __name__ == "__main__":
    main()

"""Networks whose arrays move, grow and go while others run; prints what they counted.

Run by `test_lean_calls`, in a process in which the C library overwrites memory that is freed. All
numbers are whole, so that every target must count the same.
"""

from __future__ import annotations

import gc
import json
import sys

import numpy as np
from brian2 import (
    BrianLogger,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    prefs,
)
from brian2.devices.device import get_device

from htm_brian.engine.lean_calls import PREFERENCE, LeanCythonCodeObject, use_lean_calls
from htm_brian.engine.stepping import SteppedNetwork


class Counting:
    """Ten cells that fire in turn and add to each other."""

    def __init__(self, number: int, network_class: type[Network], recorded: bool = True) -> None:
        self.cells = NeuronGroup(
            10,
            "x : 1\nage : 1",
            threshold="(x + i) % 5 == 0",
            reset="age = 0",
            name=f"cells{number}",
        )
        self.cells.run_regularly("x += 1\nage += 1", name=f"ageing{number}")
        self.synapses = Synapses(
            self.cells,
            self.cells,
            "w : 1\nuses : 1",
            on_pre="x_post += w\nuses += 1",
            delay=0.2 * ms,
            name=f"synapses{number}",
        )
        self.synapses.connect(i=[0, 3], j=[1, 4])
        self.synapses.w = 1
        self.monitors = [
            (SpikeMonitor(self.cells, "x", name=f"spikes{number}"), ("i", "x")),
            (
                StateMonitor(self.cells, ["x", "age"], record=[2, 4], name=f"course{number}"),
                ("x", "age"),
            ),
            (PopulationRateMonitor(self.cells, name=f"rate{number}"), ("rate",)),
        ][: 3 * recorded]
        self.network = network_class(self.cells, self.synapses, [each for each, _ in self.monitors])

    def run(self, steps: int) -> None:
        run = getattr(self.network, "advance", self.network.run)
        run(steps * 0.1 * ms)

    def grow(self, number: int) -> None:
        """Make synapses until their arrays have moved."""
        self.synapses.connect(i=np.arange(number) % 10, j=np.arange(number) % 7)
        self.synapses.w = 1

    def counted(self) -> list[float]:
        found = [self.cells.x[:], self.cells.age[:], self.synapses.uses[:]]
        for monitor, names in self.monitors:
            found += [np.asarray(getattr(monitor, name)).ravel() for name in names]
        # In order, and whole numbers: rates are a multiple of 1 kHz here.
        return [
            float(np.sum(np.round(values) * (1 + np.arange(len(values)) % 13))) for values in found
        ]


def waste() -> None:
    """Take and give back memory, so that what was freed is somebody else's."""
    for size in (10, 100, 1000, 10_000):
        np.full(size, 7.0e77)
    gc.collect()


def course(stepped: bool) -> list[list[float]]:
    network_class = SteppedNetwork if stepped else Network
    first = Counting(1, network_class)
    # From 2.10 on a network of Brian2's own cannot be restored with monitors that are compiled.
    second = Counting(2, network_class, recorded=stepped)
    third = Counting(3, network_class)
    for each in (first, second, third):
        each.run(30)
    found = [third.counted()]
    # One of several networks goes, and the others run on.
    del third
    waste()
    first.run(3000)  # the monitors grow
    second.grow(500)
    waste()
    second.run(30)
    second.network.store()
    second.grow(5000)
    second.run(30)
    found.append(second.counted())
    for _ in range(2):
        second.network.restore()
        waste()
        second.run(300)
        found.append(second.counted())
        second.grow(9000)
    first.run(30)
    get_device().reinit()
    waste()
    first.run(30)
    found.append(first.counted())
    return found


def main(target: str) -> None:
    BrianLogger.log_level_error()
    prefs.codegen.target = target
    lean = target == "cython" and not use_lean_calls()
    if lean:
        prefs[PREFERENCE] = True
    print(json.dumps([course(stepped) for stepped in (False, True)]))
    used = any(
        isinstance(item, LeanCythonCodeObject) and item.lean is not None
        for item in gc.get_objects()
        if type(item) is LeanCythonCodeObject
    )
    print(json.dumps(used))


if __name__ == "__main__":
    main(sys.argv[1])

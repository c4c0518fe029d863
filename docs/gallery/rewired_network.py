"""
A network whose wiring changes while it runs: synapses grow and are pruned between two runs
===========================================================================================

A hundred cells that fire regularly drive ten counters. Every 20 ms the ten weakest of the hundred
synapses are pruned, and ten others grow in their slots.
"""

import numpy as np
from brian2 import Network, NeuronGroup, Synapses, ms, prefs

from htm_brian.synapses.structural import StructuralSynapses

prefs.codegen.target = "numpy"
rng = np.random.default_rng(4)

cells = NeuronGroup(
    100, "dphase/dt = 1/(10*ms) : 1", threshold="phase > 1", reset="phase -= 1", method="euler"
)
cells.phase = rng.random(100)
counters = NeuronGroup(10, "count : 1")
synapses = Synapses(cells, counters, "weight : 1", on_pre="count_post += weight", delay=1 * ms)
rewired = StructuralSynapses(synapses, capacity=100)

slots = np.arange(100)
rewired.connect(slots, slots, slots % 10)  # each cell onto one counter
rewired.array("weight")[:] = rng.random(100)
network = Network(cells, counters, synapses)
network.run(20 * ms)
before = float(np.sum(counters.count))

for _ in range(5):
    weakest = np.argsort(rewired.array("weight"))[:10]
    rewired.disconnect(weakest)
    rewired.connect(weakest, rng.integers(0, 100, 10), rng.integers(0, 10, 10))
    rewired.array("weight")[weakest] = rng.random(10)
    network.run(20 * ms)

after = (float(np.sum(counters.count)) - before) / 5
print(f"{int(rewired.in_use(slots).sum())} synapses, as before")
print(f"counted in 20 ms: {before:.0f} with the first wiring, {after:.0f} as it is rewired")

"""
A layer-5 cell with 800 Poisson inputs on its branches
======================================================

600 axons end on the basal branches, 200 on the tuft, with release by chance. The potentials of
soma, one basal branch, nexus and tuft are recorded.
"""

import matplotlib.pyplot as plt
from brian2 import Hz, Network, PoissonGroup, SpikeMonitor, ms, mV, prefs, seed

from htm_brian import PyramidalCells

prefs.codegen.target = "numpy"  # one cell for a fraction of a second: no need to compile
seed(3)

cell = PyramidalCells(1, model="l5_thick_tufted")
basal_axons = PoissonGroup(600, 4 * Hz)
tuft_axons = PoissonGroup(200, 4 * Hz)
basal = cell.synapses_from(basal_axons, "basal", release="layer5_pair", seed=3, name="basal_input")
tuft = cell.synapses_from(tuft_axons, "tuft", release="layer5_pair", seed=3, name="tuft_input")
for synapses in (basal, tuft):
    synapses.connect()
    synapses.weight = 0.3  # a vesicle opens that share of the model's unitary conductance

spikes = SpikeMonitor(cell)
traces = cell.record(["soma", "basal_0", "nexus", "tuft"], dt=0.5 * ms)
Network(cell, basal_axons, tuft_axons, basal, tuft, spikes, traces).run(300 * ms)

highest = {name: float(getattr(traces, f"v_{name}")[0].max() / mV) for name in ("soma", "nexus")}
print(f"{spikes.num_spikes} spikes in 300 ms")
print(", ".join(f"{name} up to {value:.0f} mV" for name, value in highest.items()))

for name in ("soma", "basal_0_0", "nexus", "tuft_0"):
    plt.plot(traces.t / ms, getattr(traces, f"v_{name}")[0] / mV, label=name)
plt.xlabel("time (ms)")
plt.ylabel("potential (mV)")
_ = plt.legend()

"""
Plasticity by the times of spikes: two rules on the same pairs
==============================================================

Twenty axons each fire twenty times, twenty times a second; a cell of its own fires up to 20 ms
before or after each. The rule of pairs knows the time between the two spikes only; that of triplets
also how soon a cell's spikes follow each other.
"""

import matplotlib.pyplot as plt
import numpy as np
from brian2 import Network, SpikeGeneratorGroup, ms, prefs, second

from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses

prefs.codegen.target = "numpy"
lags = np.concatenate([np.arange(-20, 0, 2), np.arange(2, 22, 2)])  # ms, axon's to cell's spike
times = 25 + 50 * np.arange(20)

n = len(lags)
who = np.repeat(np.arange(n), len(times))
efficacy = {}
for model in ("pair_stdp", "triplet_stdp_cortex"):
    axons = SpikeGeneratorGroup(n, who, np.tile(times, n) * ms, dt=1 * ms)
    cells = SpikeGeneratorGroup(n, who, (times + lags[:, None]).ravel() * ms, dt=1 * ms)
    synapses = PlasticSynapses(axons, cells, model, seed=1, name=model)
    synapses.connect(j="i")
    before = np.array(synapses.efficacy[:])
    Network(axons, cells, synapses).run(1.05 * second)
    efficacy[model] = synapses.efficacy[:] / before

for model, change in efficacy.items():
    cell_first, axon_first = change[lags < 0].mean(), change[lags > 0].mean()
    print(f"{model}: {cell_first:.2f} where the cell fires first, {axon_first:.2f} after the axon")
    plt.plot(lags, change, "o-", markersize=3, label=model)
plt.axhline(1, color="grey", linewidth=0.8)
plt.xlabel("from the axon's spike to the cell's (ms)")
plt.ylabel("efficacy after, over before")
_ = plt.legend()

"""
A reduced cell with branches of one's own: plateaus that advance the next spike
===============================================================================

Two cells get the same feedforward volley. On a branch of the first, 15 synapses have fired together
30 ms before; on a branch of the second, 9 synapses, too few for a plateau.
"""

import numpy as np
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms, prefs

from htm_brian import PyramidalCells
from htm_brian.mechanisms.branch import DendriticBranches, on_release

prefs.codegen.target = "numpy"
MODEL = "l5_reduced"
WINDOW = 5 * ms
"""In which spikes count together."""

cells = PyramidalCells(2, MODEL)
branches = DendriticBranches(6, MODEL)  # three for each cell
owner = np.arange(6) // 3
drive = Synapses(branches, cells, "basal_conductance_post = conductance_pre : siemens (summed)")
drive.connect(i=np.arange(6), j=owner)

# A spike adds to the tally of its branch, and is taken from it when the window is over.
axons = SpikeGeneratorGroup(24, range(24), [10] * 24 * ms)
counts, leaves = on_release(cells.parameters), on_release(cells.parameters, "-1", "-1")
contacts = Synapses(axons, branches, on_pre={"arrives": counts, "leaves": leaves})
contacts.connect(i=range(24), j=[0] * 15 + [3] * 9)
contacts.leaves.delay = WINDOW

volley = SpikeGeneratorGroup(1, [0], [40] * ms)
onto_soma = Synapses(
    volley, cells, on_pre="feedforward_conductance_post += feedforward_volley_conductance_post"
)
onto_soma.connect()

plateaus, spikes = SpikeMonitor(branches), SpikeMonitor(cells)
Network(cells, branches, drive, axons, contacts, volley, onto_soma, plateaus, spikes).run(80 * ms)

first = [float(spikes.t[spikes.i == cell][0] / ms) for cell in (0, 1)]
print(f"plateaus on branches {sorted(set(plateaus.i[:].tolist()))}")
lead = first[1] - first[0]
print(f"first spikes at {first[0]:.1f} and {first[1]:.1f} ms: a lead of {lead:.1f} ms")

"""
Release by chance in a network of one's own: any Brian2 group will do as a target
=================================================================================

Populations of leaky integrate-and-fire cells get the same input through synapses that transmit
every spike, and through synapses of five sites that release by chance, with the same mean. Where
the mean alone does not reach the threshold, chance fires cells.
"""

import numpy as np
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeMonitor,
    Synapses,
    ms,
    mV,
    prefs,
    seed,
)

from htm_brian import load_model
from htm_brian.synapses.release.stochastic import ReleaseSynapses

prefs.codegen.target = "numpy"
seed(1)
EQUATIONS = "dv/dt = (-65*mV - v)/(15*ms) : volt (unless refractory)"


def population() -> NeuronGroup:
    """Return 100 cells at rest."""
    cells = NeuronGroup(
        100,
        EQUATIONS,
        threshold="v > -50*mV",
        reset="v = -65*mV",
        refractory=3 * ms,
        method="exact",
    )
    cells.v = -65 * mV
    return cells


axons = PoissonGroup(200, 36 * Hz)
certain, chancy = population(), population()
release = load_model("memoryless_release")
mean = float(release["release"]["sites"] * release["release"]["release_probability"])

sure = Synapses(axons, certain, on_pre=f"v_post += {mean}*0.3*mV")
unsure = ReleaseSynapses(
    axons, chancy, release, on_release="v_post += amplitude*0.3*mV", seed=1, name="unsure"
)
for synapses in (sure, unsure):
    synapses.connect(p=0.2)

spikes = [SpikeMonitor(cells) for cells in (certain, chancy)]
Network(axons, certain, chancy, sure, unsure, *spikes).run(300 * ms)
rates = [monitor.num_spikes / (100 * 0.3) for monitor in spikes]
print(f"rates: {rates[0]:.1f} Hz with certain synapses, {rates[1]:.1f} Hz with release by chance")
print(f"share of spikes that released nothing last: {np.mean(unsure.quanta[:] == 0):.2f}")

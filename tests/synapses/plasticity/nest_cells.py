"""The two cells with which NEST tests its Clopath synapse, for Brian2 at 0.1 ms."""

from __future__ import annotations

import numpy as np
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms, mV, second

from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.plasticity.voltage_based import VoltageBased

PRE = [
    [29, 129, 229, 329, 429],
    [29, 62.3, 95.7, 129, 162.3],
    [29, 49, 69, 89, 109],
    [129, 229, 329, 429, 529, 629],
    [62.3, 95.6, 129, 162.3, 195.6, 229],
    [49, 69, 89, 109, 129, 149],
]
POST = [
    [19, 119, 219, 319, 419],
    [19, 52.3, 85.7, 119, 152.3],
    [19, 39, 59, 79, 99],
    [139, 239, 339, 439, 539, 639],
    [72.3, 105.6, 139, 172.3, 205.6, 239],
    [59, 79, 99, 119, 139, 159],
]
"""ms: after at 10, 30 and 50 Hz, then before."""

ADEX = """
dv/dt = int(v < 0*mV)*int(t - clamped_at > 2.05*ms)*(-30*nS*(v + 70.6*mV) + 30*nS*2*mV*exp(clip((v - v_t)/(2*mV), -50, 25)) - w + z)/(281*pF) : volt
dw/dt = int(t - clamped_at > 2.05*ms)*(4*nS*(v + 70.6*mV) - w)/(144*ms) : amp
dz/dt = -z/(40*ms) : amp
dv_t/dt = -(v_t + 50.4*mV)/(50*ms) : volt
clamped_at : second
"""  # noqa: E501

HODGKIN_HUXLEY = """
dv/dt = (-12000*nS*m**3*h*(v - 50*mV) - 3600*nS*n**4*(v + 77*mV) - 30*nS*(v + 54.402*mV) + i_syn)/(100*pF) : volt
dm/dt = 0.1/mV*(v + 40*mV)/(1 - exp(-(v + 40*mV)/(10*mV)))*(1 - m)/ms - 4*exp(-(v + 65*mV)/(18*mV))*m/ms : 1
dh/dt = 0.07*exp(-(v + 65*mV)/(20*mV))*(1 - h)/ms - h/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : 1
dn/dt = 0.01/mV*(v + 55*mV)/(1 - exp(-(v + 55*mV)/(10*mV)))*(1 - n)/ms - 0.125*exp(-(v + 65*mV)/(80*mV))*n/ms : 1
di_syn/dt = x_syn - i_syn/(0.2*ms) : amp
dx_syn/dt = -x_syn/(0.2*ms) : amp/second
"""  # noqa: E501


def train_group(trains: list[list[float]]) -> SpikeGeneratorGroup:
    who = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    return SpikeGeneratorGroup(len(trains), who, np.concatenate(trains) * ms)


def adex_cells(rule: VoltageBased) -> tuple[NeuronGroup, str, str]:
    """Return six cells at rest, what the driver's spike does, and what that of the synapse."""
    cells = NeuronGroup(
        6,
        ADEX + rule.target_equations,
        threshold="v >= 32.99*mV and t - clamped_at > 2.05*ms",
        reset="v = 33*mV; w += 0.0805*pA; z = 400*pA; v_t = 30.4*mV; clamped_at = t",
        events=dict(rule.target_events),
        method="rk2",
        name="adex",
    )
    # The upswing takes no time; the filtered potentials see the clamp to its end.
    cells.run_regularly("v = v + (33*mV - v)*int(v > 0*mV)", when="start")
    cells.run_regularly(
        """v = clip(v, -200*mV, 33*mV)
        v = v + (-49.6*mV - v)*int(abs(t - clamped_at - 2*ms) < dt/2)""",
        when="after_groups",
    )
    cells.v = cells.u_minus = cells.u_plus = -70.6 * mV
    cells.delayed_u_minus = cells.delayed_u_plus = -70.6 * mV
    cells.v_t, cells.clamped_at = -50.4 * mV, -1 * second
    return cells, "v_post += 80*mV", "v_post += efficacy*mV"


def hh_cells(rule: VoltageBased) -> tuple[NeuronGroup, str, str]:
    """Return the same; as in NEST the gates rest at -65 mV, the filtered potentials at 0."""
    cells = NeuronGroup(
        6,
        HODGKIN_HUXLEY + rule.target_equations,
        threshold="v > 1*volt",
        reset="",
        events=dict(rule.target_events),
        method="rk4",
        name="hodgkin_huxley",
    )
    cells.v = -64.9 * mV
    cells.m, cells.h, cells.n = 0.0529, 0.5961, 0.3177
    return cells, "x_syn_post += 2000*pA*2.718281828459045/(0.2*ms)", ""


def changed(rule: VoltageBased, cell: str) -> np.ndarray:
    """Return the weights at the last presynaptic spike as NEST shows them, percent."""
    cells, kick, effect = {"adex": adex_cells, "hh": hh_cells}[cell](rule)
    axons, drivers = train_group(PRE), train_group(POST)
    synapses = PlasticSynapses(
        axons,
        cells,
        rule,
        equations="seen : 1",
        on_pre=f"seen = efficacy\n{effect}",
        name="clopath",
    )
    synapses.connect(j="i")
    synapses.seen = rule.table["initial_efficacy"]
    driving = Synapses(drivers, cells, on_pre=kick, delay=0 * ms, name="driving")
    driving.connect(j="i")
    driving.pre.when = "after_groups"
    Network(cells, axons, drivers, synapses, driving).run(650 * ms)
    first = float(rule.table["initial_efficacy"])
    return 100 + 1500 * (np.array(synapses.seen[:]) - first) / first

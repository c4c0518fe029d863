"""The rule of the potential beside NEST's Clopath synapse, in one run, where NEST is installed."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from brian2 import defaultclock, ms, mV

from htm_brian.synapses.plasticity.voltage_based import VoltageBased
from tests.synapses.plasticity.nest_cells import POST, PRE, changed

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]

RULE = VoltageBased("voltage_based_cortex")
SHARED = {"A_LTD": 14e-5, "A_LTP": 8e-5, "tau_u_bar_minus": 10.0}
ADEX = SHARED | {
    "V_m": -70.6, "E_L": -70.6, "V_peak": 33.0, "C_m": 281.0, "theta_minus": -70.6,
    "theta_plus": -45.3, "tau_u_bar_plus": 7.0, "delay_u_bars": 4.0, "a": 4.0, "b": 0.0805,
    "V_reset": -49.6, "V_clamp": 33.0, "t_clamp": 2.0, "t_ref": 0.0,
}  # fmt: skip
HODGKIN_HUXLEY = SHARED | {
    "V_m": -64.9, "C_m": 100.0, "tau_syn_ex": 0.2, "tau_syn_in": 2.0, "theta_minus": -64.9,
    "theta_plus": -35.0, "tau_u_bar_plus": 114.0, "delay_u_bars": 5.0,
}  # fmt: skip
CELLS = {
    "adex": ("aeif_psc_delta_clopath", ADEX, 80.0),
    "hh": ("hh_psc_alpha_clopath", HODGKIN_HUXLEY, 2000.0),
}
"""NEST's cell, its numbers, and the weight with which the driver fires it."""


@pytest.fixture(scope="module")
def nest() -> ModuleType:
    module: ModuleType = pytest.importorskip("nest")
    module.set_verbosity("M_ERROR")
    return module


def in_nest(nest: ModuleType, cell: str) -> list[float]:
    """Return the weight at the last presynaptic spike of each pair of trains, percent."""
    model, numbers, kick = CELLS[cell]
    found = []
    for before, after in zip(PRE, POST, strict=True):
        nest.ResetKernel()
        nest.resolution = 0.1
        neuron, axon = nest.Create(model, 1, numbers), nest.Create("parrot_neuron")
        seen = nest.Create("weight_recorder")
        nest.CopyModel("clopath_synapse", "recorded", {"weight_recorder": seen})
        for times, target, weight in ((before, axon, 1.0), (after, neuron, kick)):
            spikes = nest.Create("spike_generator", 1, {"spike_times": [float(t) for t in times]})
            nest.Connect(spikes, target, syn_spec={"delay": 0.1, "weight": weight})
        synapse = {"synapse_model": "recorded", "weight": 0.5, "delay": 0.1}
        nest.Connect(axon, neuron, syn_spec=synapse)
        nest.Simulate(10.0 + max(before[-1], after[-1]))
        found.append(100 + 1500 * (seen.get("events", "weights")[-1] - 0.5) / 0.5)
    return found


def test_an_adaptive_cell_beside_nest(nest: ModuleType) -> None:
    np.testing.assert_allclose(changed(RULE, "adex"), in_nest(nest, "adex"), rtol=0.01)


def test_a_hodgkin_huxley_cell_beside_nest(nest: ModuleType) -> None:
    defaultclock.dt = 0.02 * ms
    rule = RULE.with_values(
        minus_threshold=-64.9 * mV, plus_threshold=-35 * mV, plus_time=114 * ms, filter_delay=5 * ms
    )
    np.testing.assert_allclose(changed(rule, "hh"), in_nest(nest, "hh"), rtol=0.01)

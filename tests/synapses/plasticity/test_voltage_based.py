"""The rule of the potential beside NEST's, whose numbers stand in its test_clopath_synapse.py."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, StateMonitor, defaultclock, ms, mV

from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.plasticity.voltage_based import VoltageBased, delay_line
from tests.synapses.plasticity.nest_cells import changed
from tests.synapses.plasticity.one_to_one import group

RULE = VoltageBased("voltage_based_cortex")
NEST = {
    "adex": [57.82638722, 72.16730112, 149.43359357, 103.30408341, 124.03640668, 157.02882555],
    "hh": [70.14343863, 99.49206222, 178.1028757, 119.63314118, 167.37750688, 178.83111685],
}
"""Percent of the first weight, as if each train came 15 times: after at 10, 30, 50 Hz, before."""


def test_pairs_change_the_synapse_of_an_adaptive_cell_as_in_nest() -> None:
    np.testing.assert_allclose(changed(RULE, "adex"), NEST["adex"], rtol=0.01)


@pytest.mark.slow
def test_pairs_change_the_synapse_of_a_hodgkin_huxley_cell_as_in_nest() -> None:
    defaultclock.dt = 0.02 * ms
    rule = RULE.with_values(
        minus_threshold=-64.9 * mV, plus_threshold=-35 * mV, plus_time=114 * ms, filter_delay=5 * ms
    )
    np.testing.assert_allclose(changed(rule, "hh"), NEST["hh"], rtol=0.01)


def test_depolarisation_after_a_spike_potentiates_by_the_integral_of_the_equation() -> None:
    """A cell held at two potentials, so that all is an exponential."""
    rule = RULE.with_values(filter_delay=1 * ms)
    high = -20 * mV
    held = NeuronGroup(
        1,
        "v = -70.6*mV + 50.6*mV*int(t > 19.95*ms)*int(t < 29.95*ms) : volt (constant over dt)"
        + rule.target_equations,
        threshold="False",
        reset="",
        events=dict(rule.target_events),
        method="exact",
    )
    held.u_minus = held.u_plus = held.delayed_u_minus = held.delayed_u_plus = -70.6 * mV
    axon = group([np.array([10.0])])
    synapses = PlasticSynapses(axon, held, rule)
    synapses.connect()
    Network(axon, held, synapses).run(50 * ms)
    # Step k is the state after k + 1 steps; the potential is up in the steps from 200 on.
    s = 0.1 * np.arange(100)
    plus = 50.6 * (1 - np.exp(-np.clip(s - 1 + 0.1, 0, None) / 7))
    drive = 8e-5 * (float(high / mV) + 45.3) * plus * np.exp(-(10 + s) / 15) / 15 * 0.1
    assert synapses.efficacy[0] - 0.5 == pytest.approx(drive.sum(), rel=1e-6)


def test_a_delay_line_gives_what_was_a_delay_ago() -> None:
    cells = NeuronGroup(3, "u = (i + 1)*t/ms*mV : volt\ndelayed_u : volt")
    ticks, ring = delay_line(cells, ("u",), 0.7e-3)
    seen = StateMonitor(cells, ("u", "delayed_u"), record=True, when="end")
    Network(cells, ticks, ring, seen).run(3 * ms)
    np.testing.assert_allclose(
        np.array(seen.delayed_u)[:, 8:], np.array(seen.u)[:, 1:-7], atol=1e-12
    )


def test_a_cell_without_the_filtered_potentials_is_refused() -> None:
    bare = NeuronGroup(1, "v : volt", events={"depolarised": "False"})
    with pytest.raises(InputError, match="target must have the variable 'u_minus'"):
        PlasticSynapses(group([np.array([1.0])]), bare, RULE)
    with pytest.raises(InputError, match="target must have the event 'depolarised'"):
        PlasticSynapses(group([np.array([1.0])]), NeuronGroup(1, "v : volt"), RULE)

"""The pairings on a cell that makes its spikes, with synapses that learn by their own potential.

A rule of spike times does not know where on the cell a synapse is. That of the potential does: the
spike that reaches a synapse is the smaller the farther it has gone, and a burst can set off a
calcium spike near the tuft. Each experiment is done with all contacts on one place of the tree, at
one place after the other, and short pulses into the soma for the postsynaptic spikes. The potential
there, in the first sweep, drives the rule with its published numbers; sweeps add up.

The experiments are those that `triplet_stdp_pairings` was fitted to, and those of Letzkus et al.
2006, with single spikes and bursts, near the soma and far from it. Nothing was fitted to any here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, TimedArray, second, volt
from numpy.typing import NDArray

from htm_brian.electrophysiology.stimulation import Stimulus, Traces, stimulate
from htm_brian.engine.compiling import uncompiled
from htm_brian.experiment.progress import Progress
from htm_brian.fitting.pairings import fitted_rows
from htm_brian.mechanisms.dendrite import potential
from htm_brian.parameters import load_model
from htm_brian.protocols.pairing_data.fired import (
    AFTER,
    BEFORE,
    CONTACTS,
    PULSES,
    STEP,
    every_sweep,
    first_sweep,
    latency,
    pulses,
)
from htm_brian.protocols.pairing_data.measurement import FITTED, ratios
from htm_brian.synapses.plasticity.finding import online_rule
from htm_brian.synapses.plasticity.online import OnlineRule
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.plasticity.recordings import Pairing, pairings

if TYPE_CHECKING:
    from htm_brian.protocols.pairing_data import PairingDataParameters

Numbers = NDArray[np.float64]

RULE = "voltage_based_cortex"
SITES = {"inner basal": "basal_0_0", "outer basal": "basal_0_1", "tuft": "tuft_0"}
"""Compartments with synapses; their middles are some 40, 110 and 750 um from the soma."""
LETZKUS = ("ltz06_01", "ltz06_02", "ltz06_03", "ltz06_04")


def tree_rows() -> tuple[Pairing, ...]:
    """Return the experiments: the fitted ones, and those near the soma and far from it."""
    return fitted_rows() + tuple(row for row in pairings() if row.name in LETZKUS)


def at_places(parameters: PairingDataParameters, progress: Progress) -> xr.Dataset:
    """Return what the rule of the potential makes of each experiment at each site."""
    rows = tree_rows()
    traces = sweeps_on_a_tree(rows, parameters.tree, progress)
    if traces is None:
        return xr.Dataset()
    shape = len(rows), len(SITES)
    own = np.array([traces.variables[potential(site)] for site in SITES.values()])
    cells = np.arange(len(rows) * len(SITES))
    local = own[cells % len(SITES), cells]
    arrivals = [BEFORE + first_sweep(rows[cell // len(SITES)])[0] for cell in cells]
    rule = online_rule(RULE)
    before = float(rule.initial_state()["efficacy"])
    change = (learned(rule, local, arrivals) - before).reshape(shape) / before
    sweeps = np.array([row.sweeps for row in rows])
    spikes = np.array([len(train) for train in traces.spikes]).reshape(shape)
    asked = np.array([len(first_sweep(row)[1]) for row in rows])
    return xr.Dataset(
        {
            "tree_ratio": (("tree_row", "site"), np.clip(1 + sweeps[:, None] * change, 0, None)),
            "tree_peak": (("tree_row", "site"), 1e3 * np.ptp(local, axis=1).reshape(shape)),
            "tree_spikes": (("tree_row", "site"), spikes / asked[:, None]),
            "tree_measured": ("tree_row", [row.ratio for row in rows]),
            "tree_sem": ("tree_row", [row.sem for row in rows]),
            "tree_fitted_rule": ("tree_row", by_spike_times(rows, traces, parameters)),
        },
        coords={"tree_row": [row.name for row in rows], "site": list(SITES)},
    )


def sweeps_on_a_tree(rows: Sequence[Pairing], cell: str, progress: Progress) -> Traces | None:
    """Return the first sweep of each experiment at each site, a cell each; None where stopped."""
    model = load_model(cell)
    pulse = PULSES["short"]
    lead = latency(model, pulse, progress)
    if lead is None:
        return None
    sweeps = [first_sweep(row) for row in rows]
    last = max(float(np.concatenate(sweep).max()) for sweep in sweeps)
    steps = round((BEFORE + last + AFTER) / float(STEP))
    stimulus = Stimulus(len(rows) * len(SITES))
    currents = np.zeros((steps, stimulus.n_cells))
    for place in range(stimulus.n_cells):
        before, after = sweeps[place // len(SITES)]
        currents[:, place] = pulses(pulse, BEFORE + after - lead, steps)
        for _ in range(CONTACTS):
            site = list(SITES.values())[place % len(SITES)]
            stimulus.glutamate(place, site, BEFORE + before)
    stimulus.currents["soma"] = currents
    traces = stimulate(
        model,
        stimulus,
        steps * STEP,
        STEP,
        progress,
        [potential(site) for site in SITES.values()],
        description="cells that make their spikes",
    )
    return traces if traces.complete else None


def learned(rule: OnlineRule, potentials: Numbers, arrivals: Sequence[Numbers]) -> Numbers:
    """Return the efficacies of synapses after spikes that meet some course of the potential.

    Parameters
    ----------
    rule : OnlineRule
        Of the potential.
    potentials : ndarray of float, shape (n_synapses, n_steps)
        Volts, at steps of `STEP`.
    arrivals : sequence of ndarray of float, length n_synapses
        Seconds.
    """
    n, steps = potentials.shape
    seen = TimedArray(potentials.T * volt, dt=STEP)
    with uncompiled():
        places = NeuronGroup(
            n,
            f"v = seen(t, i) : volt (constant over dt)\n{rule.target_equations}",
            events=dict(rule.target_events),
            method="exact",
            dt=STEP,
            namespace={"seen": seen},
        )
        for name in ("u_minus", "u_plus", "delayed_u_minus", "delayed_u_plus"):
            setattr(places, name, potentials[:, 0] * volt)
        who = np.repeat(np.arange(n), [len(times) for times in arrivals])
        axons = SpikeGeneratorGroup(n, who, np.concatenate(arrivals) * second, dt=STEP)
        synapses = PlasticSynapses(axons, places, rule)
        synapses.connect(j="i")
        Network(axons, places, synapses).run(steps * STEP, namespace={})
    efficacy: Numbers = np.array(synapses.efficacy)
    return efficacy


def by_spike_times(
    rows: Sequence[Pairing], traces: Traces, parameters: PairingDataParameters
) -> Numbers:
    """Return what the fitted rule makes of the spikes that come with inner basal contacts."""
    spikes = every_sweep(rows, traces.spikes[:: len(SITES)])
    trains = [row.trains()[0] for row in rows], spikes
    return ratios(online_rule(FITTED), rows, parameters.synapses, parameters.seed, trains)

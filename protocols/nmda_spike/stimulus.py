"""Synapses of every condition: how many, on which branches, when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from brian2 import mV, nS

from htm_brian.cells import biophysical, tree
from htm_brian.electrophysiology.stimulation import Stimulus
from htm_brian.errors import InputError
from htm_brian.fitting import resting
from htm_brian.parameters import Model

if TYPE_CHECKING:
    from htm_brian.protocols.nmda_spike import NMDASpikeParameters


CONDITIONS = (
    "clustered",
    "depolarised",
    "spread",
    "two branches",
    "no magnesium block",
    "no NMDA",
    "no sodium",
)

SODIUM = {
    "backpropagation.trunk_conductance": 0 * nS,
    "backpropagation.nexus_conductance": 0 * nS,
    "spike.threshold": 100 * mV,
}
"""What tetrodotoxin takes from a cell that has it: spikes, and their way into the trunk."""

ARRIVAL = 150.0
"""ms; before that a holding current settles."""


def basal_branches(model: Model) -> tuple[str, str, str]:
    """Return inner and outer compartment of a basal branch, and the outer one of another."""
    biophysical.require(model)
    if "basal" not in model or "nmda" not in model:
        raise InputError(f"nmda_spike needs the tables [basal] and [nmda] ({model.file})")
    branches, segments = (int(model["basal"][key]) for key in ("branches", "segments"))
    if branches < 2 or segments < 2:
        raise InputError(
            "nmda_spike needs 2 basal branches of 2 segments or more, "
            f"got {branches} of {segments} ({model.file})"
        )
    return "basal_0_0", tree.outermost(model, "basal", 0), tree.outermost(model, "basal", 1)


def make_stimulus(model: Model, parameters: NMDASpikeParameters) -> Stimulus:
    """Return the synapses of every cell: conditions by number of synapses, then the jittered."""
    n = parameters.n_synapses
    jittered = [float(jitter) for jitter in parameters.jitters for _ in range(parameters.n_draws)]
    stimulus = Stimulus(len(CONDITIONS) * n + len(jittered))
    inner, outer, other = basal_branches(model)
    second_place = {"spread": inner, "two branches": other}
    for row, condition in enumerate(CONDITIONS):
        for k in range(1, n + 1):
            cell = row * n + k - 1
            shared = k // 2 if condition in second_place else 0
            stimulus.glutamate(cell, outer, np.full(k - shared, ARRIVAL * 1e-3))
            if shared:
                stimulus.glutamate(cell, second_place[condition], np.full(shared, ARRIVAL * 1e-3))
    rng = np.random.default_rng(parameters.seed)
    for cell, jitter in enumerate(jittered, start=len(CONDITIONS) * n):
        late = rng.uniform(0, jitter, parameters.n_jittered)
        stimulus.glutamate(cell, outer, ARRIVAL * 1e-3 + late)
    condition_of = np.repeat(np.arange(len(CONDITIONS)), n)
    condition_of = np.append(condition_of, np.zeros(len(jittered), int))
    hold = resting.holding_current(model, float(parameters.depolarisation))
    stimulus.currents["soma"] = hold * (condition_of == CONDITIONS.index("depolarised"))
    magnesium = model["nmda"]["magnesium"] * (
        condition_of != CONDITIONS.index("no magnesium block")
    )
    unitary = model["nmda"]["unitary_conductance"] * (condition_of != CONDITIONS.index("no NMDA"))
    stimulus.values = {"nmda.magnesium": magnesium, "nmda.unitary_conductance": unitary}
    poisoned = condition_of == CONDITIONS.index("no sodium")
    for path, without in SODIUM.items():
        table, _, key = path.partition(".")
        if table in model and key in model[table]:
            stimulus.values[path] = model[table][key] * ~poisoned + without * poisoned
    return stimulus

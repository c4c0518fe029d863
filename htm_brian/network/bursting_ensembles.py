r"""Ensembles in layers, which bursts teach: event rates go up, bursts go back.

After the exclusive-or of Payeur et al. 2021 (Nat Neurosci 24:1010). A cell has a soma, which makes
events, and a dendrite, whose potential is the chance that an event becomes a burst of two spikes.
Forward synapses and their inhibition hear events only, as if they were depressed wholly for the
second spike; feedback hears bursts only. So an event rate tells the layer above what there is, and
a burst rate tells the layer below what would be better.

===========  ====================================  =====================================
layer        soma                                  dendrite
===========  ====================================  =====================================
inputs       the input's current                   nothing
hidden       plastic synapses from the inputs      fixed synapses from the outputs' bursts
outputs      plastic synapses from hidden cells    the teacher's current
===========  ====================================  =====================================

Plastic synapses follow `htm_brian.synapses.plasticity.burst_dependent`, which looks at their own
presynaptic events and at the events and bursts of their own cell. A third factor lets them change
while the teacher speaks, as in the paper; `Arm.always` leaves it out. Several arms, equal but for
what they lack, are simulated side by side from equal first efficacies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from brian2.core.base import BrianObject
from brian2.core.network import Network
from brian2.core.operations import NetworkOperation
from brian2.groups.neurongroup import NeuronGroup
from brian2.input.timedarray import TimedArray
from brian2.synapses.synapses import Synapses
from brian2.units import pA, second
from numpy.typing import NDArray

from htm_brian.engine.compiling import connect_pairs
from htm_brian.network.bursting_cells import bursting_cells
from htm_brian.parameters import Key, Model
from htm_brian.synapses.plasticity.burst_dependent import BurstDependent
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses

Floats = NDArray[np.float64]

KEYS = {
    "soma": {
        "membrane_capacitance": Key("farad", "of the soma"),
        "leak_conductance": Key("siemens", "of the soma"),
        "resting_potential": Key("volt", "of both compartments, and after an event"),
        "threshold": Key("volt", "of an event"),
        "refractory_period": Key("second", "from an event, or a burst's end, to the next event"),
        "noise": Key("volt", "standard deviation of the soma's potential at rest"),
    },
    "adaptation": {
        "increment": Key("amp", "by an event"),
        "time_constant": Key("second", "of adaptation"),
    },
    "dendrite": {
        "capacitance": Key("farad", "of the dendrite"),
        "leak_conductance": Key("siemens", "of the dendrite"),
        "noise": Key("volt", "standard deviation of the dendrite's potential at rest"),
    },
    "burst": {
        "half_activation": Key("volt", "of the dendrite, where half of the events are bursts"),
        "activation_slope": Key("volt", "of the logistic function"),
        "shortest_interval": Key("second", "from an event to the burst's second spike"),
        "longest_interval": Key("second", "from an event to the burst's second spike"),
    },
    "excitation": {
        "unitary_conductance": Key("siemens", "of a forward synapse of efficacy 1"),
        "time_constant": Key("second", "of excitation"),
        "reversal_potential": Key("volt", "of excitation"),
    },
    "inhibition": {
        "unitary_conductance": Key("siemens", "that comes with each event that goes forward"),
        "time_constant": Key("second", "of inhibition"),
        "reversal_potential": Key("volt", "of inhibition"),
    },
    "feedback": {"unitary_conductance": Key("siemens", "of a burst at a dendrite below")},
    "wiring": {
        "cells": Key("1", "of an ensemble"),
        "inputs": Key("1", "synapses of a cell from each ensemble that it hears"),
        "spread": Key("1", "of first efficacies among hidden cells, as a share"),
    },
    "currents": {
        "input_off": Key("amp", "into the soma of an input that is 0"),
        "input_on": Key("amp", "into the soma of an input that is 1"),
        "hidden_soma": Key("amp", "into a hidden soma"),
        "output_soma": Key("amp", "into an output's soma"),
        "hidden_dendrite": Key("amp", "into a hidden dendrite"),
        "output_dendrite": Key("amp", "into an output's dendrite"),
    },
    "teacher": {
        "low_rate": Key("hertz", "event rate that is wanted for 0"),
        "high_rate": Key("hertz", "event rate that is wanted for 1"),
        "gain": Key("amp*second", "current for each hertz that an output lacks"),
        "largest_current": Key("amp", "of the teacher, either way"),
    },
    "example": {
        "quiet": Key("second", "for which an input is there before the teacher speaks"),
        "taught": Key("second", "for which the teacher speaks, at the end"),
    },
}
"""What a model of kind "burst_network" holds."""

INPUTS, HIDDEN, ENSEMBLES = 2, 2, 5
"""Ensembles of an arm: inputs, hidden ones, and one of outputs, in this order."""
HIDDEN_ONES = tuple(range(INPUTS, INPUTS + HIDDEN))
BIN = 0.2
"""Seconds; events are counted so, and an example's two parts are multiples of it."""
COUNT_FROM = 0.4
"""Rates are counted from this share of an example's quiet part on."""


@dataclass(frozen=True)
class Arm:
    """What one of several equal networks has, or lacks.

    Parameters
    ----------
    name : str
    teacher : bool
        Whether the outputs' dendrites get the teacher's current.
    feedback : bool
        Whether the outputs' bursts come back to hidden dendrites.
    always : bool
        Whether synapses change all the time, not while the teacher speaks alone.
    """

    name: str
    teacher: bool = True
    feedback: bool = True
    always: bool = False


@dataclass(frozen=True)
class Shown:
    """Examples in a row.

    Parameters
    ----------
    inputs : ndarray of shape (n_examples, 2)
        Zeros and ones.
    targets : ndarray of shape (n_examples,)
        Zeros and ones.
    learns : ndarray of bool, shape (n_examples,)
        Where the teacher speaks and synapses may change; else it is silent and they stay.
    """

    inputs: Floats
    targets: Floats
    learns: NDArray[np.bool_]


@dataclass(frozen=True)
class Counted:
    """Events and bursts, of an ensemble's mean cell.

    Attributes
    ----------
    rate, taught_rate : ndarray of shape (n_arms, n_examples, 5)
        Event rates in Hz, before the teacher speaks and while it does.
    share, taught_share : ndarray of shape (n_arms, n_examples, 5)
        Share of the events that are bursts, likewise.
    """

    rate: Floats
    taught_rate: Floats
    share: Floats
    taught_share: Floats


def run_arms(
    model: Model,
    rule: BurstDependent,
    arms: Sequence[Arm],
    shown: Shown,
    rng: np.random.Generator,
) -> Counted:
    """Show examples to all arms at once, and count.

    Parameters
    ----------
    model : Model
        Of kind "burst_network".
    rule : BurstDependent
        Of the forward synapses.
    arms : sequence of Arm
    shown : Shown
    rng : Generator
        Of connections and first efficacies, which are the same in all arms. Brian2's own stream
        gives the noise.
    """
    quiet, taught = (round(float(model["example"][key]) / BIN) for key in ("quiet", "taught"))
    schedule = _schedule(model, shown, quiet, taught)
    cells = _cells(model, rule, arms, schedule)
    forward, feedback = _synapses(cells, model, rule, arms, schedule, rng)
    counts: list[Floats] = []

    def count() -> None:
        rows = [np.asarray(cells.n_events[:]), np.asarray(cells.n_bursts[:])]
        counts.append(np.array([each.reshape(len(arms), ENSEMBLES, -1).mean(-1) for each in rows]))
        cells.n_events = 0
        cells.n_bursts = 0

    counting = NetworkOperation(count, dt=BIN * second, when="end")
    objects: list[BrianObject] = [cells, forward, feedback, counting]
    Network(objects).run(len(shown.inputs) * (quiet + taught) * BIN * second, namespace={})
    # The first count, at time zero, is empty: each tells of the bin before it; the last is now.
    count()
    return _counted(np.array(counts[1:]), quiet, taught)


def _cells(
    model: Model, rule: BurstDependent, arms: Sequence[Arm], schedule: Mapping[str, TimedArray]
) -> NeuronGroup:
    """Return all cells of all arms, arm after arm, ensemble after ensemble."""
    each = int(model["wiring"]["cells"])
    currents, teacher = model["currents"], model["teacher"]
    average = rule.table["average_time_constant"]
    group = bursting_cells(len(arms) * ENSEMBLES * each, model, average, schedule)
    ensemble = np.arange(len(group)) // each % ENSEMBLES
    arm = np.arange(len(group)) // (ENSEMBLES * each)
    hidden, output = np.isin(ensemble, HIDDEN_ONES), ensemble == ENSEMBLES - 1
    group.channel = np.where(ensemble < INPUTS, ensemble, INPUTS)
    group.soma_current = hidden * currents["hidden_soma"] + output * currents["output_soma"]
    apical = hidden * currents["hidden_dendrite"] + output * currents["output_dendrite"]
    group.dendrite_current = apical
    group.taught = output * np.array([a.teacher for a in arms])[arm]
    group.always = np.array([a.always for a in arms])[arm]
    # An output begins as if it were midway, so that the teacher is not misled at first.
    middle = (teacher["low_rate"] + teacher["high_rate"]) / 2
    group.events_lately = float(middle * average)
    return group


def _schedule(model: Model, shown: Shown, quiet: int, taught: int) -> dict[str, TimedArray]:
    """Return the inputs' currents, what is wanted, and when the teacher speaks, over time."""
    low, high = (model["currents"][key] / pA for key in ("input_off", "input_on"))
    bins = quiet + taught
    current = np.repeat(low + (high - low) * shown.inputs, bins, axis=0)
    none = np.zeros((len(current), 1))
    teacher = model["teacher"]
    rates = np.where(shown.targets > 0, float(teacher["high_rate"]), float(teacher["low_rate"]))
    learns = np.repeat(shown.learns, bins).astype(float)
    speaks = learns * np.tile(np.arange(bins) >= quiet, len(shown.inputs))
    step = BIN * second
    return {
        "drive": TimedArray(np.hstack([current, none]) * pA, step),
        "wanted": TimedArray(np.repeat(rates, bins) / second, step),
        "learns": TimedArray(learns, step),
        "speaks": TimedArray(speaks, step),
    }


def _synapses(
    cells: NeuronGroup,
    model: Model,
    rule: BurstDependent,
    arms: Sequence[Arm],
    schedule: Mapping[str, TimedArray],
    rng: np.random.Generator,
) -> tuple[PlasticSynapses, Synapses]:
    """Return forward synapses, which learn, and feedback, which does not."""
    each, inputs = int(model["wiring"]["cells"]), int(model["wiring"]["inputs"])
    spread, output = float(model["wiring"]["spread"]), ENSEMBLES - 1
    pairs = [(a, b) for b in HIDDEN_ONES for a in range(INPUTS)]
    pairs += [(a, output) for a in HIDDEN_ONES]
    below, above, first = [], [], []
    for source, target in pairs:
        one, other = _some_of(source, target, each, inputs, rng)
        below.append(one)
        above.append(other)
        leaning = 1 + (target != output) * spread * rng.uniform(-1, 1, each)
        first.append(np.repeat(leaning, inputs))
    back = [_some_of(output, target, each, inputs, rng) for target in HIDDEN_ONES]
    namespace = {
        "excitatory": model["excitation"]["unitary_conductance"],
        "inhibitory": model["inhibition"]["unitary_conductance"],
        **{name: schedule[name] for name in ("learns", "speaks")},
    }
    forward = PlasticSynapses(
        cells,
        cells,
        rule.gated("plastic_post"),
        # The second spike of a burst finds the terminal depressed.
        on_pre="""g_excitation_post += (1 - second_spike_pre)*efficacy*excitatory
g_inhibition_post += (1 - second_spike_pre)*inhibitory""",
        namespace=namespace,
        name="forward_synapses",
    )
    place = ENSEMBLES * each * np.arange(len(arms))[:, None]
    connect_pairs(
        forward,
        (place + np.concatenate(below)).ravel(),
        (place + np.concatenate(above)).ravel(),
    )
    efficacy = np.tile(np.concatenate(first), len(arms))
    forward.efficacy = float(rule.table["initial_efficacy"]) * efficacy
    heard = place[[number for number, arm in enumerate(arms) if arm.feedback]]
    feedback = Synapses(
        cells,
        cells,
        on_pre="g_apical_post += second_spike_pre*apical",
        namespace={"apical": model["feedback"]["unitary_conductance"]},
        clock=cells.clock,
        name="feedback_synapses",
    )
    sources, targets = (np.concatenate(ends) for ends in zip(*back, strict=True))
    connect_pairs(feedback, (heard + sources).ravel(), (heard + targets).ravel())
    return forward, feedback


def _some_of(
    source: int, target: int, each: int, inputs: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw which cells of one ensemble each cell of another hears."""
    heard = rng.permuted(np.tile(np.arange(each), (each, 1)), axis=1)[:, :inputs]
    listening = np.repeat(np.arange(each), inputs)
    return source * each + heard.ravel(), target * each + listening


def _counted(counts: Floats, quiet: int, taught: int) -> Counted:
    """Turn counts of shape (n_bins, 2, n_arms, 5) into rates and shares."""
    bins = counts.reshape(-1, quiet + taught, *counts.shape[1:])
    found = {}
    for name, part in (
        ("", bins[:, round(COUNT_FROM * quiet) : quiet]),
        ("taught_", bins[:, quiet:]),
    ):
        events, bursts = np.moveaxis(part.sum(axis=1), 1, 0).swapaxes(1, 2)
        found[f"{name}rate"] = events / (part.shape[1] * BIN)
        found[f"{name}share"] = bursts / np.maximum(events, 1e-9)
    return Counted(**found)

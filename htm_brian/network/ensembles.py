"""Ensembles: several neurons stand for one HTM cell, and their majority speaks for it.

Each neuron has a soma of its own, with its own noise, threshold and volley. The dendrites are one
tree for all: a plateau depolarises every neuron of the ensemble, and a synapse hears the ensemble
when most of its neurons have spiked within a few milliseconds. That is a simplification: in a brain
each neuron has branches of its own, which are fed by some neurons of each ensemble, so that the
failures of release are averaged as well as the noise of the somata.
"""

from __future__ import annotations

import numpy as np
from brian2.core.base import BrianObject
from brian2.core.clocks import Clock
from brian2.groups.neurongroup import NeuronGroup
from brian2.synapses.synapses import Synapses
from brian2.units import ms

from htm_brian.engine.arrays import sum_with
from htm_brian.engine.compiling import connect_pairs

WINDOW = 8 * ms
"""Within which spikes of most neurons make one of the ensemble; a burst's interval is longer."""
SILENCE = 9 * ms
"""After a spike; longer than the window, so that late neurons do not make a second one."""

EQUATIONS = """
tally : 1  # neurons that spiked within the window
last_spike_time : second  # of the neuron that was the last to spike
silent_until : second
basal_conductance : siemens  # of the branches, the same for every neuron
"""


def majority(neurons: int) -> int:
    """Return how many of an ensemble's neurons are more than half.

    Examples
    --------
    >>> majority(1), majority(16)
    (1, 9)
    """
    return neurons // 2 + 1


class Ensembles:
    """HTM cells made of neurons, as a Brian2 group that spikes when most of its neurons do.

    Parameters
    ----------
    neurons : NeuronGroup
        With `last_spike_time` and `basal_conductance`; those of one ensemble follow each other.
    neurons_per_cell : int
    clock : Clock
        Of the neurons.
    branch_clock : Clock
        Of the branches, whose conductance the neurons get.

    Attributes
    ----------
    cells : NeuronGroup
        One for each ensemble, with `basal_conductance` for branches to set.
    """

    def __init__(
        self, neurons: NeuronGroup, neurons_per_cell: int, clock: Clock, branch_clock: Clock
    ) -> None:
        every = np.arange(len(neurons), dtype=np.int32)
        ensemble = every // neurons_per_cell
        self.cells = NeuronGroup(
            len(neurons) // neurons_per_cell,
            EQUATIONS,
            threshold=f"tally > {majority(neurons_per_cell) - 0.5} and t >= silent_until",
            reset=f"silent_until = t + {float(SILENCE)!r}*second",
            clock=clock,
            name="ensembles",
        )
        self.votes = Synapses(
            neurons,
            self.cells,
            on_pre={
                "vote": "tally_post += 1\nlast_spike_time_post = last_spike_time_pre",
                "withdraw": "tally_post -= 1",
            },
            delay={"vote": 0 * ms, "withdraw": WINDOW},
            clock=clock,
            name="votes",
        )
        connect_pairs(self.votes, every, ensemble)
        self.trees = Synapses(
            self.cells,
            neurons,
            "basal_conductance_post = basal_conductance_pre : siemens (summed)",
            clock=branch_clock,
            name="shared_trees",
        )
        connect_pairs(self.trees, ensemble, every)
        sum_with(self.trees, branch_clock)

    @property
    def objects(self) -> list[BrianObject]:
        """The Brian2 objects, for a network."""
        return [self.cells, self.votes, self.trees]

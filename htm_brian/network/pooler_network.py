r"""Columns that race out of inhibition: a volley in, the columns that fire before it is over out.

The axons of the input's on-bits spike in a volley. It excites, through the connected synapses, the
neurons of every column; and, a synapse later, interneurons that inhibit all columns alike, the
more the more axons spiked. Excitation lasts and inhibition wanes. A neuron of a conductance g of
excitation reaches its threshold when

.. math:: g (E_e - \theta) = g_L (\theta - E_L) + g_i (\theta - E_i),

so that the most excited columns come first, and the conductance of inhibition is the line that they
cross. The first ones recruit further inhibition, which ends the race for the rest. That takes a
delay, during which the line sinks on: the number of winners is as exact as the line is slow.

After the E %-max rule of a gamma cycle (de Almeida, Idiart & Lisman 2009, J Neurosci 29:7497), but
that a number of columns and not a delay alone ends the race; feedforward inhibition as Swadlow
(2002), Phil Trans R Soc B 357:1717, finds it.

A column is active if most of its neurons spiked. They share the column's excitation, and each has
noise of its own. A neuron's spike ends the volley for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import ms, second
from brian2.core.clocks import Clock
from brian2.core.variables import linked_var
from brian2.devices.device import seed as seed_brian2
from brian2.groups.neurongroup import NeuronGroup
from brian2.monitors.spikemonitor import SpikeMonitor
from brian2.synapses.synapses import Synapses
from numpy.typing import NDArray

from htm_brian.engine.arrays import raw
from htm_brian.engine.compiling import connect_pairs, uncompiled
from htm_brian.engine.leaping import leap
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.mechanisms import membrane_noise
from htm_brian.network.ensembles import majority
from htm_brian.network.minicolumns import LARGEST_DEVIATE, due_cells
from htm_brian.parameters import Key, Model
from htm_brian.randomness import brian2_seed, key_words, stream
from htm_brian.synapses.release.draws import FUNCTIONS
from htm_brian.synapses.release.transmission import RELEASE_KEYS

Array = NDArray[np.float64]

KEYS = {
    "cell": {
        "membrane_capacitance": Key("farad", "of a neuron, which is a point"),
        "leak_conductance": Key("siemens", "of a neuron"),
        "resting_potential": Key("volt", "of a neuron"),
        "threshold": Key("volt", "at which it spikes"),
    },
    "membrane_noise": membrane_noise.KEYS,
    "feedforward": {
        "axons": Key("1", "that carry a bit together"),
        "conductance": Key("siemens", "that one axon's spike opens at a connected synapse"),
        "rise_time_constant": Key("second", "of the receptors' opening"),
        "decay_time_constant": Key("second", "of their closing"),
        "reversal_potential": Key("volt", "of the excitation"),
        "delay": Key("second", "from an axon's spike to the excitation"),
        "jitter": Key("second", "standard deviation of the axons' spikes"),
    },
    "release": RELEASE_KEYS,
    "quantum": {"quantal_variation": Key("1", "SD over mean of the size of one quantum")},
    "inhibition": {
        "feedforward_conductance": Key("siemens", "that one axon's spike opens in every neuron"),
        "feedforward_delay": Key("second", "from an axon's spike to the inhibition"),
        "decay_time_constant": Key("second", "of the inhibition"),
        "reversal_potential": Key("volt", "of the inhibition"),
        "feedback_conductance": Key("siemens", "that ends the race"),
        "recruitment_delay": Key("second", "from a column's spike to the interneurons"),
        "delay": Key("second", "from their spike to the inhibition"),
        "recruiting_share": Key("1", "of the winners, the columns that recruit the interneurons"),
    },
    "excitability": {"spread": Key("1", "between the most and the least excitable column")},
    "element": {
        "duration": Key("second", "within which a volley is answered"),
        "time_step": Key("second", "of the integration"),
    },
}
"""Tables of a model of kind "pooler"."""

STRETCH = 5 * ms
"""How long the network runs between two looks at whether the race is over."""
ENDED = -1e6
"""Columns that the pool has heard once it has ended a race: no more can recruit it."""
PAUSE = 1 * second
"""Between two volleys; after it nothing is left of the first."""

_NEURON = """
dv/dt = (leak_conductance*(resting_potential - v) + open*column_excitation*(excitatory_reversal - v) + all_inhibition*(inhibitory_reversal - v) + noise)/membrane_capacitance : volt
open : 1  # 0 from the neuron's spike to the next volley
noise : amp
column_excitation : siemens (linked)
all_inhibition : siemens (linked)
"""  # noqa: E501
_COLUMN = """
dexcitation/dt = (opening - excitation)/rise_time_constant : siemens
dopening/dt = -opening/decay_time_constant : siemens
excitability : 1
arrived : integer  # connected synapses that the volley has reached
"""
_POOL = """
dinhibition/dt = -inhibition/inhibition_decay : siemens
spiked : 1  # columns, since the last volley
"""
_SYNAPSE = """
connected : integer
volley : integer (shared)
quanta : integer
"""
_RELEASE = """
arrived_post += connected
quanta = binomial_quantile(keyed_uniform(stream_low, stream_high, i, j, 0, volley), sites, release_probability)
opening_post += connected*excitability_post*quantum*(quanta + keyed_normal(quantal_variation*sqrt(quanta), stream_low, stream_high, i, j, 1, volley))
"""  # noqa: E501
_RELIABLE = """
arrived_post += connected
opening_post += connected*excitability_post*bit_conductance
"""


@dataclass(frozen=True)
class Answer:
    """What a volley brought about.

    Attributes
    ----------
    columns : ndarray of int64
        Sorted, of which most neurons spiked.
    latencies : ndarray of float64
        Seconds from the volley's begin to the spike that made the majority, for each of them.
    arrived : ndarray of int32, shape (all columns,)
        Connected synapses that the volley reached.
    """

    columns: NDArray[np.int64]
    latencies: Array
    arrived: NDArray[np.int32]


class PoolerNetwork:
    """Axons, columns of neurons, and the pool of interneurons.

    Parameters
    ----------
    potential : ndarray of int, shape (columns, pool_size)
        The axons, or bits, of each column's synapses.
    n_inputs : int
        Bits of the input.
    winners : int
        Columns that shall win.
    model : Model
        Of kind "pooler".
    neurons_per_column : int
    reliable_release, noisy : bool
        Whether no release fails, and whether membranes have noise.
    seed : int
        Of release, jitter and noise.
    """

    def __init__(
        self,
        potential: NDArray[np.integer],
        n_inputs: int,
        winners: int,
        model: Model,
        *,
        neurons_per_column: int = 1,
        reliable_release: bool = False,
        noisy: bool = True,
        seed: int = 0,
    ) -> None:
        self.model = model.require(KEYS)
        self.columns, self.neurons_per_column = len(potential), neurons_per_column
        self._seed, self._volleys = seed, 0
        self._rng = stream(seed, "volleys of the pooler")
        self._noisy = noisy and not membrane_noise.is_off(model["membrane_noise"])
        self._clock = Clock(dt=model["element"]["time_step"])
        self._names = _namespace(model, winners, seed, neurons_per_column)
        with uncompiled():
            self._make_groups(n_inputs)
            self._connect(potential, n_inputs, reliable_release)
            self._network = SteppedNetwork(
                self.axons,
                self.drives,
                self.neurons,
                self.pool,
                self.feedforward,
                self.feedforward_inhibition,
                self.recruitment,
                self.feedback,
                self._spikes,
            )

    def connect(self, connected: NDArray[np.bool_]) -> None:
        """Say which synapses are connected; of the shape of the potential ones."""
        raw(self.feedforward, "connected")[:] = connected.ravel()

    def excite(self, excitability: Array) -> None:
        """Set what each column makes of a synapse, as a share of its conductance."""
        raw(self.drives, "excitability")[:] = excitability

    def show(self, bits: NDArray[np.integer]) -> Answer:
        """Let the axons of these bits spike in a volley, and return which columns answer."""
        begin = self._rest()
        self._volleys += 1
        self.feedforward.volley = self._volleys
        seed_brian2(brian2_seed(self._seed, "noise of the pooler", self._volleys))
        jitter = float(self.model["feedforward"]["jitter"])
        late = np.clip(self._rng.standard_normal(len(bits)), -LARGEST_DEVIATE, LARGEST_DEVIATE)
        raw(self.axons, "due")[bits] = begin + jitter * (LARGEST_DEVIATE + late)
        before = self._spikes.num_spikes
        with uncompiled():
            duration, gone = self.model["element"]["duration"], 0 * ms
            while gone < duration and not self._over():
                self._network.advance(STRETCH)
                gone += STRETCH
            # Whatever is still on its way arrives.
            self._network.advance(STRETCH)
        return self._answer(before, begin)

    def _rest(self) -> float:
        """Leave the network alone for long, and return the time."""
        leap(self._network, PAUSE)
        for name in ("opening", "excitation", "arrived"):
            raw(self.drives, name)[:] = 0
        raw(self.pool, "inhibition")[:] = raw(self.pool, "spiked")[:] = 0
        raw(self.neurons, "v")[:] = float(self.model["cell"]["resting_potential"])
        raw(self.neurons, "open")[:] = 1
        if self._noisy:
            drawn = self._rng.standard_normal(len(self.neurons))
            raw(self.neurons, "noise")[:] = float(self._names["noise_current"]) * drawn
        return float(self._network.t_)

    def _over(self) -> bool:
        """Whether inhibition has been recruited, and there is such."""
        return raw(self.pool, "spiked")[0] < ENDED / 2 and float(self._names["feedback"]) > 0

    def _answer(self, before: int, begin: float) -> Answer:
        neuron = np.asarray(self._spikes.i[before:]) // self.neurons_per_column
        times = np.asarray(self._spikes.t_[before:]) - begin
        arrived = raw(self.drives, "arrived").astype(np.int32)
        needed = majority(self.neurons_per_column)
        order = np.lexsort((times, neuron))
        column, times = neuron[order], times[order]
        found, first, count = np.unique(column, return_index=True, return_counts=True)
        enough = count >= needed
        return Answer(found[enough].astype(np.int64), times[first[enough] + needed - 1], arrived)

    def _make_groups(self, n_inputs: int) -> None:
        clock, names = self._clock, self._names
        made = {"clock": clock, "namespace": names}
        self.axons = due_cells(n_inputs, clock, "pooler_axons*")
        self.drives = NeuronGroup(self.columns, _COLUMN, method="exact", **made)
        self.pool = NeuronGroup(
            1,
            _POOL,
            threshold="spiked > recruiting",
            reset="spiked = ended",
            method="exact",
            **made,
        )
        self.pool.thresholder[
            "spike"
        ].when = "after_synapses"  # no step of delay that is not asked for
        n_neurons = self.columns * self.neurons_per_column
        self.neurons = NeuronGroup(
            n_neurons,
            _NEURON,
            threshold="v > spike_threshold",
            reset="v = resting_potential\nopen = 0",
            method="exponential_euler",
            **made,
        )
        column = np.arange(n_neurons) // self.neurons_per_column
        self.neurons.column_excitation = linked_var(self.drives, "excitation", index=column)
        self.neurons.all_inhibition = linked_var(self.pool, "inhibition")
        if self._noisy:
            self.neurons.run_regularly(
                "noise = noise_kept*noise + noise_current*sqrt(1 - noise_kept**2)*randn()",
                dt=membrane_noise.STEP,
            )
        self._spikes = SpikeMonitor(self.neurons)

    def _connect(
        self, potential: NDArray[np.integer], n_inputs: int, reliable_release: bool
    ) -> None:
        names, inhibition = self._names, self.model["inhibition"]
        made = {"clock": self._clock, "namespace": names}
        self.feedforward = Synapses(
            self.axons,
            self.drives,
            _SYNAPSE,
            on_pre=_RELIABLE if reliable_release else _RELEASE,
            delay=self.model["feedforward"]["delay"],
            **made,
        )
        pool_size = potential.shape[1]
        connect_pairs(
            self.feedforward, potential.ravel(), np.repeat(np.arange(self.columns), pool_size)
        )
        self.feedforward_inhibition = Synapses(
            self.axons,
            self.pool,
            on_pre="inhibition_post += bit_inhibition",
            delay=inhibition["feedforward_delay"],
            **made,
        )
        connect_pairs(self.feedforward_inhibition, np.arange(n_inputs), np.zeros(n_inputs, int))
        self.recruitment = Synapses(
            self.neurons,
            self.pool,
            on_pre="spiked_post += neuron_share",
            delay=inhibition["recruitment_delay"],
            **made,
        )
        n_neurons = len(self.neurons)
        connect_pairs(self.recruitment, np.arange(n_neurons), np.zeros(n_neurons, int))
        self.feedback = Synapses(
            self.pool,
            self.pool,
            on_pre="inhibition_post += feedback",
            delay=inhibition["delay"],
            **made,
        )
        connect_pairs(self.feedback, [0], [0])


def _namespace(model: Model, winners: int, seed: int, neurons_per_column: int) -> dict[str, Any]:
    """Return what the equations call by name."""
    cell, forward, release = model["cell"], model["feedforward"], model["release"]
    inhibition, noise = model["inhibition"], model["membrane_noise"]
    axons = round(float(forward["axons"]))
    sites = axons * round(float(release["sites"]))
    bit = axons * forward["conductance"]
    low, high = key_words(seed, "release of the pooler")
    membrane = cell["membrane_capacitance"] / cell["leak_conductance"]
    correlated = float(noise["time_constant"] / (noise["time_constant"] + membrane))
    current = noise["standard_deviation"] * cell["leak_conductance"] / np.sqrt(correlated)
    return {
        **{key: cell[key] for key in ("membrane_capacitance", "leak_conductance")},
        "resting_potential": cell["resting_potential"],
        "spike_threshold": cell["threshold"],
        "excitatory_reversal": forward["reversal_potential"],
        "inhibitory_reversal": inhibition["reversal_potential"],
        "rise_time_constant": forward["rise_time_constant"],
        "decay_time_constant": forward["decay_time_constant"],
        "inhibition_decay": inhibition["decay_time_constant"],
        "bit_conductance": bit,
        "quantum": bit / (sites * float(release["release_probability"])),
        "sites": sites,
        "release_probability": release["release_probability"],
        "quantal_variation": model["quantum"]["quantal_variation"],
        "stream_low": low,
        "stream_high": high,
        "bit_inhibition": axons * inhibition["feedforward_conductance"],
        "feedback": inhibition["feedback_conductance"],
        "recruiting": float(inhibition["recruiting_share"]) * winners - 0.5,
        "neuron_share": 1 / neurons_per_column,
        "ended": ENDED,
        "noise_current": current,
        "noise_kept": float(np.exp(-float(membrane_noise.STEP / noise["time_constant"]))),
    } | FUNCTIONS

r"""A memory of pairs: a volley of axons, a plateau at the cells that shall answer to it later.

Every axon has a synapse on every cell. To store a pair, the axons of the cue spike in a volley and,
some time later, the cells of the target are driven to spike; with a plateau, unless it is withheld.
What the synapses make of that is up to their rule alone. To recall, the axons of a cue spike, and
the cells that spike within the time of a volley answer.

A cell is a point with a leak, noise and a threshold. Inhibition comes with every spike of an axon
and takes from its potential what a synapse that has never learned gives (feedforward inhibition),
so that a cell sees what was learned, and an SDR of more bits says no more by that alone:

.. math::

    \tau \frac{dv}{dt} = -v + \sigma \sqrt{2 \tau}\, \xi, \qquad
    v \leftarrow v + u\, (w / w_0 - 1) \text{ at a spike}

where w is the efficacy, :math:`w_0` that of a new synapse and u the potential which that one gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from brian2 import ms, mV, second
from brian2.core.clocks import Clock
from brian2.devices.device import seed as seed_brian2
from brian2.groups.neurongroup import NeuronGroup
from brian2.monitors.spikemonitor import SpikeMonitor
from brian2.units.fundamentalunits import Quantity
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_integer, check_time
from htm_brian.engine.compiling import uncompiled
from htm_brian.engine.leaping import leap
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.errors import InputError
from htm_brian.parameters import Key, Model, load_model
from htm_brian.randomness import brian2_seed, stream
from htm_brian.synapses.plasticity.finding import online_rule
from htm_brian.synapses.plasticity.online import OnlineRule
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses

KEYS = {
    "cell": {
        "membrane_time_constant": Key("second", "decay of the potential"),
        "threshold_depth": Key("volt", "from rest to threshold"),
        "membrane_noise": Key("volt", "standard deviation of the potential"),
        "refractory_period": Key("second", "silence after a spike"),
    },
    "synapse": {"potential": Key("volt", "what a synapse gives that has never learned")},
    "volley": {
        "jitter": Key("second", "standard deviation of its spikes"),
        "duration": Key("second", "within which it is answered"),
    },
}
"""Tables of a model of kind "memory"."""

TIME_STEP = 1 * ms
_EQUATIONS = """
dv/dt = (-v + noise_deviation*sqrt(2*membrane_time_constant)*xi)/membrane_time_constant : volt (unless refractory)
instructed : 1
"""  # noqa: E501
_ARRIVAL = "v_post += potential*(efficacy/initial_efficacy - 1)"
Bits = NDArray[np.int64]


class OneShotMemory:
    """Axons, cells, and synapses between all of them that learn by a rule.

    Parameters
    ----------
    n_inputs, n_cells : int
        Axons and cells.
    rule : str, path, Model or OnlineRule
        Of the synapses, with an efficacy and an `initial_efficacy`.
    model : str, path or Model
        Of kind "memory".
    seed : int
        Of jitter and noise.

    Attributes
    ----------
    synapses : PlasticSynapses
        Of axon i on cell j at place ``i * n_cells + j``.

    Raises
    ------
    InputError

    Examples
    --------
    >>> memory = OneShotMemory(200, 10, "behavioural_time_scale_place")
    >>> memory.store(np.arange(40), [3, 5])
    >>> memory.recall(np.arange(40)).tolist()
    [3, 5]
    >>> memory.recall(np.arange(100, 140)).tolist()
    []
    """

    def __init__(
        self,
        n_inputs: int,
        n_cells: int,
        rule: str | Model | OnlineRule,
        *,
        model: str | Model = "one_shot_memory",
        seed: int = 0,
    ) -> None:
        self.n_inputs = check_integer("n_inputs", n_inputs, low=1)
        self.n_cells = check_integer("n_cells", n_cells, low=1)
        self._seed = check_integer("seed", seed, low=0)
        self.model = load_model(model).require(KEYS)
        self._volleys = 0
        self._rng = stream(seed, "volleys")
        cell, clock = self.model["cell"], Clock(dt=TIME_STEP)
        self.duration = self.model["volley"]["duration"]
        self._jitter = float(self.model["volley"]["jitter"])
        names = {
            "membrane_time_constant": cell["membrane_time_constant"],
            "noise_deviation": cell["membrane_noise"],
            "depth": cell["threshold_depth"],
            "potential": self.model["synapse"]["potential"],
        }
        own = online_rule(rule)
        self.cells = NeuronGroup(
            n_cells,
            _EQUATIONS,
            threshold="v > depth",
            reset="v = 0*volt",
            refractory=cell["refractory_period"],
            events={"plateau": "instructed > 0"},
            method="euler",
            namespace=names,
            clock=clock,
        )
        self.cells.run_on_event("plateau", "instructed = 0", order=1)
        self.axons = NeuronGroup(
            n_inputs, "fires_in : integer", threshold="fires_in == 0", reset="", clock=clock
        )
        self.axons.run_regularly("fires_in -= 1", dt=TIME_STEP, when="end")
        self.axons.fires_in = -1
        with uncompiled():
            self.synapses = PlasticSynapses(
                self.axons,
                self.cells,
                own,
                on_pre=_ARRIVAL,
                namespace={"potential": names["potential"]},
                seed=seed,
            )
            self.synapses.connect()
        self._spikes = SpikeMonitor(self.cells, record=False)
        self._network = SteppedNetwork(self.axons, self.cells, self.synapses, self._spikes)

    @property
    def efficacy(self) -> NDArray[np.float64]:
        """Efficacies as they are now, an array of shape (n_inputs, n_cells)."""
        return self.synapses.present("efficacy").reshape(self.n_inputs, self.n_cells)

    def store(
        self,
        cue: ArrayLike,
        target: ArrayLike,
        *,
        delay: Quantity = 500 * ms,
        pause: Quantity = 5 * second,
        plateau: bool = True,
    ) -> None:
        """Show a pair once.

        Parameters
        ----------
        cue, target : array_like of int
            Axons that spike in a volley, and cells that are driven to spike, and have a plateau.
        delay : Quantity
            From the middle of the volley to the spikes and plateaus of the target.
        pause : Quantity
            From then until whatever comes next.
        plateau : bool
            Whether cells of the target have a plateau beside their spike.
        """
        cue = _checked("cue", cue, self.n_inputs)
        target = _checked("target", target, self.n_cells)
        middle = self._send(cue)
        wait = check_time("delay", delay, low=float(TIME_STEP))
        first = min(self.duration, middle + wait * second)
        with self._drawing():
            self._network.advance(first)
            leap(self._network, middle + wait * second - first)
            self.cells.v[target] = 2 * self.model["cell"]["threshold_depth"]
            if plateau:
                self.cells.instructed[target] = 1
            self._network.advance(2 * TIME_STEP)
        leap(self._network, pause)

    def recall(self, cue: ArrayLike) -> Bits:
        """Return the cells that answer to a cue, sorted.

        The potentials at its begin are drawn, as those of cells that were left alone for long.

        Parameters
        ----------
        cue : array_like of int
            Axons that spike.
        """
        self._send(_checked("cue", cue, self.n_inputs))
        noise = float(self.model["cell"]["membrane_noise"] / mV)
        self.cells.v = noise * self._rng.standard_normal(self.n_cells) * mV
        before = np.array(self._spikes.count[:])
        with self._drawing():
            self._network.advance(self.duration)
        leap(self._network, self.model["cell"]["refractory_period"])
        return np.flatnonzero(np.asarray(self._spikes.count[:]) > before)

    def rest(self, duration: Quantity) -> None:
        """Let time pass, in which eligibilities fade that recall has left."""
        leap(self._network, duration)

    def _send(self, cue: Bits) -> Quantity:
        """Let the axons of a cue spike soon; return when their volley is at its middle."""
        early = 3 * self._jitter
        times = early + self._jitter * np.clip(self._rng.standard_normal(len(cue)), -3, 3)
        self.axons.fires_in[cue] = np.round(times / float(TIME_STEP)).astype(int)
        return early * second

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        """Give Brian2's noise a stream that this memory and the number of the volley name."""
        self._volleys += 1
        seed_brian2(brian2_seed(self._seed, "noise", self._volleys))
        with uncompiled():
            yield


def _checked(name: str, bits: ArrayLike, size: int) -> Bits:
    """Return the on-bits of an SDR, sorted, if they are some."""
    found = np.unique(np.asarray(bits))
    if found.size and not np.issubdtype(found.dtype, np.integer):
        raise InputError(f"{name} must hold indices, got numbers of type {found.dtype}")
    if found.size and (found[0] < 0 or found[-1] >= size):
        raise InputError(f"{name} must hold indices from 0 to {size - 1}, got {found[[0, -1]]}")
    return found.astype(np.int64)

"""Synapses of the network onto level-1 branches, for experiments on release.

They are the network's own, but a release is drawn by the names of branch, synapse and spike, so
that two experiments share their draws, and so do branches of two models.
"""

from __future__ import annotations

from brian2 import Quantity, SpikeGeneratorGroup, Synapses
from numpy.typing import ArrayLike

from htm_brian.mechanisms.branch import DendriticBranches
from htm_brian.network.distal_synapses import COUNTING_EQUATIONS, WITHDRAW, release_code
from htm_brian.randomness import key_words
from htm_brian.synapses.release.draws import FUNCTIONS

_ARRIVAL = """arrival = int(keyed_uniform(stream_low, stream_high, i, j, number, volley) < transmission_probability)
volley += 1
"""  # noqa: E501
_VARIABLES = f"""
{COUNTING_EQUATIONS}
transmission_probability : 1 (constant)
number : integer (constant)
volley : integer
stream_low : integer (shared, constant)
stream_high : integer (shared, constant)
"""


def keyed_synapses(
    axons: SpikeGeneratorGroup,
    branches: DendriticBranches,
    *,
    presynaptic: ArrayLike,
    postsynaptic: ArrayLike,
    transmission_probability: ArrayLike,
    window: Quantity,
    seed: int,
    stream: tuple[int | str, ...],
    number: ArrayLike = 0,
    withdrawn: bool = True,
    name: str = "keyed_synapses",
) -> Synapses:
    """Return synapses that are made, and connected in the sense of their permanence.

    Parameters
    ----------
    axons : SpikeGeneratorGroup
        What fires.
    branches : DendriticBranches
        Of level 1.
    presynaptic, postsynaptic : array_like of int, shape (n_synapses,)
        Axon and branch of each synapse.
    transmission_probability : float or array_like of shape (n_synapses,)
        Of one spike.
    window : Quantity
        For how long a synapse that has released counts.
    seed : int
        Of the draws.
    stream : tuple of int or str
        What names them beside branch, synapse and spike.
    number : int or array_like of int, shape (n_synapses,)
        Names a synapse among those from one axon to one branch.
    withdrawn : bool
        Whether a synapse ceases to count once its window is over. Its delay is then to be set for
        both pathways, ``release`` and ``withdraw``; the latter's is longer by the window.
    name : str
        Of the Brian2 object.
    """
    on_pre = {"release": release_code(branches.parameters, _ARRIVAL, connected="1")}
    if withdrawn:
        on_pre["withdraw"] = WITHDRAW
    synapses = Synapses(
        axons,
        branches,
        _VARIABLES,
        on_pre=on_pre,
        clock=branches.clock,
        namespace=FUNCTIONS,
        name=name,
    )
    synapses.connect(i=presynaptic, j=postsynaptic)
    synapses.coincidence_window = window
    synapses.transmission_probability = transmission_probability
    synapses.number = number
    synapses.stream_low, synapses.stream_high = key_words(seed, *stream)
    if withdrawn:
        synapses.withdraw.delay = window
    return synapses

"""A spatial pooler whose columns are chosen by spikes: excitation, inhibition, and who is first.

It has the pools, the permanences and the rule by which they learn of a
`htm_brian.abstract.spatial_pooler.SpatialPooler`; but which columns win is what a network of
spiking neurons answers to a volley (`htm_brian.network.pooler_network`). What learns is what a
synapse can know: at a column that fired a permanence moves up if its axon spiked, and down if not.
Boosting is excitability: a column that seldom fires makes more of its synapses. So is the order
among equals, a spread of excitability smaller than what a synapse adds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.arguments import check_choice, check_integer, check_truth
from htm_brian.errors import InputError
from htm_brian.network.pooler_network import PoolerNetwork
from htm_brian.parameters import Model, load_model
from htm_brian.sdr.ragged import Ragged
from htm_brian.sdr.sdr import SDR, check_sdr


class SpikingSpatialPooler:
    """Turn any SDR into one of the columns that spike; it is used as the abstract pooler is.

    Parameters
    ----------
    pooler : SpatialPooler
        Its pools and permanences are the synapses, and learn in place. With global inhibition.
    model : str, path or Model
        Of kind "pooler".
    neurons_per_column : int
        A column is active if most of them spiked.
    release : {"model", "reliable"}
    noise : {"model", "none"}
        Of membranes.
    seed : int
        Of release, jitter and noise.

    Attributes
    ----------
    network : PoolerNetwork
    latencies : ndarray of float64
        Seconds from the begin of the latest volley to the spike of each column that won.

    Raises
    ------
    InputError
        Where an argument is out of range, or the pooler has local inhibition.

    Examples
    --------
    >>> abstract = SpatialPooler(input_size=400, columns=512, density=0.04, seed=1)
    >>> pooler = SpikingSpatialPooler(abstract, release="reliable", noise="none")
    >>> shown = SDR.random(400, 40, seed=3)
    >>> spiked, wanted = pooler.compute(shown, learn=False), abstract.compute(shown, learn=False)
    >>> spiked.overlap(wanted) / max(len(spiked), len(wanted)) > 0.8
    True
    """

    def __init__(
        self,
        pooler: SpatialPooler,
        *,
        model: str | Model = "spatial_pooler",
        neurons_per_column: int = 1,
        release: str = "model",
        noise: str = "model",
        seed: int = 0,
    ) -> None:
        if not pooler.inhibition_is_global:
            raise InputError(
                "a spiking pooler has one pool of interneurons: inhibition_radius=None"
            )
        self.pooler, self.columns = pooler, pooler.columns
        self.network = PoolerNetwork(
            pooler.potential,
            pooler.input_size,
            pooler.n_winners,
            load_model(model),
            neurons_per_column=check_integer("neurons_per_column", neurons_per_column, low=1),
            reliable_release=check_choice("release", release, ("model", "reliable")) == "reliable",
            noisy=check_choice("noise", noise, ("model", "none")) == "model",
            seed=check_integer("seed", seed, low=0),
        )
        spread = float(self.network.model["excitability"]["spread"])
        self._own = 1 + spread * pooler.order / self.columns
        self.latencies: NDArray[np.float64] = np.empty(0)
        self._synapses_moved()

    def compute(self, sdr: SDR, learn: bool = True) -> SDR:
        """Return the SDR of the columns that spike with this input.

        Parameters
        ----------
        sdr : SDR
            Input of the pooler's `input_size` bits.
        learn : bool
            Whether permanences and excitability move.

        Returns
        -------
        SDR
            Of `columns` bits.

        Raises
        ------
        InputError
            If `sdr` is no SDR or one of another size, or `learn` is neither True nor False.
        """
        check_sdr(sdr, self.pooler.input_size)
        check_truth("learn", learn)
        answer = self.network.show(sdr.sparse)
        self.latencies = answer.latencies
        winners = SDR(self.columns, answer.columns)
        if learn:
            self.pooler.adapt(sdr, winners, answer.arrived)
            self._synapses_moved()
        return winners

    def _synapses_moved(self) -> None:
        self.network.connect(self.pooler.connected)
        self.network.excite(self._own * self.pooler.boost_factors)


def overlap_shares(wanted: Ragged, chosen: Ragged) -> NDArray[np.float64]:
    """Return the share of columns that two streams have in common, of the larger set's, by step.

    Parameters
    ----------
    wanted, chosen : Ragged
        Columns of as many steps. A step in which both are empty counts as 1.

    Returns
    -------
    ndarray of float64, shape (n_steps,)

    Examples
    --------
    >>> a, b = Ragged.from_sets([[1, 2], [3]]), Ragged.from_sets([[2, 4, 5, 6], [3]])
    >>> overlap_shares(a, b).tolist()
    [0.25, 1.0]
    """
    shares = np.ones(len(wanted))
    for step in range(len(wanted)):
        larger = max(len(wanted[step]), len(chosen[step]))
        if larger:
            shares[step] = len(np.intersect1d(wanted[step], chosen[step])) / larger
    return shares


def mean_overlap(wanted: Ragged, chosen: Ragged) -> float:
    """Return the mean of `overlap_shares` over all steps.

    Parameters
    ----------
    wanted, chosen : Ragged
        Columns of as many steps.
    """
    return float(overlap_shares(wanted, chosen).mean())

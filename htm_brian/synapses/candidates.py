r"""Pairs of cells that a new synapse may join, nearer ones more often.

Of all pairs no farther apart than `cutoff`, a pair at distance d is drawn with a probability in
proportion to a kernel k(d), without pairs that were drawn or are connected already. What is drawn
one by one so is a weighted sample without replacement; the largest of
:math:`u^{1/k}` over uniform random numbers u are the same sample (Efraimidis & Spirakis 2006,
Inf Process Lett 97:181).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from htm_brian.arguments import check_integer, check_numbers, check_positive
from htm_brian.errors import InputError
from htm_brian.synapses.structural import StructuralSynapses

Indices = NDArray[np.int64]
Kernel = Callable[[NDArray[np.float64]], ArrayLike]


class NearbyPairs:
    """Candidates for new synapses, by the distance of their two cells.

    Parameters
    ----------
    source, target : array_like of float, shape (n_cells, n_dimensions)
        Where the cells are, in any unit of length.
    kernel : callable
        Takes distances, returns how often pairs so far apart are drawn, relative to each other.
    cutoff : float
        Pairs farther apart are never drawn.
    themselves : bool
        Whether cell k of the source may be joined to cell k of the target. Say False where both are
        the same group.

    Attributes
    ----------
    presynaptic, postsynaptic : ndarray of int, shape (n_pairs,)
        All pairs within `cutoff` that the kernel does not exclude.
    weight : ndarray of float, shape (n_pairs,)
        The kernel at their distances.

    Examples
    --------
    >>> line = [[0.0], [1.0], [2.0]]
    >>> pairs = NearbyPairs(line, line, lambda d: np.exp(-d), cutoff=1.5, themselves=False)
    >>> list(zip(pairs.presynaptic.tolist(), pairs.postsynaptic.tolist()))
    [(0, 1), (1, 0), (1, 2), (2, 1)]
    """

    def __init__(
        self,
        source: ArrayLike,
        target: ArrayLike,
        kernel: Kernel,
        cutoff: float,
        *,
        themselves: bool = True,
    ) -> None:
        places = [
            check_numbers(name, where, ndim=2)
            for name, where in (("source", source), ("target", target))
        ]
        if places[0].shape[1] != places[1].shape[1]:
            raise InputError(
                "source and target must have as many dimensions, got "
                f"{places[0].shape[1]} and {places[1].shape[1]}"
            )
        reach = check_positive("cutoff", cutoff)
        near = cKDTree(places[0]).query_ball_tree(cKDTree(places[1]), reach)
        number = [len(each) for each in near]
        pre = np.repeat(np.arange(len(near)), number)
        post = np.array([j for each in near for j in sorted(each)], dtype=np.int64)
        weight = np.asarray(
            kernel(np.linalg.norm(places[0][pre] - places[1][post], axis=1)), dtype=np.float64
        )
        if weight.shape != pre.shape or np.any(~(weight >= 0)) or np.any(np.isinf(weight)):
            raise InputError("kernel must return one number of at least 0 for each distance")
        chosen = (weight > 0) & (themselves | (pre != post))
        self.presynaptic, self.postsynaptic = pre[chosen], post[chosen]
        self.weight = weight[chosen]

    def draw(
        self, number: int, rng: Generator, without: StructuralSynapses | None = None
    ) -> tuple[Indices, Indices]:
        """Return pairs for new synapses.

        Parameters
        ----------
        number : int
            How many; fewer are returned where there are no more.
        rng : numpy.random.Generator
        without : StructuralSynapses, optional
            Whose pairs are not drawn.

        Returns
        -------
        presynaptic, postsynaptic : ndarray of int, shape (n_drawn,)
        """
        wanted = check_integer("number", number, low=0)
        free = np.arange(len(self.weight))
        if without is not None:
            free = np.flatnonzero(~without.connected(self.presynaptic, self.postsynaptic))
        wanted = min(wanted, len(free))
        if wanted == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        # The logarithm of u^(1/k), with its sign turned.
        late = rng.exponential(size=len(free)) / self.weight[free]
        drawn = free[np.argpartition(late, wanted - 1)[:wanted]]
        return self.presynaptic[drawn], self.postsynaptic[drawn]

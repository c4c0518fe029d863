"""Synapses that grow and are pruned while a network runs.

Brian2 fixes the synapses of a `Synapses` object when a run begins. In runtime mode its arrays can
be written between two time steps all the same, as long as they are not reallocated. So
`RewiredSynapses` allocates a capacity once, uses the front of the arrays, and hands only that part
to the queues that turn spikes into events. When the capacity is exhausted it is doubled and the
network prepares anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.synapses.synapses import Synapses
from numpy.typing import NDArray


class RewiredSynapses:
    """Owns the connectivity of a Brian2 `Synapses` object, runtime mode only.

    Parameters
    ----------
    synapses : Synapses
        Not connected yet; its pathways have one delay each.
    capacity : int
        Number of synapses to make room for at first.

    Attributes
    ----------
    synapses : Synapses
        The Brian2 object. Its length is the capacity; synapses from `n_used` on receive no spikes.
    n_used : int
        Number of synapses in use.
    """

    def __init__(self, synapses: Synapses, capacity: int) -> None:
        self.synapses = synapses
        self.n_used = 0
        room = np.zeros(max(1, capacity), dtype=np.int32)
        synapses.connect(i=room, j=room)

    @property
    def capacity(self) -> int:
        """Number of synapses that there is room for."""
        return len(self.synapses)

    def array(self, name: str) -> NDArray[Any]:
        """Return the used part of a synaptic variable, writable, without its unit."""
        values: NDArray[Any] = self.synapses.variables[name].get_value()[: self.n_used]
        return values

    def rewire(self, presynaptic: NDArray[np.integer], postsynaptic: NDArray[np.integer]) -> bool:
        """Replace all synapses. State variables stay as they were, by position.

        Parameters
        ----------
        presynaptic, postsynaptic : ndarray of int, shape (n_synapses,)
            Best sorted by presynaptic index: the events of a spike then lie side by side.

        Returns
        -------
        bool
            Whether the arrays were reallocated, so that the network must prepare anew.
        """
        wanted = len(presynaptic)
        grown = wanted > self.capacity
        if grown:
            self.synapses._resize(max(wanted, 2 * self.capacity))
        self.n_used = wanted
        self.array("_synaptic_pre")[:] = presynaptic
        self.array("_synaptic_post")[:] = postsynaptic
        if not grown:
            self.fill_queues()
        return grown

    def fill_queues(self) -> None:
        """Tell the spike queues which synapses each presynaptic cell has.

        Must follow each preparation of the network, which hands the unused synapses to the queues.
        Spikes that are still under way are kept, by position.
        """
        sources = np.ascontiguousarray(self.array("_synaptic_pre"))
        for pathway in self.synapses._pathways:
            pathway.queue.prepare(pathway._delays.get_value(), pathway.source.clock.dt_, sources)

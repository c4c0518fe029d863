"""Synapses that grow and are pruned while a network runs.

Brian2 fixes the synapses of a `Synapses` object when a run begins. In runtime mode its arrays can
be written between two time steps all the same, as long as they are not reallocated, and the queues
that turn spikes into events can be replaced. So `StructuralSynapses` allocates a capacity once,
treats each synapse of it as a slot that is in use or not, and gives the pathways queues that know
which slots each cell has at the moment. When the capacity is exhausted it is doubled and the
network prepares anew.

======================================  ============================================================
to say which cells are connected        `grow`, `prune`, `pairs`, `connected`
to manage the slots yourself            all that `htm_brian.synapses.slots` lists
======================================  ============================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity
from numpy.typing import ArrayLike, NDArray

from htm_brian.engine.slots_in_use import IN_USE
from htm_brian.synapses.slot_numbers import Indices, indices
from htm_brian.synapses.slots import SynapseSlots
from htm_brian.synapses.structural_state import new_state, set_delays


class StructuralSynapses(SynapseSlots):
    """Owns the connectivity of a Brian2 `Synapses` object, runtime mode only.

    Source and target may be subgroups, pathways presynaptic and postsynaptic, delays one for all
    synapses or one for each, and variables of the cells may be sums over the synapses. Brian2's
    `store` and `restore` keep the connectivity and the spikes under way with the rest of the
    network.

    Parameters
    ----------
    synapses : Synapses
        That has not run yet. Synapses that it was connected with are there from the beginning, in
        the slots from 0 on.
    capacity : int
        Number of synapses to make room for at first.
    through : dict of str to ndarray of int, shape (n_postsynaptic,), optional
        Presynaptic pathways whose spikes do not go to the synapses that leave a cell, but to those
        that reach a postsynaptic element that belongs to it, such as a branch: the cell of each
        element, looked up when a synapse is connected. Names of no pathway are passed over.

    Attributes
    ----------
    synapses : Synapses
        The Brian2 object. Its length is the capacity. A slot that is not in use receives no spikes
        and adds to no sum; other code that Brian2 runs for every synapse at every time step runs
        for it too, and can tell by the variable ``in_use``.

    Raises
    ------
    InputError
        Where `synapses` cannot be rewired; the message says why.

    Examples
    --------
    >>> from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, mV, ms, prefs
    >>> prefs.codegen.target = "numpy"
    >>> axons = SpikeGeneratorGroup(2, [0, 1], [1, 1] * ms)
    >>> cells = NeuronGroup(3, "v : volt")
    >>> synapses = Synapses(axons, cells, "w : volt", on_pre="v_post += w")
    >>> structure = StructuralSynapses(synapses, capacity=10)
    >>> slots = structure.grow([0, 1, 1], [0, 1, 2], w=[1, 2, 3] * mV, delay=[1, 2, 1] * ms)
    >>> structure.prune(slots[1:2])
    >>> Network(axons, cells, synapses).run(5 * ms)
    >>> cells.v[:]
    array([1., 0., 3.]) * mvolt
    """

    def connected(self, presynaptic: ArrayLike, postsynaptic: ArrayLike) -> NDArray[np.bool_]:
        """Return whether each pair of cells has a synapse.

        Parameters
        ----------
        presynaptic, postsynaptic : array_like of int, shape (n_pairs,)
            Cells of source and target, counted from the first of a subgroup.

        Returns
        -------
        ndarray of bool, shape (n_pairs,)
            Whether there is one at least.

        Raises
        ------
        InputError
            If a cell does not exist, or the two differ in length.
        """
        cells = self._cells(presynaptic, postsynaptic)
        pre, post = self.pairs()
        near = np.zeros(self._n_cells[0], dtype=np.bool_)
        near[cells[0]] = True
        chosen = near[pre]
        there = pre[chosen].astype(np.int64) * self._n_cells[1] + post[chosen]
        return np.isin(cells[0].astype(np.int64) * self._n_cells[1] + cells[1], there)

    def grow(
        self,
        presynaptic: ArrayLike,
        postsynaptic: ArrayLike,
        *,
        delay: Quantity | Mapping[str, Quantity] | None = None,
        **state: Any,
    ) -> Indices:
        """Make a synapse for each pair of cells.

        Parameters
        ----------
        presynaptic, postsynaptic : array_like of int, shape (n_synapses,)
            Cells of source and target, counted from the first of a subgroup.
        delay : Quantity or dict of str to Quantity, optional
            Of the pathway ``pre``, or of pathways by name, which have one for each synapse; one
            number or an array. Pathways that are not named have a delay of 0 s.
        **state : Quantity, number or array of shape (n_synapses,)
            Variables of the new synapses. Those left out are what the rule of `PlasticSynapses`
            begins with, or 0; ``lastupdate``, which event-driven equations begin from, is the time
            now.

        Returns
        -------
        ndarray of int, shape (n_synapses,)
            The slots of the new synapses.

        Raises
        ------
        InputError
            Where a cell or variable does not exist, a value has another unit or number, or there is
            no room and the network is running; nothing is changed then.
        """
        cells = self._cells(presynaptic, postsynaptic)
        number = len(cells[0])
        values = new_state(self.synapses, self.state, number, state)
        delays = set_delays(self.synapses, number, delay)
        free = np.flatnonzero(~self.array(IN_USE))[:number]
        beyond = self.capacity + np.arange(number - len(free))
        slots = np.concatenate([free, beyond]).astype(np.int32)
        self._make_room(int(slots.max(initial=-1)) + 1)
        self.forget(slots)
        self._put(slots, *cells)
        for name, value in values.items():
            self.array(name)[slots] = value
        for pathway, value in delays:
            pathway.variables["delay"].get_value()[slots] = value
        return slots

    def prune(self, slots: ArrayLike) -> None:
        """Let the synapses in `slots` be no more, nor the spikes under way to them.

        Parameters
        ----------
        slots : array_like of int, shape (n,)
            Those not in use stay so.

        Raises
        ------
        InputError
            If a slot is none.
        """
        where = indices("slots", slots, self.capacity)
        self.disconnect(where)
        self.forget(where)

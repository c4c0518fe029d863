"""Inhibition of all branches of a layer of level 2, once an element has been answered.

Interneurons whose axons end on dendrites contact nearly every pyramidal cell around them (Fino &
Yuste 2011, Neuron 69:1188). They follow each volley when predicted cells have had their time, as at
level 1 (`htm_brian.network.layer_inhibition`), and open GABA-A receptors at the outer ends of basal
branches, where synapses of segments are. That takes a plateau below the potential from which its
NMDA receptors keep each other open (Doron et al. 2017, Cell Reports 21:1550); the conductance has
decayed before synapses that have just released have done their work. So what predicted this element
is over, in vain or not, and what predicts the next is not hurt.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from brian2.core.base import BrianObject
from brian2.synapses.synapses import Synapses

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.arrays import raw
from htm_brian.engine.compiling import connect_pairs
from htm_brian.network.minicolumns import due_cells
from htm_brian.parameters import Key, Table

TABLE = "branch_inhibition"
KEYS = {"conductance": Key("siemens", "at the outer end of each basal branch of a layer")}


class BranchInhibition:
    """One interneuron for the branches of all cells.

    Parameters
    ----------
    cells : PyramidalCells
        Of level 2, with GABA-A receptors.
    compartments : sequence of str
        Where its synapses end.
    table : Table
        See `KEYS`.

    Attributes
    ----------
    objects : list of BrianObject
        For a network.
    """

    def __init__(self, cells: PyramidalCells, compartments: Sequence[str], table: Table) -> None:
        table.require(KEYS)
        self._interneuron = due_cells(1, cells.clock, "dendritic_interneuron")
        synapses = Synapses(
            self._interneuron,
            cells,
            on_pre=inhibition_of(compartments, float(table["conductance"])),
            clock=cells.clock,
            name="dendritic_inhibition",
        )
        every = np.arange(len(cells), dtype=np.int32)
        connect_pairs(synapses, np.zeros_like(every), every)
        self.objects: list[BrianObject] = [self._interneuron, synapses]

    def follow(self, due: float) -> None:
        """Let the interneuron spike when predicted cells have had their time, at `due` seconds."""
        raw(self._interneuron, "due")[:] = due


def inhibition_of(compartments: Sequence[str], pulse: float) -> str:
    """Return what a spike of an interneuron does to a cell, for a pulse in siemens.

    Examples
    --------
    >>> print(inhibition_of(["soma", "basal_0_1"], 4e-9))
    gaba_soma_post = 4e-09*siemens
    gaba_basal_0_1_post = 4e-09*siemens
    """
    return "\n".join(f"gaba_{place}_post = {pulse!r}*siemens" for place in compartments)

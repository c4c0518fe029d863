"""The circuits: pyramidal cells, interneurons, and who is connected with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from brian2 import Synapses, siemens
from numpy.typing import NDArray

from htm_brian.cells.group import Cells
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.parameters import Model
from htm_brian.randomness import stream
from htm_brian.synapses.release.stochastic import ReleaseSynapses

if TYPE_CHECKING:
    from htm_brian.protocols.dendritic_inhibition import DendriticInhibitionParameters


TARGETS = ("dendrite", "soma")
COPIES = ("chosen on", "judged on")


class Circuits(NamedTuple):
    """Objects of one network that holds all circuits with inhibition of one compartment."""

    pyramidal: PyramidalCells
    interneurons: Cells
    excitation: ReleaseSynapses
    inhibition: Synapses


def build(
    place: str,
    model: Model,
    inhibitor: Model,
    synapse: Model,
    parameters: DendriticInhibitionParameters,
) -> Circuits:
    """Make the cells of all circuits, and connect those of each circuit."""
    p = parameters
    pyramidal = PyramidalCells(p.n_circuits * p.n_pyramidal, model, dt=p.time_step)
    pyramidal.injected_current = p.soma_current
    pyramidal.injected_current_dendrite = p.dendrite_current
    interneurons = Cells(p.n_circuits * p.n_interneurons, inhibitor, clock=pyramidal.clock)
    excitation = ReleaseSynapses(
        pyramidal,
        interneurons,
        synapse,
        on_release="ampa_soma_post += ampa_unitary_conductance_post*amplitude",
        delay=p.delay,
        seed=p.seed,
        stream=f"excitation, {place}",
    )
    inhibition = Synapses(
        interneurons,
        pyramidal,
        "strength : siemens (constant)",
        on_pre=f"gaba_{place}_post += strength",
        delay=p.delay,
        clock=pyramidal.clock,
    )
    rng = stream(p.seed, "connections", place)
    sizes = (p.n_pyramidal, p.n_interneurons)
    excitation.connect(
        **pairs(rng, p.n_circuits, sizes, p.excitation_probability),
    )
    ends = pairs(rng, p.n_circuits, sizes[::-1], p.inhibition_probability)
    inhibition.connect(**ends)
    strengths = np.repeat([float(s) for s in p.strengths], len(COPIES))
    inhibition.strength = strengths[ends["i"] // p.n_interneurons] * siemens
    return Circuits(pyramidal, interneurons, excitation, inhibition)


def pairs(
    rng: np.random.Generator, n_circuits: int, sizes: tuple[int, int], probability: float
) -> dict[str, NDArray[np.int64]]:
    """Return random pairs of a cell of the first and one of the second kind, of one circuit."""
    circuit, first, second_kind = np.nonzero(rng.random((n_circuits, *sizes)) < probability)
    return {"i": circuit * sizes[0] + first, "j": circuit * sizes[1] + second_kind}

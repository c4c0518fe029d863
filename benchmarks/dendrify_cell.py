"""The Dendrify model that comes nearest to a cell of level 2: the same tree, the same synapses.

Dendrify has no calcium spike of this kind, no adaptation beside its own soma's and no metabotropic
current: it computes less. Its numbers are its users' numbers: Brian2's own flags and Euler.
"""

from __future__ import annotations

from brian2 import NeuronGroup, Quantity, mV

from htm_brian.cells import tree
from htm_brian.cells.biophysical import places
from htm_brian.mechanisms import ampa, nmda
from htm_brian.parameters import Model


def dendrify_cells(n_cells: int, model: Model, dt: Quantity) -> NeuronGroup:
    """Return a Dendrify group with the compartments, conductances and synapses of `model`.

    Raises
    ------
    ImportError
        If Dendrify is not installed.
    """
    from dendrify import Dendrite, NeuronModel, Soma

    rest = model["soma"]["resting_potential"]
    soma = Soma(
        "soma",
        cm_abs=model["soma"]["membrane_capacitance"],
        gl_abs=model["soma"]["leak_conductance"],
        v_rest=rest,
    )
    cable = {kind: tree.cable(model, kind) for kind in tree.kinds(model)}
    parts = {"soma": soma}
    connections = []
    for part in tree.compartments(model):
        constants = cable[part.kind]
        parts[part.name] = Dendrite(
            part.name,
            cm_abs=constants["capacitance"],
            gl_abs=constants["leak_conductance"],
            v_rest=rest,
        )
        link = constants[part.link.removeprefix(f"{part.kind}_")]
        connections.append((parts[part.parent], parts[part.name], link))
    for name in places(model, ampa.TABLE):
        parts[name].synapse(
            "AMPA", tag="x", g=model["ampa"]["unitary_conductance"],
            t_decay=model["ampa"]["time_constant"],
        )  # fmt: skip
    for name in places(model, nmda.TABLE):
        parts[name].synapse(
            "NMDA", tag="x", g=model["nmda"]["unitary_conductance"],
            t_rise=model["nmda"]["rise_time_constant"],
            t_decay=model["nmda"]["decay_time_constant"],
        )  # fmt: skip
    return NeuronModel(connections).make_neurongroup(
        n_cells,
        threshold=f"V_soma > {model['spike']['threshold'] / mV}*mV",
        reset=f"V_soma = {model['spike']['reset_potential'] / mV}*mV",
        refractory=model["spike"]["refractory_period"],
        dt=dt,
    )

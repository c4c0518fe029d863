"""Cells of level 2: a tree of compartments, and the mechanisms that the model file has tables for.

Only the soma must be there: with dendrites it is a pyramidal cell, without them a cell of a single
compartment, such as an interneuron or a relay cell. `htm_brian.cells.group.Cells` makes the group.
What a table does stands in the module of `htm_brian.mechanisms` that reads it; dendrites and their
membrane are in `htm_brian.cells.tree`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import ModuleType

from htm_brian.cells import assembly
from htm_brian.cells.design import Design
from htm_brian.cells.fluctuations import with_noise
from htm_brian.errors import InputError
from htm_brian.parameters import Model

LEVEL = 2


def require(model: Model, packages: Sequence[ModuleType] = ()) -> Model:
    """Check that a model is that of a cell of level 2 and has what it must, and return it.

    Raises
    ------
    InputError
        In one line that names file, table and key, and what would be right.
    """
    if model.kind != "cell" or model.level != LEVEL:
        raise InputError(
            f"a cell of level 2 is needed, such as l5_thick_tufted; got a {model.kind} of level "
            f"{model.level} ({model.file}, [model])"
        )
    assembly.require(model, packages)
    return model


def design(
    model: Model, per_cell: Collection[str] = (), packages: Sequence[ModuleType] = ()
) -> Design:
    """Put a cell of level 2 together; see `htm_brian.cells.assembly.assemble`."""
    return with_noise(assembly.assemble(require(model, packages), per_cell, packages), model)


def compartments(model: Model) -> list[str]:
    """Return the names of the compartments, the soma first."""
    return [place.name for place in assembly.compartments(model, assembly.require(model))]


def places(model: Model, table: str) -> list[str]:
    """Return the names of the compartments that a mechanism lives in.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> places(load_model("l5_thick_tufted"), "hcn")
    ['trunk', 'nexus', 'tuft_0', 'tuft_1', 'tuft_2']
    """
    present = {each.table: each for each in assembly.require(model)}
    if table not in present:
        return []
    return [
        place.name
        for place in present[table].places(assembly.compartments(model, list(present.values())))
    ]


def on_glutamate(compartment: str, receptors: Collection[str] = ("ampa", "nmda")) -> str:
    """Return what a presynaptic spike does in a compartment, as `on_pre` of a `Synapses`.

    `Cells.on_glutamate` does the same, and checks that the cells have the compartment.

    Parameters
    ----------
    compartment : str
        Its name, as in `PyramidalCells.compartments`.
    receptors : collection of str
        Some of ``"ampa"`` and ``"nmda"``.

    Examples
    --------
    >>> print(on_glutamate("basal_0_1"))
    ampa_basal_0_1_post += ampa_unitary_conductance_post
    nmda_basal_0_1_post += nmda_unitary_conductance_post
    """
    return "\n".join(
        f"{name}_{compartment}_post += {name}_unitary_conductance_post" for name in receptors
    )

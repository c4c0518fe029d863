"""The cell at rest, for slow inputs: what its compartments are to an electrode.

Beside the leaks and the cable it has the h-current (`htm_brian.mechanisms.hcn`), which adds to the
leaks near rest and ever less above. No synapse is open, and the calcium spike is out of reach.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

from htm_brian.cells import tree
from htm_brian.errors import InputError
from htm_brian.mechanisms import hcn
from htm_brian.parameters import Model


def conductance_matrix(model: Model) -> NDArray[np.float64]:
    """Return what currents hold the cell at small depolarisations, in siemens.

    Parameters
    ----------
    model : Model
        Of level 2.

    Returns
    -------
    ndarray of shape (n_compartments, n_compartments)
        Row and column 0 are the soma, the others in the order of `htm_brian.cells.tree`.
    """
    slopes = [
        hcn.slope_density(model, part.kind) * float(tree.area(model, part.kind))
        for part in tree.compartments(model)
    ]
    return _passive(model) + np.diag([0.0, *slopes])


def _passive(model: Model) -> NDArray[np.float64]:
    """Return the matrix of leaks and cable."""
    parts = tree.compartments(model)
    names = ["soma", *(part.name for part in parts)]
    matrix = np.zeros((len(names), len(names)))
    matrix[0, 0] = float(model["soma"]["leak_conductance"])
    constants = {kind: tree.cable(model, kind) for kind in tree.kinds(model)}
    for row, part in enumerate(parts, start=1):
        parent = names.index(part.parent)
        link = float(constants[part.kind][part.link.removeprefix(f"{part.kind}_")])
        matrix[row, row] += float(constants[part.kind]["leak_conductance"]) + link
        matrix[parent, parent] += link
        matrix[row, parent] -= link
        matrix[parent, row] -= link
    return matrix


def holding_current(model: Model, depolarisation: float) -> float:
    """Return the current that holds the soma depolarised in the long run, in amperes.

    Parameters
    ----------
    model : Model
        Of level 2.
    depolarisation : float
        Of the soma from rest, in volts.
    """
    passive, parts = _passive(model), tree.compartments(model)
    areas = np.array([float(tree.area(model, part.kind)) for part in parts])

    def inward(above: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what flows into the dendrites, at their potentials above rest."""
        flows = [hcn.steady_density(model, p.kind, u) for p, u in zip(parts, above, strict=True)]
        return areas * np.array(flows) - passive[1:, 1:] @ above - passive[1:, 0] * depolarisation

    linear = np.linalg.solve(conductance_matrix(model)[1:, 1:], -passive[1:, 0] * depolarisation)
    # In units of a typical current and potential, or the solver stops at once.
    found = root(lambda scaled: 1e12 * inward(1e-3 * scaled), 1e3 * linear) if parts else None
    above = 1e-3 * found.x if found is not None else np.zeros(0)
    return float(passive[0, 0] * depolarisation + passive[0, 1:] @ above)


def input_resistance(model: Model, compartment: str = "soma") -> float:
    """Return the resistance that the resting cell shows an electrode, in ohm."""
    names = ["soma", *(part.name for part in tree.compartments(model))]
    if compartment not in names:
        raise InputError(
            f"compartment must be one of {', '.join(names)}, got {compartment!r} ({model.file})"
        )
    place = names.index(compartment)
    return float(np.linalg.inv(conductance_matrix(model))[place, place])

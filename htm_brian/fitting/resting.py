"""The cell at rest, for slow inputs: what its compartments are to an electrode.

All follows from the cell's equations, so whatever mechanism passes a current near rest is part of
it: the leaks and the cable, an h-current, an M-current. A gate stands where the potential leaves it
in the long run; no synapse is open and no spike has been.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from brian2.equations.equations import PARAMETER
from numpy.typing import NDArray
from scipy.optimize import root

from htm_brian.cells import biophysical, tree
from htm_brian.cells.reduced_response import by_variable, values_of
from htm_brian.engine import derivation
from htm_brian.errors import InputError
from htm_brian.mechanisms.dendrite import potential
from htm_brian.parameters import Model

Array = NDArray[np.float64]

STEP = 1e-5
"""Volts, of the difference that gives a slope; small beside any gate's, large beside rounding."""

NOW = {"t": 0.0, "dt": 1e-4}
"""Seconds: of what is held for a time after a spike, none of which has been."""


class SteadyCurrents:
    """The currents into the compartments of a cell whose gates have come to stand.

    Parameters
    ----------
    model : Model
        Of level 2.

    Attributes
    ----------
    potentials : tuple of str
        Variables, the soma's first, the others in the order of `htm_brian.cells.tree`.
    nominal : ndarray of shape (n_compartments,)
        The model's resting potential, in volts.
    """

    def __init__(self, model: Model) -> None:
        design = biophysical.design(model)
        parts = tree.compartments(model)
        self.potentials = ("v", *(potential(part.name) for part in parts))
        rates = derivation.rates(design.equations)
        self._known = _values(model, design, rates)
        self._gates = [name for name in rates if name not in self.potentials]
        names = derivation.names_in(rates.values())
        made = derivation.function(names, list(rates.values()))
        self._rates = lambda known: dict(
            zip(rates, map(float, made(*(known[name] for name in names))), strict=True)
        )
        self.nominal = np.array([self._known[name] for name in self.potentials])
        injected = {**self._known, "injected_current": 1.0}
        per_ampere = self._rates(injected)["v"] - self._rates(self._known)["v"]
        of_parts = [float(tree.cable(model, part.kind)["capacitance"]) for part in parts]
        self._capacitance = np.array([1 / per_ampere, *of_parts])

    def into(self, above: Array) -> Array:
        """Return the current into each compartment, in amperes, given its potential in volts.

        Potentials are above the model's resting potential. The cell may rest a little beside it: a
        current that is open there moves it.
        """
        known = {**self._known, **dict(zip(self.potentials, self.nominal + above, strict=True))}
        rates = self._standing(known)
        return self._capacitance * np.array([rates[name] for name in self.potentials])

    def at_rest(self) -> Array:
        """Return where the cell comes to rest, in volts above the model's resting potential."""
        return self.solve(self.into, np.zeros(len(self.nominal)))

    @staticmethod
    def solve(into: Callable[[Array], Array], start: Array) -> Array:
        """Return the potentials at which no current flows."""
        if not start.size:
            return start
        # In units of a typical current and potential, or the solver stops at once.
        return 1e-3 * np.asarray(root(lambda scaled: 1e12 * into(1e-3 * scaled), 1e3 * start).x)

    def _standing(self, known: dict[str, Any]) -> dict[str, float]:
        """Let the gates come to stand, and return the rates then."""
        for _ in self._gates:
            rates = self._rates(known)
            moving = [name for name in self._gates if abs(rates[name]) > 0]
            shifted = {name: self._rates({**known, name: known[name] + 1.0}) for name in moving}
            # Each gate relaxes linearly towards where it stands.
            change = {name: rates[name] / (rates[name] - shifted[name][name]) for name in moving}
            known.update({name: known[name] + by for name, by in change.items()})
            if all(abs(by) <= 1e-14 * max(1e-3, abs(known[n])) for n, by in change.items()):
                break
        return self._rates(known)


def _values(model: Model, design: Any, rates: derivation.Rates) -> dict[str, float]:
    """Return every variable and parameter of a cell at rest, in SI units."""
    given = {name: float(value) for name, value in by_variable(values_of(model)).items()}
    known = dict.fromkeys([*rates, *_parameters(design)], 0.0) | NOW | given
    known |= {name: float(value) for name, value in design.constants.items()}
    resting = float(model["soma"]["resting_potential"])
    known |= {name: resting for name in rates if name == "v" or name.startswith("v_")}
    for name, value in design.at_rest.items():
        known[name] = _evaluated(value, design, known)
    return known


def _parameters(design: Any) -> list[str]:
    return [each.varname for each in design.equations.values() if each.type == PARAMETER]


def _evaluated(value: Any, design: Any, known: Mapping[str, float]) -> float:
    """Return a value at rest, which may be text, and may name an expression of the equations."""
    if not isinstance(value, str):
        return float(value)
    if value in design.equations and value not in known:
        found = derivation.expression(design.equations, value)
    else:
        found = derivation.parsed(value)
    names = derivation.names_in([found])
    return float(derivation.function(names, found)(*(known[name] for name in names)))


def conductance_matrix(model: Model) -> Array:
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
    currents = SteadyCurrents(model)
    return _slopes(currents, currents.at_rest())


def _slopes(currents: SteadyCurrents, at: Array) -> Array:
    small = STEP * np.eye(len(at))
    into = currents.into
    return np.array([(into(at - up) - into(at + up)) / (2 * STEP) for up in small]).T


def holding_current(model: Model, depolarisation: float) -> float:
    """Return the current that holds the soma depolarised in the long run, in amperes.

    Parameters
    ----------
    model : Model
        Of level 2.
    depolarisation : float
        Of the soma from the model's resting potential, in volts.
    """
    currents = SteadyCurrents(model)

    def into(above: Array) -> Array:
        return currents.into(np.append(depolarisation, above))

    matrix = _slopes(currents, np.zeros(len(currents.potentials)))
    linear = np.linalg.inv(matrix[1:, 1:]) @ -matrix[1:, 0] * depolarisation
    above = currents.solve(lambda above: into(above)[1:], linear)
    return float(-into(above)[0])


def input_resistance(model: Model, compartment: str = "soma") -> float:
    """Return the resistance that the resting cell shows an electrode, in ohm."""
    names = ["soma", *(part.name for part in tree.compartments(model))]
    if compartment not in names:
        raise InputError(
            f"compartment must be one of {', '.join(names)}, got {compartment!r} ({model.file})"
        )
    place = names.index(compartment)
    return float(np.linalg.inv(conductance_matrix(model))[place, place])

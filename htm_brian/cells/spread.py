"""Spread of cells: each differs from the model's in threshold, membrane and synapses.

A parameter of a cell is the model's times ``1 + cv z``, with a normal deviate `z` of its own, cut
at three standard deviations. The threshold is counted from rest, as that is what a volley must
cross.
"""

from __future__ import annotations

import numpy as np
from brian2.groups.neurongroup import NeuronGroup
from numpy.random import Generator
from numpy.typing import NDArray

from htm_brian.mechanisms.mechanism import variable_name
from htm_brian.parameters import Key, Model, Table

KEYS = {
    "threshold": Key("1", "coefficient of variation of the threshold, counted from rest"),
    "leak": Key("1", "of the leak of soma and dendrites, one factor for a cell"),
    "strength": Key("1", "of the volley and, by another factor, of the coupling of basal branches"),
}
LARGEST_DEVIATE = 3.0
LEAKS = ("soma", "proximal", "basal", "apical")
VOLLEY, BRANCHES = "feedforward.volley_conductance", "basal.coupling_conductance"


def spread_by(variation: float) -> dict[str, object]:
    """Return the changes of a network's model by which all that spreads does so alike.

    Parameters
    ----------
    variation : float
        Coefficient of variation; 0 makes cells alike.

    Returns
    -------
    dict of str to object
        For `Model.with_values`.

    Examples
    --------
    >>> spread_by(0.0)
    {'spread.threshold': 0.0, 'spread.leak': 0.0, 'spread.strength': 0.0}
    """
    return {f"spread.{key}": variation for key in KEYS}


def spread_paths(table: Table) -> tuple[str, ...]:
    """Return the paths of the parameters that differ from cell to cell, none where all are alike.

    Parameters
    ----------
    table : Table
        See `KEYS`.
    """
    table.require(KEYS)
    paths: tuple[str, ...] = ()
    if table["threshold"] > 0:
        paths += ("spike.threshold",)
    if table["leak"] > 0:
        paths += tuple(f"{place}.leak_conductance" for place in LEAKS)
    if table["strength"] > 0:
        paths += (VOLLEY, BRANCHES)
    return paths


def spread_cells(cells: NeuronGroup, model: Model, table: Table, rng: Generator) -> None:
    """Give every cell parameters of its own.

    Parameters
    ----------
    cells : NeuronGroup
        Of the model, made with `spread_paths` for `per_cell`.
    model : Model
        Of the cells.
    table : Table
        See `KEYS`.
    rng : Generator
    """
    n = len(cells)
    rest = model["soma"]["resting_potential"]

    def factors(key: str) -> NDArray[np.float64]:
        deviates = np.clip(rng.standard_normal(n), -LARGEST_DEVIATE, LARGEST_DEVIATE)
        return 1.0 + float(table[key]) * deviates

    threshold, leak, volley, branches = map(factors, ("threshold", "leak", "strength", "strength"))
    for path in spread_paths(table):
        place, key = path.split(".")
        value, name = model[place][key], variable_name(place, key)
        if path == "spike.threshold":
            setattr(cells, name, rest + (value - rest) * threshold)
        elif path in (VOLLEY, BRANCHES):
            setattr(cells, name, value * (volley if path == VOLLEY else branches))
        else:
            setattr(cells, name, value * leak)

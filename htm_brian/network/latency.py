"""When the cells of a column first spike after a volley, and until when a first spike is early.

A first spike is early if the inhibition that it sets off reaches the column before cells without a
plateau fire: then it silences them, and the column answers as one that was foreseen. That moment
lies between the first spikes of predicted and of unpredicted columns, and follows from the cell's
equations and the delays of the circuit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.cells.reduced_response import (
    DRIVES,
    FIRES_WITHIN,
    STATE,
    VOLLEY,
    by_variable,
    definition,
    first_crossing,
    values_of,
)
from htm_brian.errors import InputError
from htm_brian.parameters import Model

STEP = 0.05e-3
"""Seconds, of Euler's method."""

SETTLED = 60e-3
"""Seconds for which a plateau lasts before the volley: longer, it adds nothing."""


def first_spikes(model: Model, plateaus: ArrayLike) -> NDArray[np.float64]:
    """Return how long after a volley reaches its synapses a cell first spikes.

    Parameters
    ----------
    model : Model
        Of a cell of level 1.
    plateaus : array_like of float, shape (n,)
        Branches in a plateau, of each of `n` cells.

    Returns
    -------
    ndarray of float, shape (n,)
        Seconds, infinite for a cell that the volley does not fire.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> unpredicted, predicted = 1e3 * first_spikes(load_model("l5_reduced"), [0, 1])
    >>> bool(3 < predicted < unpredicted < 12)
    True
    """
    values = values_of(model)
    known: dict[str, Any] = dict(by_variable(values))
    rest = values["soma.resting_potential"]
    n_before, n_after = round(SETTLED / STEP), round(FIRES_WITHIN / STEP)
    depolarised = np.asarray(plateaus, float) * values["branch.plateau_conductance"]
    known |= {name: np.full(depolarised.shape, rest) for name in STATE}
    known |= dict.fromkeys((*DRIVES, *VOLLEY), np.zeros(depolarised.shape))
    known["basal_conductance"] = depolarised
    rates = definition().rates.prepare(known)
    soma = np.empty((n_after, *depolarised.shape))
    for now in range(-n_before, n_after):
        if now == 0:
            known[VOLLEY[0]] = known[VOLLEY[0]] + values["feedforward.volley_conductance"]
        for name, change in zip(STATE, rates(known), strict=True):
            known[name] = known[name] + STEP * change
        if now >= 0:
            soma[now] = known["v"]
    crossing = first_crossing(soma, np.asarray(values["spike.threshold"]), STEP)
    return np.where(np.isnan(crossing), np.inf, crossing)


def early_until(model: Model, cell_model: Model) -> float:
    """Return until when a first spike is early, in seconds since the relay cells were driven.

    Parameters
    ----------
    model : Model
        Of a network of minicolumns.
    cell_model : Model
        Of its cells, of level 1.

    Raises
    ------
    InputError
        Where a volley does not fire a cell at rest.
    """
    (alone,) = first_spikes(cell_model, [0])
    if np.isinf(alone):
        raise InputError(
            "a volley must fire a cell at rest, or no column can burst: raise volley_conductance "
            f"({cell_model.file}, [feedforward])"
        )
    relay, inhibition = model["relay"], model["inhibition"]
    silenced = inhibition["recruitment_delay"] + inhibition["delay"]
    return float(relay["delay"]) + float(alone) - float(silenced)

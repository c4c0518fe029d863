"""What the interval between two elements asks of a branch: which plateaus reach the next volley.

Where plateaus have one length, a branch predicts if enough synapses start one. Where their length
grows with the synapses, as at level 2, the interval decides: just above its threshold a plateau is
over before the next volley. Its depolarisation is not over at once, though, and half of it still
advances the cell's spike by more than inhibition takes. So a branch predicts at a volley if its
plateau ended at most `fading_time` before, and the number of synapses from which it does is a
memory's activation threshold, if the branch's own threshold is `branch_threshold`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import sympy
from numpy.typing import NDArray
from scipy.linalg import expm

from htm_brian.cells import pyramidal
from htm_brian.cells.exact import input_variables
from htm_brian.cells.reduced_response import (
    Derived,
    by_variable,
    definition,
    graded_conductance,
    plateau_length,
    values_of,
)
from htm_brian.engine import derivation
from htm_brian.engine.derivation import symbol
from htm_brian.mechanisms.branch import TABLE, grows, is_graded
from htm_brian.parameters import Model

Array = NDArray[np.float64]

STEP = 0.125e-3
"""Seconds."""


def fading_time(model: Model) -> float:
    """Return how long after a lasting plateau half its depolarisation of the soma is left.

    A graded plateau ends when half of its conductance is left.

    Parameters
    ----------
    model : Model
        Of a cell of level 1.

    Returns
    -------
    float
        Seconds.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> round(1e3 * fading_time(load_model("l5_reduced")), 1)
    18.6
    """
    potentials = _potentials(model)
    values = values_of(model)
    conductance, time = values["branch.plateau_conductance"], 0.0
    graded = is_graded(model[TABLE])
    if graded:  # from a full plateau; it ends when half is left
        full = 1 + values["branch.transition_width"] / 2
        closing = float(definition().closing(by_variable(values))[0])
        time = np.log(full) / closing
    resting, state = _augmented(potentials(0.0))[0], _augmented(potentials(conductance))
    idle = _change(potentials(0.0))
    driven = (_change(potentials(conductance)) - idle) / conductance
    half, one_step = (state[0] + resting) / 2, expm(idle * STEP)
    while state[0] > half:
        left = _plateau_left(values, time * closing) if graded else 0.0
        state = one_step @ state + STEP * left * (driven @ state)
        time += STEP
    return float(time)


def _potentials(model: Model) -> Callable[[float], tuple[Array, Array]]:
    """Return `A` and `b` of the silent cell's ``dv/dt = A v + b``, given its basal conductance."""
    equations = pyramidal.equations(model)
    idle = ["injected_current", *input_variables(equations)]
    idle.remove("basal_conductance")
    rates = derivation.leading_to(
        "v", derivation.without(derivation.rates(equations), [*idle, "adaptation"])
    )
    values = by_variable(values_of(model))
    numbers = {symbol(name): float(value) for name, value in values.items()}
    matrix, offset = (part.subs(numbers) for part in derivation.linear(rates, tuple(rates)))
    made = derivation.function(["basal_conductance"], sympy.Matrix.hstack(matrix, offset))

    def at(conductance: float) -> tuple[Array, Array]:
        both = np.asarray(made(conductance), dtype=np.float64)
        return both[:, :-1], both[:, -1]

    return at


def _augmented(system: tuple[Array, Array]) -> Array:
    """Return where a system comes to rest, with a 1 behind it."""
    matrix, offset = system
    return np.append(np.linalg.solve(matrix, -offset), 1.0)


def _change(system: tuple[Array, Array]) -> Array:
    """Return a system as one matrix, for a state with a 1 behind it."""
    matrix, offset = system
    return np.block([[matrix, offset[:, None]], [np.zeros((1, len(matrix) + 1))]])


def _plateau_left(values: dict[str, float], closed: float) -> float:
    """Return what is left of a graded plateau, siemens; `closed` is 0 when half of it is."""
    alone = values | {"branch.match_conductance": 0.0, "branch.plateau_duration": 0.0}
    sustaining = values["branch.activation_threshold"]
    return float(graded_conductance(alone, sustaining * np.exp(closed)))


def predicts_after(model: Model) -> float:
    """Return for how many seconds a plateau that has ended predicts: not at all if all last alike.

    Parameters
    ----------
    model : Model
        Of a cell of level 1.

    Returns
    -------
    float
        Seconds.
    """
    return fading_time(model) if grows(model) else 0.0


def branch_threshold(model: Model, activation_threshold: int, interval: float) -> float:
    """Return the threshold of a branch whose plateau predicts from a number of synapses on.

    Half a synapse less would make a plateau that predicts just no longer.

    Parameters
    ----------
    model : Model
        Of a cell of level 1.
    activation_threshold : int
        Of the memory: synapses from which a branch predicts.
    interval : float
        Seconds from the synapses to the next volley.

    Returns
    -------
    float
        The activation threshold itself where every plateau has one length, or lasts long enough.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> branch_threshold(load_model("l5_reduced"), 8, 40e-3)
    8.0
    """
    if not grows(model):
        return float(activation_threshold)
    lasting = interval - fading_time(model)
    values = by_variable(values_of(model))
    if lasting <= float(definition().duration({**values, "tally": 1.0, "needed": 1.0})[0]):
        return float(activation_threshold)
    return float(
        _threshold()({**values, "tally": activation_threshold - 0.5, "lasting": lasting})[0]
    )


@cache
def _threshold() -> Derived:
    """Return the synapses needed at the onset for `tally` ones to last for `lasting`."""
    length = plateau_length().replace(
        lambda part: part.func.__name__ == "clip", lambda clipped: clipped.args[0]
    )
    (needed,) = sympy.solve(length - symbol("lasting"), symbol("needed"))
    return Derived([needed])

"""Volleys onto metabotropic receptors, basal inputs of any strength, and noise for the soma."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from brian2 import Quantity, ms
from numpy.typing import NDArray

from htm_brian.cells import tree
from htm_brian.cells.biophysical import on_glutamate
from htm_brian.electrophysiology.stimulation import Stimulus
from htm_brian.fitting import resting
from htm_brian.parameters import Model

if TYPE_CHECKING:
    from htm_brian.protocols.metabotropic_persistence import MetabotropicPersistenceParameters


ON_VOLLEY = "metabotropic_calcium_post += metabotropic_calcium_per_volley_post"
VOLLEY = 100.0
"""ms; time of the first volley."""

NOISE_STEP = 0.2
"""ms for which a noisy current stands still: its own, so that any time step sees the same noise."""


def basal_compartments(model: Model) -> list[str]:
    """Return the names of the basal compartments."""
    return [part.name for part in tree.compartments(model) if part.kind == "basal"]


def trains(parameters: MetabotropicPersistenceParameters) -> dict[str, NDArray[np.float64]]:
    """Return the volleys of every condition, in ms."""
    n = np.arange(parameters.n_volleys, dtype=np.float64)
    found = {
        f"{len(n)} volleys, {float(interval / ms):g} ms apart": VOLLEY + n * float(interval / ms)
        for interval in parameters.intervals
    }
    found["one volley"] = np.array([VOLLEY])
    slow = float(parameters.slow_interval / ms)
    found[f"{len(n)} volleys, {slow / 1e3:g} s apart"] = VOLLEY + n * slow
    return found


def volleys(
    stimulus: Stimulus, cell: int, places: list[str], times: NDArray[np.float64], n_synapses: int
) -> None:
    """Let volleys arrive: metabotropic receptors, and a few synapses over the basal branches."""
    stimulus.synapses(cell, ON_VOLLEY, times * 1e-3)
    for number in range(n_synapses):
        stimulus.glutamate(cell, places[number % len(places)], times * 1e-3)


def basal_input(
    stimulus: Stimulus, cell: int, places: list[str], strength: float, time: float
) -> None:
    """Let as many synapses as `strength` fire together, in equal parts over the compartments."""
    share = f"*{float(strength) / len(places)!r}"
    for place in places:
        on_pre = "\n".join(line + share for line in on_glutamate(place).splitlines())
        stimulus.synapses(cell, on_pre, time * 1e-3)


def noise(
    model: Model, parameters: MetabotropicPersistenceParameters, duration: Quantity
) -> NDArray[np.float64]:
    """Return noisy currents into the soma (A), of shape (n_steps, n_trials); the arms share them.

    Ornstein-Uhlenbeck noise, scaled so that a soma with the cell's input resistance and membrane
    time constant would fluctuate with the standard deviation `noise`.
    """
    tau = float(parameters.noise_time_constant)
    step = float(parameters.test_time_step / ms)
    # Half a step decides which value a step has.
    which = ((np.arange(round(float(duration / ms) / step)) + 0.5) * step / NOISE_STEP).astype(int)
    rng = np.random.default_rng(parameters.seed)
    keep = np.exp(-1e-3 * NOISE_STEP / tau)
    kicks = np.sqrt(1 - keep**2) * rng.standard_normal((which[-1] + 1, parameters.n_trials))
    values = np.empty_like(kicks)
    now = rng.standard_normal(parameters.n_trials)
    for index, kick in enumerate(kicks):
        now = keep * now + kick
        values[index] = now
    soma = model["soma"]
    membrane = float(soma["membrane_capacitance"] / soma["leak_conductance"])
    filtered = np.sqrt(tau / (tau + membrane))
    return values[which] * float(parameters.noise) / (filtered * resting.input_resistance(model))

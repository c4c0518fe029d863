"""Currents that hyperpolarise a relay cell for some time, and then make a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from brian2 import ms, siemens

from htm_brian.electrophysiology.stimulation import Stimulus
from htm_brian.fitting import resting
from htm_brian.parameters import Model

if TYPE_CHECKING:
    from htm_brian.protocols.relay_modes import RelayModesParameters


SETTLING = 200.0
"""ms at the depolarised potential before anything else."""

DURATIONS = np.array([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 150, 200, 300, 500, 1000.0])
"""ms of hyperpolarisation, up to `longest`."""


@dataclass(frozen=True)
class Condition:
    """What one cell gets: ms of hyperpolarisation, then a step (A), with or without T-current."""

    duration: float
    step: float
    channels: bool = True


def conditions(parameters: RelayModesParameters) -> dict[str, list[Condition]]:
    """Return the conditions by the curve that they belong to."""
    longest = float(parameters.longest / ms)
    return {
        "duration": [Condition(d, float(parameters.step)) for d in parameters.durations],
        "step": [Condition(longest, step) for step in parameters.steps],
        "blocked": [Condition(longest, step, False) for step in parameters.steps],
        "tonic": [Condition(0, step) for step in parameters.tonic_steps],
        "example": [
            Condition(longest, float(parameters.step)),
            Condition(0, float(parameters.step)),
            Condition(longest, float(parameters.step), False),
        ],
    }


def start(parameters: RelayModesParameters) -> float:
    """Return when the step begins, in ms."""
    return SETTLING + float(parameters.longest / ms)


def stimulus(
    model: Model, parameters: RelayModesParameters, groups: dict[str, list[Condition]]
) -> Stimulus:
    """Return the currents: they hold the passive cell at its potentials, and make the step."""
    flat = [condition for group in groups.values() for condition in group]
    step = float(parameters.time_step / ms)
    onset = start(parameters)
    n_steps = round((onset + float(parameters.train / ms)) / step)
    time = np.arange(n_steps)[:, None] * step
    began = onset - np.array([condition.duration for condition in flat])
    rest = model["soma"]["resting_potential"]
    conductance = 1 / resting.input_resistance(model) * siemens
    high = float((parameters.depolarised - rest) * conductance)
    low = float((parameters.hyperpolarised - rest) * conductance)
    added = np.array([condition.step for condition in flat])
    # Between two steps of time, half a step decides.
    before = np.where(time + step / 2 < began, high, low)
    made = Stimulus(len(flat))
    # The step comes on top of what holds the depolarised cell, whatever went before.
    made.currents["soma"] = np.where(time + step / 2 < onset, before, high + added)
    made.values["t_current.conductance"] = model["t_current"]["conductance"] * np.array(
        [float(condition.channels) for condition in flat]
    )
    return made

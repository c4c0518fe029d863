"""Currents into soma and nexus: pulses, trains, and an EPSP-like current at many delays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from brian2 import Quantity, ms
from numpy.typing import NDArray

from htm_brian.synapses.release.epsp import TimeCourse

if TYPE_CHECKING:
    from htm_brian.protocols.bac_firing import BACFiringParameters


SPIKE_TIME, GAP = 40.0, 5.0
"""ms; begin of the somatic pulse, and from there to the current into the nexus."""

DELAYS = np.arange(-30.0, 41.0, 1.0)
FREQUENCIES = np.arange(30.0, 201.0, 2.5)
TUFT_INPUT = TimeCourse(0.5e-3, 5e-3)
"""Of the current into the nexus (Hay et al. 2011)."""

N_TRAIN = 5
SLOW_TRAIN = 50.0
"""Hz; below every critical frequency: spikes without a calcium spike."""

Course = NDArray[np.float64]


def conditions(parameters: BACFiringParameters) -> dict[str, list[tuple[Course, Course]]]:
    """Return the currents (A) into soma and nexus at each step, for every condition."""
    step = float(parameters.time_step / ms)
    time = np.arange(round(float(parameters.duration / ms) / step)) * step
    none = np.zeros_like(time)

    def pulse(start: float, current: Quantity, duration: Quantity) -> Course:
        # The share of each step that the pulse covers: it may begin between two steps.
        covered = np.minimum(time + step, start + float(duration / ms)) - np.maximum(time, start)
        return float(current) * np.clip(covered / step, 0, 1)

    def spikes(n: int, frequency: float) -> Course:
        starts = SPIKE_TIME + 1e3 / frequency * np.arange(n)
        pulses = [pulse(t, parameters.train_current, parameters.train_duration) for t in starts]
        return np.sum(pulses, axis=0)

    spike = pulse(SPIKE_TIME, parameters.soma_current, parameters.soma_duration)
    epsp = TUFT_INPUT.at(1e-3 * (time - SPIKE_TIME - GAP))
    weak, strong = float(parameters.nexus_current), 3 * float(parameters.nexus_current)
    return {
        "basic": [(spike, none), (none, weak * epsp), (spike, weak * epsp), (none, strong * epsp)],
        "alone": [(none, current * epsp) for current in parameters.currents],
        "with_spike": [(spike, current * epsp) for current in parameters.currents],
        "delay": [
            (spike, weak * TUFT_INPUT.at(1e-3 * (time - SPIKE_TIME - delay))) for delay in DELAYS
        ],
        "frequency": [(spikes(N_TRAIN, float(frequency)), none) for frequency in FREQUENCIES],
        "slow": [(spikes(n, SLOW_TRAIN), none) for n in range(1, N_TRAIN + 1)],
    }

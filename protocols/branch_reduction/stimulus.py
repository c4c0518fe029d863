"""The conditions that both levels get: synapses, volleys, pulses, by what they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from brian2 import ms

from htm_brian.protocols.branch_reduction.levels import Condition

if TYPE_CHECKING:
    from htm_brian.protocols.branch_reduction import BranchReductionParameters


DEPOLARISATIONS = (5.0, 10.0, 15.0)
"""mV"""

SPREADS = (10.0, 20.0, 30.0, 40.0, 60.0, 80.0, 100.0)
"""ms"""

STRENGTHS = (1.05, 1.1, 1.2, 1.4, 1.7, 2.0)
DELAYS = tuple(np.arange(0.0, 151.0, 10.0))
"""ms, from the synapses of the branch to the volley."""

TUFT_SYNAPSES = (30, 35, 40)
TUFT_DELAYS = tuple(np.arange(-90.0, 17.0, 2.0))
"""ms, from the somatic pulse to the synapses of the tuft."""

TUFT_AHEAD = -10.0
PULSE_STRENGTH = 1.05
"""Smallest pulses that fire a resting cell."""

DURATION = 250.0


def conditions(
    parameters: BranchReductionParameters, volley: float, pulse: float
) -> dict[str, list[Condition]]:
    """Return the conditions by what they serve, given the smallest volley and pulse."""
    ks = range(1, parameters.n_synapses + 1)
    n, strength = parameters.n_basal, parameters.volley_strength
    delay = float(parameters.delay / ms)
    spike = PULSE_STRENGTH * pulse
    return {
        "clustered": [Condition(k) for k in ks],
        "depolarised": [Condition(k, hold=hold) for hold in DEPOLARISATIONS for k in ks],
        "spread": [Condition(k, spread=spread) for spread in SPREADS for k in ks],
        "alone": [Condition(volley=s * volley) for s in STRENGTHS],
        "predicted": [Condition(n, at=-delay, volley=s * volley) for s in STRENGTHS],
        "standard": [Condition(volley=strength * volley)],
        "delayed": [Condition(n, at=-d, volley=strength * volley) for d in DELAYS],
        "counted": [Condition(k, at=-delay, volley=strength * volley) for k in ks],
        "branches": [Condition(n, branches=b) for b in (1, 2, 3)],
        "spike": [Condition(pulse=spike)],
        "tuft_count": [Condition(k, tuft=True, at=TUFT_AHEAD, pulse=spike) for k in ks],
        "tuft_window": [
            Condition(k, tuft=True, at=d, pulse=spike) for k in TUFT_SYNAPSES for d in TUFT_DELAYS
        ],
        "basal_burst": [Condition(n, at=-delay, pulse=spike)],
    }

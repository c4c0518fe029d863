"""What fluctuates in each condition; sets of columns are those of `in_vivo`."""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import ms, mV

from htm_brian.cells.spread import spread_by
from htm_brian.parameters import Model


@dataclass(frozen=True)
class Condition:
    """What fluctuates in a network.

    Attributes
    ----------
    name : str
    noise : float
        Of resting somata, mV.
    release : str
        "model" for synapses that fail as the model says, "reliable" for none that fails.
    column_jitter : float
        Of volleys, ms, shared by a column.
    variation : float
        Of volleys' conductance between cells.
    """

    name: str
    noise: float = 0.0
    release: str = "model"
    column_jitter: float = 0.0
    variation: float = 0.0

    def model(self, network: Model) -> Model:
        """Return a network model of either level that fluctuates so; its cells are alike."""
        values: dict[str, object] = {
            "membrane_noise.standard_deviation": self.noise * mV,
            "relay.column_jitter": self.column_jitter * ms,
            "relay.variation": self.variation,
        }
        if "spread" in network:
            values |= spread_by(0.0)
        return network.with_values(values)


QUIET = "no noise, every release"
NOISE_1, NOISE_2 = "1 mV, own release", "2 mV, own release"
JITTER_1, JITTER_2 = "1 mV, own release, jitter", "2 mV, own release, jitter"

CONDITIONS = (
    Condition(QUIET, release="reliable"),
    Condition(NOISE_1, 1.0),
    Condition(NOISE_2, 2.0),
    Condition(JITTER_1, 1.0, column_jitter=2.0, variation=0.1),
    Condition(JITTER_2, 2.0, column_jitter=2.0, variation=0.1),
)
"""The last two are those of the table of `in_vivo` in which one neuron is a cell."""
QUICK_CONDITIONS = CONDITIONS[:1]

"""What fluctuates in each condition; sets and segments are `htm_brian.streams.predicted_sets`."""

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
        Of membranes, mV.
    spread : float
        Coefficient of variation of threshold, leak and synapses.
    column_jitter, neuron_jitter : float
        Of volleys, ms: shared by a column, and of each neuron.
    variation : float
        Of volleys' conductance.
    neurons, cells : int
        To a cell, and cells to a column.
    """

    name: str
    noise: float = 0.0
    spread: float = 0.0
    column_jitter: float = 2.0
    neuron_jitter: float = 0.0
    variation: float = 0.1
    neurons: int = 1
    cells: int = 8

    def model(self, network: Model) -> Model:
        """Return a network model that fluctuates so."""
        return network.with_values(
            {
                **spread_by(self.spread),
                "membrane_noise.standard_deviation": self.noise * mV,
                "relay.column_jitter": self.column_jitter * ms,
                "relay.neuron_jitter": self.neuron_jitter * ms,
                "relay.variation": self.variation,
            }
        )


SINGLE_1, SINGLE_1_SPREAD = "1 neuron, 1 mV, cells alike", "1 neuron, 1 mV, spread"
SINGLE_2, SINGLE_2_SPREAD = "1 neuron, 2 mV, cells alike", "1 neuron, 2 mV, spread"
MANY_2, MANY_3 = "16 neurons, 2 mV, spread", "16 neurons, 3 mV, spread"
MANY_2_JITTER = "16 neurons, 2 mV, spread, jitter of each neuron"
WIDE_3 = "16 neurons, 3 mV, spread, 32 cells a column"
STILL = "nothing"
QUIET = {"column_jitter": 0.0, "variation": 0.0}

TABLE = (
    Condition(SINGLE_1, 1.0),
    Condition(SINGLE_1_SPREAD, 1.0, 0.1),
    Condition(SINGLE_2, 2.0),
    Condition(SINGLE_2_SPREAD, 2.0, 0.1),
    Condition(MANY_2, 2.0, 0.1, neurons=16),
    Condition(MANY_2_JITTER, 2.0, 0.1, neuron_jitter=2.0, neurons=16),
    Condition(MANY_3, 3.0, 0.1, neurons=16),
    Condition(WIDE_3, 3.0, 0.1, neurons=16, cells=32),
)
FACTORS = (
    Condition(STILL, **QUIET),  # type: ignore[arg-type]
    Condition("noise of 2 mV alone", 2.0, **QUIET),  # type: ignore[arg-type]
    Condition("spread of cells alone", 0.0, 0.1, **QUIET),  # type: ignore[arg-type]
    Condition("jitter of columns alone", variation=0.0),
    Condition("jitter of neurons alone", column_jitter=0.0, neuron_jitter=2.0, variation=0.0),
    Condition("variation of volleys alone", column_jitter=0.0),
    Condition("all together", 2.0, 0.1, neuron_jitter=2.0),
)
CURVE = tuple(Condition(f"1 neuron, {sd:g} mV, alike", sd) for sd in (0.0, 0.5, 1.5, 3.0))
CONDITIONS = TABLE + FACTORS + CURVE
QUICK_CONDITIONS = (
    *(each for each in TABLE if each.name in (SINGLE_1, SINGLE_1_SPREAD, SINGLE_2)),
    Condition(MANY_2, 2.0, 0.1, neurons=16, cells=4),
    *FACTORS[:1],
)

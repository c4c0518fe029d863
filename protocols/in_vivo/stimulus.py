"""Sets of columns, the segments that predict them, and what fluctuates in each condition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2 import ms, mV
from numpy.random import Generator
from numpy.typing import NDArray

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.parameters import Model

PREDICTED_SHARE = 0.5
"""Of the columns of an element."""
FALSE_SHARE = 0.25
"""Predicted cells whose columns are not driven, per column that is."""
PERMANENCE = 0.6
"""Of every synapse; all are connected."""


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
        values: dict[str, object] = {
            f"spread.{key}": self.spread for key in ("threshold", "leak", "strength")
        }
        return network.with_values(
            {
                **values,
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


def make_stimulus(
    columns: int, cells: int, active: int, elements: int, rng: Generator
) -> tuple[list[NDArray[np.int64]], SegmentTable]:
    """Return sets of active columns, and segments that predict a cell in half of each set.

    They predict some cells of other columns as well. A segment's synapses come from one cell of
    each column of the set before.
    """
    sets, owners, sources = [], [], []
    before = np.empty(0, dtype=np.int64)
    for _ in range(elements):
        chosen = np.sort(rng.choice(columns, active, replace=False))
        winners = chosen * cells + rng.integers(0, cells, active)
        if before.size:
            others = rng.choice(
                np.setdiff1d(np.arange(columns), chosen), round(FALSE_SHARE * active), replace=False
            )
            right = rng.permutation(winners)[: round(PREDICTED_SHARE * active)]
            for cell in (*right, *(others * cells)):
                owners.append(int(cell))
                sources.append(before)
        sets.append(chosen)
        before = winners
    presynaptic = np.concatenate(sources).astype(np.int32)
    table = SegmentTable(
        np.array(owners, dtype=np.int32),
        np.arange(len(owners) + 1) * active,
        presynaptic,
        np.full(len(presynaptic), PERMANENCE, dtype=np.float32),
        n_cells=columns * cells,
    )
    return sets, table

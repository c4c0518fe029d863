"""Elements of which a share was predicted and a share gets feedback, both drawn apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from brian2 import mV
from numpy.random import Generator
from numpy.typing import NDArray

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.parameters import Model

if TYPE_CHECKING:
    from htm_brian.protocols.two_bursts import TwoBurstsParameters

Columns = NDArray[np.int64]

FALSE_SHARE = 0.25
"""Predicted cells whose columns are not driven, per column that is; as many get feedback alone."""
PERMANENCE = 0.6
"""Of every synapse; all are connected."""


@dataclass(frozen=True)
class Setting:
    """What the networks are like in one series of runs.

    Attributes
    ----------
    name : str
    dose : float
        Tuft synapses of a cell that feedback opens, over the number that alone makes a calcium
        spike.
    noise : float
        Of resting somata, mV.
    release : str
        Of distal synapses: "model" or "reliable".
    """

    name: str
    dose: float
    noise: float = 0.0
    release: str = "reliable"

    def model(self, network: Model) -> Model:
        """Return a network of level 2 with this noise."""
        return network.with_values({"membrane_noise.standard_deviation": self.noise * mV})


SETTINGS = (
    Setting("half", 0.5),
    Setting("none", 0.0),
    Setting("a quarter", 0.25),
    Setting("three quarters", 0.75),
    Setting("half, 1 mV of noise", 0.5, 1.0, "model"),
)
"""The first decides."""


@dataclass(frozen=True)
class Element:
    """What comes at once.

    Attributes
    ----------
    driven : ndarray of int
        Columns with a volley.
    foreseen : ndarray of int
        Those of them with a cell that segments predict.
    foreseen_cells : ndarray of int
        That cell of each of these.
    feedback : ndarray of int
        Those of them whose cells get feedback at their tufts.
    alone : ndarray of int
        Columns that get feedback and no volley.
    """

    driven: Columns
    foreseen: Columns
    foreseen_cells: NDArray[np.int64]
    feedback: Columns
    alone: Columns


@dataclass(frozen=True)
class Task:
    """Elements, and the segments by which each predicts the next.

    Attributes
    ----------
    elements : list of Element
    segments : SegmentTable
    """

    elements: list[Element]
    segments: SegmentTable


def draw_task(p: TwoBurstsParameters, rng: Generator) -> Task:
    """Draw one element for each pair of shares, in random order, after a first one.

    No column is driven in two elements one after the other. A segment's synapses come from one cell
    of each column of the element before; segments go to those cells that have fewest.
    """
    pairs = [(predicted, feedback) for predicted in p.shares for feedback in p.shares]
    order = [(0.0, 0.0), *(pairs[k] for k in rng.permutation(len(pairs)))]
    n_segments = np.zeros((p.columns, p.cells))
    elements: list[Element] = []
    owners: list[int] = []
    sources: list[Columns] = []
    before = np.empty(0, dtype=np.int64)
    for predicted, feedback in order:
        free = np.setdiff1d(np.arange(p.columns), before // p.cells)
        drawn = rng.permutation(free)
        driven, others = np.sort(drawn[: p.active]), drawn[p.active :]
        n_false = round(FALSE_SHARE * p.active)
        foreseen = np.sort(rng.permutation(driven)[: round(predicted * p.active)])
        chosen: dict[int, int] = {}
        if before.size:
            for column in (*foreseen, *others[:n_false]):
                n_segments_there = n_segments[column] + 0.5 * rng.random(p.cells)
                cell = chosen[int(column)] = int(np.argmin(n_segments_there))
                n_segments[column, cell] += 1
                owners.append(int(column * p.cells + cell))
                sources.append(before)
        elements.append(
            Element(
                driven,
                foreseen,
                np.array([c * p.cells + chosen[int(c)] for c in foreseen], dtype=np.int64),
                np.sort(rng.permutation(driven)[: round(feedback * p.active)]),
                np.sort(others[n_false : 2 * n_false]),
            )
        )
        # Of a column that is foreseen only the predicted cell fires.
        winners = [chosen.get(int(column), int(rng.integers(p.cells))) for column in driven]
        before = driven * p.cells + np.array(winners)
    presynaptic = np.concatenate(sources).astype(np.int32)
    table = SegmentTable(
        np.array(owners, dtype=np.int32),
        np.arange(len(owners) + 1) * p.active,
        presynaptic,
        np.full(len(presynaptic), PERMANENCE, dtype=np.float32),
        n_cells=p.columns * p.cells,
    )
    return Task(elements, table)

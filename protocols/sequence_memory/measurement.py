"""Runs of memories on the streams, and the smoothed accuracy of each."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.permanence import IncidenceRate
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.experiment.progress import Progress
from htm_brian.protocols.sequence_memory.peers import (
    ONE_CELL,
    PEERS_ACCURACY,
    PEERS_LOWEST,
    PEERS_SPREAD,
    SWITCHED,
    WHOLE,
)
from htm_brian.streams.sequences_in_noise import NEW_SEQUENCES, SEQUENCES, smoothed

if TYPE_CHECKING:
    from htm_brian.protocols.sequence_memory import SequenceMemoryParameters

PERMANENCES: dict[str, dict[str, Any]] = {
    "8 bits": {"permanence_bits": 8},
    "4 bits": {"permanence_bits": 4},
    "2 bits": {"permanence_bits": 2},
    "2 bits, to nearest": {"permanence_bits": 2, "rounding": "nearest"},
    "incidence rate 0.2": {"permanence_rule": IncidenceRate(10.0, 0.2), "initial_permanence": 0.21},
    "incidence rate 0.1": {"permanence_rule": IncidenceRate(10.0, 0.1), "initial_permanence": 0.21},
    "incidence rate 0.5": {"permanence_rule": IncidenceRate(10.0, 0.5), "initial_permanence": 0.21},
    "incidence rate 0.5, new at 0.5": {"permanence_rule": IncidenceRate(10.0, 0.5)},
}


class Runs:
    """Carries out the runs and keeps the accuracy of each."""

    def __init__(self, parameters: SequenceMemoryParameters, progress: Progress) -> None:
        self.parameters = parameters
        self.progress = progress
        deaths = [_dead(share) for share in (0.0, *parameters.deaths)]
        kinds = dict.fromkeys((SWITCHED, ONE_CELL), "stream") | dict.fromkeys(deaths, "death")
        kinds |= {name: "bits" if "bits" in name else "rule" for name in PERMANENCES}
        self.accuracy = xr.DataArray(
            np.full((len(kinds), parameters.runs, parameters.elements), np.nan, np.float32),
            dims=("condition", "number", "element"),
            coords={
                "condition": list(kinds),
                "kind": ("condition", list(kinds.values())),
                "number": np.arange(parameters.runs),
            },
        )
        after = parameters.elements - parameters.switch
        per_stream = (2 + len(PERMANENCES)) * parameters.switch + after
        per_damaged = parameters.switch + len(parameters.deaths) * after
        whole = min(parameters.seeds, parameters.damaged_memories) * after
        total = parameters.seeds * per_stream + parameters.damaged_memories * per_damaged + whole
        progress.begin("elements of the streams", total)

    def switched(self, number: int) -> None:
        """Run one stream whose sequences change, on the full memory and on one-cell columns."""
        p, seed = self.parameters, self.parameters.seed + number
        columns, _ = p.stream(seed, NEW_SEQUENCES)
        self._record(SWITCHED, number, self._feed(p.memory(seed), columns))
        first_order = p.memory(seed, cells_per_column=1)
        self._record(ONE_CELL, number, self._feed(first_order, columns[: p.switch]))

    def damaged(self, number: int) -> None:
        """Train one memory on the peers' stream, and go on with copies of which cells die."""
        p = self.parameters
        columns, order_of_death = p.stream(p.seed, SEQUENCES)
        memory = p.memory(p.seed + number)
        before = self._feed(memory, columns[: p.switch])
        for share in (0.0, *p.deaths) if number < p.seeds else p.deaths:
            survivor = copy.deepcopy(memory)
            if share > 0.0:
                survivor.kill_cells(order_of_death[: round(share * memory.n_cells)])
            after = self._feed(survivor, columns[p.switch :])
            self._record(_dead(share), number, [*before, *after])

    def other_permanences(self, number: int) -> None:
        """Train memories with other permanences on the peers' stream."""
        p = self.parameters
        columns, _ = p.stream(p.seed, SEQUENCES)
        for name, changes in PERMANENCES.items():
            memory = p.memory(p.seed + number, **changes)
            self._record(name, number, self._feed(memory, columns[: p.switch]))

    def _feed(self, memory: TemporalMemory, columns: Iterable[NDArray[np.int64]]) -> list[float]:
        """Return, for each element, the share of predicted columns that became active."""
        right = []
        for element, active in enumerate(columns):
            if self.progress.interrupted:
                break
            memory.compute(active)
            n_predicted = len(memory.predicted_columns)
            n_right = len(active) - len(memory.column_bursts)
            right.append(n_right / n_predicted if n_predicted else 0.0)
            if element % 100 == 99:
                self.progress.advance(100)
        return right

    def _record(self, condition: str, number: int, right: Sequence[float]) -> None:
        accuracy = smoothed(right)
        self.accuracy.loc[{"condition": condition, "number": number}][: len(right)] = accuracy

    def dataset(self) -> xr.Dataset:
        """Return all accuracies, and the peers' as far as the elements go."""
        known = {element for by_element in PEERS_ACCURACY.values() for element in by_element}
        marks = [element for element in sorted(known) if element < self.parameters.elements]
        names = self.accuracy.condition.to_numpy().tolist()
        peers = [
            [PEERS_ACCURACY.get(name, {}).get(mark, np.nan) for mark in marks] for name in names
        ]
        return xr.Dataset(
            {
                "accuracy": self.accuracy,
                "peers": (("condition", "mark"), np.reshape(peers, (len(names), len(marks)))),
                "peers_spread": ("mark", [PEERS_SPREAD.get(mark, np.nan) for mark in marks]),
                "peers_lowest": ("condition", [PEERS_LOWEST.get(name, np.nan) for name in names]),
            },
            coords={"mark": marks},
            attrs={"switch": self.parameters.switch},
        )


def _dead(share: float) -> str:
    return f"{100 * share:g} % of cells dead" if share > 0.0 else WHOLE

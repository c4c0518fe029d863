"""A plain, slow temporal memory, written from the published description alone.

Dictionaries and lists, no index, nothing kept between steps but what the description names. The
only thing it shares with the package are permanence rules as objects. Arithmetic is in float32, so
that results can be compared exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from htm_brian.abstract.permanence import PermanenceRule

EPSILON = np.float32(1e-5)


class Segment:
    """Synapses of a cell."""

    def __init__(self, cell: int, iteration: int) -> None:
        self.cell = cell
        self.last_used = iteration
        self.synapses: dict[int, Any] = {}  # presynaptic cell -> permanence, in order of creation


class ReferenceTemporalMemory:
    """The lowest index wins every tie; parameters are those of `TemporalMemory`."""

    def __init__(
        self,
        columns: int,
        cells_per_column: int,
        rule: PermanenceRule,
        activation_threshold: int,
        min_threshold: int,
        initial_permanence: float,
        connected_permanence: float,
        predicted_decrement: float,
        max_new_synapses: int,
        max_segments_per_cell: int,
        max_synapses_per_segment: int,
        reuse_previous_winner: bool = False,
        remove_weakest: bool = False,
        slope: float = math.inf,
        predict_first: bool = False,
    ) -> None:
        self.cells_per_column = cells_per_column
        self.rule = rule
        self.activation_threshold = activation_threshold
        self.min_threshold = min_threshold
        self.initial_permanence = np.float32(initial_permanence)
        self.connected_permanence = connected_permanence
        self.predicted_decrement = np.float32(predicted_decrement)
        self.max_new_synapses = max_new_synapses
        self.max_segments_per_cell = max_segments_per_cell
        self.max_synapses_per_segment = max_synapses_per_segment
        self.reuse_previous_winner = reuse_previous_winner
        self.remove_weakest = remove_weakest
        self.slope = slope
        self.predict_first = predict_first
        self.segments: dict[int, list[Segment]] = {
            cell: [] for cell in range(columns * cells_per_column)
        }
        self.iteration = 0
        self.reset()

    def reset(self) -> None:
        """Forget the present, not what was learned."""
        self.active_cells: list[int] = []
        self.winner_cells: list[int] = []
        self.active_segments: list[Segment] = []
        self.matching_segments: list[Segment] = []
        self.anomaly = 0.0

    def compute(
        self,
        active_columns: Collection[int],
        learn: bool = True,
        external_active: Sequence[int] = (),
        external_winners: Sequence[int] = (),
    ) -> None:
        """Take one step."""
        before = set(self.active_cells)  # of the previous step, external ones included
        candidates = sorted(self.winner_cells)
        active: list[int] = []
        winners: list[int] = []
        bursts, to_do = 0, list[tuple[Any, ...]]()
        for column in range(len(self.segments) // self.cells_per_column):
            predicting = [s for s in self.active_segments if self.column(s.cell) == column]
            matching = [s for s in self.matching_segments if self.column(s.cell) == column]
            if column not in active_columns:
                if learn and self.predicted_decrement > 0:
                    for segment in matching:
                        to_do.append((self.change, segment, before, self.punished))
            elif predicting:
                cells = sorted({s.cell for s in predicting})
                active += cells
                winners += cells
                if learn:
                    for segment in predicting:
                        to_do.append((self.learn, segment, before, candidates))
            else:
                bursts += 1
                cells = self.cells_of(column)
                active += cells
                if matching:
                    best = max(matching, key=lambda s: self.matched[s])
                    winners.append(best.cell)
                    if learn:
                        to_do.append((self.learn, best, before, candidates))
                else:
                    again = [c for c in cells if c in candidates]
                    if self.reuse_previous_winner and again:
                        cells = again
                    winner = min(cells, key=lambda c: len(self.segments[c]))
                    winners.append(winner)
                    if learn and candidates:
                        to_do.append((self.begin, winner, candidates))
        self.anomaly = bursts / len(active_columns) if len(active_columns) else 0.0
        self.active_cells = sorted(active) + list(external_active)
        self.winner_cells = sorted(winners) + list(external_winners)
        if self.predict_first:
            self.predict()
        for act, *arguments in to_do:
            act(*arguments)
        if not self.predict_first:
            self.predict()
        there = {s for cell in self.segments for s in self.segments[cell]}
        self.active_segments = [s for s in self.active_segments if s in there]
        self.matching_segments = [s for s in self.matching_segments if s in there]
        if learn:
            for segment in self.active_segments:
                segment.last_used = self.iteration
            self.iteration += 1

    def begin(self, cell: int, candidates: Sequence[int]) -> None:
        """Give a cell a segment."""
        self.grow(self.create(cell), candidates, self.max_new_synapses)

    def predict(self) -> None:
        """Tell which segments are active, and which match."""
        active = set(self.active_cells)
        everything = [s for cell in sorted(self.segments) for s in self.segments[cell]]
        self.active_segments = [
            s for s in everything if self.weight(s, active) >= self.activation_threshold
        ]
        self.matching_segments = [
            s for s in everything if self.overlap(s, active) >= self.min_threshold
        ]
        self.matched = {s: self.overlap(s, active) for s in self.matching_segments}

    @property
    def predictive_cells(self) -> list[int]:
        """Cells with an active segment."""
        return sorted({s.cell for s in self.active_segments})

    def column(self, cell: int) -> int:
        """Return the column of a cell."""
        return cell // self.cells_per_column

    def cells_of(self, column: int) -> list[int]:
        """Return the cells of a column."""
        return [column * self.cells_per_column + i for i in range(self.cells_per_column)]

    def overlap(self, segment: Segment, active: Collection[int]) -> int:
        """Return how many synapses of a segment are active."""
        return sum(cell in active for cell in segment.synapses)

    def weight(self, segment: Segment, active: Collection[int]) -> float:
        """Return the weight of the active synapses, 1 for each that is connected."""
        total = 0.0
        for cell, p in segment.synapses.items():
            if cell in active and math.isinf(self.slope):
                total += p >= np.float32(self.connected_permanence - 1e-5)
            elif cell in active:
                total += 1 / (1 + math.exp(-self.slope * (float(p) - self.connected_permanence)))
        return total

    def learn(self, segment: Segment, before: Collection[int], candidates: Sequence[int]) -> None:
        """Let a segment learn by the rule, and grow."""
        wanted = self.max_new_synapses - self.overlap(segment, before)
        self.change(segment, before, self.rule.update)
        if segment.synapses:
            self.grow(segment, candidates, wanted)

    def punished(self, permanence: Any, active: Any) -> Any:
        """Return the permanences after a wrong prediction."""
        return np.clip(permanence - self.predicted_decrement * active, 0, 1)

    def change(
        self, segment: Segment, before: Collection[int], update: Callable[[Any, Any], Any]
    ) -> None:
        """Change the permanences of a segment; weak synapses go."""
        permanence = np.array(list(segment.synapses.values()), dtype=np.float32)
        active = np.array([cell in before for cell in segment.synapses])
        new = update(permanence, active)
        segment.synapses = {
            cell: p
            for cell, p in zip(segment.synapses, new, strict=True)
            if p >= np.float32(self.rule.prune_below)
        }
        if not segment.synapses:
            self.segments[segment.cell].remove(segment)

    def create(self, cell: int) -> Segment:
        """Return a new segment; a full cell loses another."""
        here = self.segments[cell]
        if len(here) == self.max_segments_per_cell:
            if self.remove_weakest:
                here.remove(
                    min(here, key=lambda s: sum(float(p) ** 2 for p in s.synapses.values()))
                )
            else:
                here.remove(min(here, key=lambda s: s.last_used))
        here.append(Segment(cell, self.iteration))
        return here[-1]

    def grow(self, segment: Segment, candidates: Sequence[int], wanted: int) -> None:
        """Grow synapses; where there is no room, the weakest go."""
        synapses = segment.synapses
        free = [c for c in candidates if c not in synapses][: max(wanted, 0)]
        for _ in range(len(synapses) + len(free) - self.max_synapses_per_segment):
            weakest: int | None = None
            least = np.float32(np.inf)
            for cell, p in synapses.items():
                if cell not in candidates and p < least - EPSILON:
                    weakest, least = cell, p
            if weakest is None:
                break
            del synapses[weakest]
        for cell in free[: self.max_synapses_per_segment - len(synapses)]:
            synapses[cell] = self.initial_permanence

    def add_segment(self, cell: int, synapses: dict[int, float]) -> None:
        """Add a segment by hand and predict anew."""
        segment = Segment(cell, self.iteration)
        segment.synapses = {c: np.float32(p) for c, p in synapses.items()}
        self.segments[cell].append(segment)

    def table(self) -> list[tuple[int, dict[int, float]]]:
        """Segments as (cell, {presynaptic: permanence}), by cell and then by age."""
        return [
            (cell, {int(c): float(p) for c, p in s.synapses.items()})
            for cell in sorted(self.segments)
            for s in self.segments[cell]
        ]

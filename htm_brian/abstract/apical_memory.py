"""What the memories of `apical_tiebreak` have in common: all but when they look at their input."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.depolarisation import AT_REST, Depolarisation, reached
from htm_brian.abstract.indices import NOTHING, Indices, distinct, first_of_largest, mask_of
from htm_brian.abstract.kernels import apical_kernels, temporal_kernels
from htm_brian.abstract.kernels import store_kernels as kernels
from htm_brian.abstract.permanence import PermanenceRule, affine_parameters, of_rule
from htm_brian.abstract.saving import read_memory, restore_store, store_arrays, write_memory
from htm_brian.abstract.segments import layout
from htm_brian.abstract.segments.store import TIE_BREAKS, SegmentStore
from htm_brian.abstract.temporal_parameters import check_matching, chosen_permanence, chosen_rule
from htm_brian.arguments import check_choice, check_integer, check_number
from htm_brian.errors import InputError


class ApicalTiebreakMemory:
    """What both memories share, all but `compute`; see `apical_tiebreak`.

    Parameters
    ----------
    columns, cells_per_column : int
    basal_input_size, apical_input_size : int
        Numbers of presynaptic cells.
    activation_threshold : int, default=13
    reduced_basal_threshold : int, optional
        Threshold of the basal segments of a cell with an active apical segment, while not
        learning; `activation_threshold` when left out.
    min_threshold : int, default=10
    sample_size : int, default=20
        A learning segment grows until it has so many active synapses; -1 to grow to all
        candidates, which merges contexts.
    initial_permanence, connected_permanence : float, optional
        Those of the permanence rule when left out.
    permanence_increment, permanence_decrement : float, default=0.1
    basal_predicted_decrement, apical_predicted_decrement : float, default=0.0
        What active synapses of a matching segment lose when its column stays inactive.
    max_segments_per_cell, max_synapses_per_segment : int, default=255
        Limits for each kind of segments.
    seed : int, default=42
    permanence_rule : PermanenceRule, optional
    tie_break : {"random", "lowest_index"}, default="random"

    Attributes
    ----------
    basal, apical : SegmentStore
    """

    def __init__(
        self,
        columns: int,
        cells_per_column: int,
        basal_input_size: int,
        apical_input_size: int,
        activation_threshold: int = 13,
        reduced_basal_threshold: int | None = None,
        min_threshold: int = 10,
        sample_size: int = 20,
        initial_permanence: float | None = None,
        connected_permanence: float | None = None,
        permanence_increment: float = 0.1,
        permanence_decrement: float = 0.1,
        basal_predicted_decrement: float = 0.0,
        apical_predicted_decrement: float = 0.0,
        max_segments_per_cell: int = 255,
        max_synapses_per_segment: int = 255,
        seed: int = 42,
        *,
        permanence_rule: PermanenceRule | None = None,
        tie_break: str = "random",
    ) -> None:
        self.columns = check_integer("columns", columns, low=1)
        self.cells_per_column = check_integer("cells_per_column", cells_per_column, low=1)
        self.n_cells = self.columns * self.cells_per_column
        limit = check_integer("max_synapses_per_segment", max_synapses_per_segment, low=1)
        self.activation_threshold = check_integer(
            "activation_threshold", activation_threshold, 1, limit
        )
        self.reduced_basal_threshold = self.activation_threshold
        if reduced_basal_threshold is not None:
            self.reduced_basal_threshold = check_integer(
                "reduced_basal_threshold", reduced_basal_threshold, 1, self.activation_threshold
            )
        self.min_threshold = check_integer("min_threshold", min_threshold, 1, limit)
        check_matching(self.min_threshold, self.activation_threshold)
        self.sample_size = check_integer("sample_size", sample_size, low=-1)
        if self.sample_size == 0:
            raise InputError("sample_size must be positive, or -1 for all candidates, got 0")
        rule = chosen_rule(permanence_rule, permanence_increment, permanence_decrement)
        self.permanence_rule = rule
        self.initial_permanence = chosen_permanence("initial_permanence", initial_permanence, rule)
        self.connected_permanence = chosen_permanence(
            "connected_permanence", connected_permanence, rule
        )
        self._affine = affine_parameters(rule)
        self._prune_below = of_rule(rule, "prune_below")
        self.basal_predicted_decrement = check_number(
            "basal_predicted_decrement", basal_predicted_decrement, 0.0, 1.0
        )
        self.apical_predicted_decrement = check_number(
            "apical_predicted_decrement", apical_predicted_decrement, 0.0, 1.0
        )
        self.tie_break = check_choice("tie_break", tie_break, TIE_BREAKS)
        seeds = np.random.SeedSequence(check_integer("seed", seed, low=0)).generate_state(2)
        sizes = (
            check_integer("basal_input_size", basal_input_size, low=1),
            check_integer("apical_input_size", apical_input_size, low=1),
        )
        self.basal, self.apical = (
            SegmentStore(self.n_cells, max_segments_per_cell, limit, n_inputs=size, seed=int(one))
            for size, one in zip(sizes, seeds, strict=True)
        )
        self.iteration = 0
        self._rest()

    def _rest(self) -> None:
        self._active_columns = self._predicted_columns = self._column_bursts = NOTHING
        self._active_cells = self._winner_cells = self._predicted_cells = NOTHING
        self._basal_state = self._apical_state = AT_REST

    def reset(self) -> None:
        """Forget the present: no active cells, no winners, no prediction. Segments stay."""
        self._rest()

    # What the step did.

    @property
    def active_columns(self) -> Indices:
        """Columns of the last step's input."""
        return self._active_columns.copy()

    @property
    def predicted_columns(self) -> Indices:
        """Columns that had been predicted for the last step."""
        return self._predicted_columns.copy()

    @property
    def column_bursts(self) -> Indices:
        """Active columns of the last step that had not been predicted."""
        return self._column_bursts.copy()

    @property
    def active_cells(self) -> Indices:
        """Cells that became active."""
        return self._active_cells.copy()

    @property
    def winner_cells(self) -> Indices:
        """Cells that learned: predicted and active ones, and one in each bursting column."""
        return self._winner_cells.copy()

    @property
    def active_basal_segments(self) -> Indices:
        """Active basal segments, by cell and then by age."""
        return self._basal_state.active.copy()

    @property
    def active_apical_segments(self) -> Indices:
        """Active apical segments, by cell and then by age."""
        return self._apical_state.active.copy()

    @property
    def anomaly(self) -> float:
        """Share of the last step's active columns that had not been predicted; 0 for no input."""
        n = len(self._active_columns)
        return len(self._column_bursts) / n if n else 0.0

    # Saving.

    def save(self, path: str | Path) -> None:
        """Write everything into one file, from which `load` restores it bit for bit."""
        arrays = store_arrays(self.basal, "basal_") | store_arrays(self.apical, "apical_")
        arrays |= {name: getattr(self, f"_{name}") for name in self._saved}
        for kind in ("basal", "apical"):
            state = getattr(self, f"_{kind}_state")
            arrays |= {f"{kind}_state_{name}": getattr(state, name) for name in state._fields}
        arrays["iteration"] = np.array(self.iteration)
        write_memory(path, type(self).__name__, self._config(), arrays)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Restore a memory; its next steps are those of the one that was saved."""
        config, members = read_memory(path, cls.__name__)
        memory = cls(**config)
        for name in cls._saved:
            setattr(memory, f"_{name}", members[name])
        for kind in ("basal", "apical"):
            restore_store(getattr(memory, kind), members, f"{kind}_")
            state = {name: members[f"{kind}_state_{name}"] for name in Depolarisation._fields}
            setattr(memory, f"_{kind}_state", Depolarisation(**state))
        memory.iteration = int(members["iteration"])
        return memory

    _saved: tuple[str, ...] = (
        "active_columns",
        "predicted_columns",
        "column_bursts",
        "active_cells",
        "winner_cells",
        "predicted_cells",
    )

    def _config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, of which the seed is spent."""
        names = (
            "columns",
            "cells_per_column",
            "activation_threshold",
            "reduced_basal_threshold",
            "min_threshold",
            "sample_size",
            "initial_permanence",
            "connected_permanence",
            "basal_predicted_decrement",
            "apical_predicted_decrement",
            "permanence_rule",
            "tie_break",
        )
        return {name: getattr(self, name) for name in names} | {
            "basal_input_size": self.basal.n_inputs,
            "apical_input_size": self.apical.n_inputs,
            "max_segments_per_cell": self.basal.max_segments_per_cell,
            "max_synapses_per_segment": self.basal.max_synapses_per_segment,
        }

    # The two halves of a step.

    def _depolarise(self, basal_input: Indices, apical_input: Indices, learn: bool) -> None:
        """Find the segments that the input reaches, and the cells that they predict."""
        thresholds = self.connected_permanence, self.activation_threshold, self.min_threshold
        self._apical_state = reached(self.apical, apical_input, *thresholds)
        supported = mask_of(self.n_cells, self.apical.owner[self._apical_state.active])
        eased = None if learn else supported
        self._basal_state = reached(
            self.basal, basal_input, *thresholds, self.reduced_basal_threshold, eased
        )
        cells = distinct(self.basal.owner[self._basal_state.active])
        full = supported[cells]
        inhibited = mask_of(self.columns, cells[full] // self.cells_per_column)
        self._predicted_cells = cells[full | ~inhibited[cells // self.cells_per_column]]
        if learn:
            self.basal.touch(self._basal_state.active, self.iteration)
            self.apical.touch(self._apical_state.active, self.iteration)
            self.iteration += 1

    def _activate(
        self,
        active_columns: Indices,
        basal_input: Indices,
        apical_input: Indices,
        basal_candidates: Indices,
        apical_candidates: Indices,
        learn: bool,
    ) -> None:
        """Activate predicted cells or whole columns, and learn from what had been predicted."""
        predicted = self._predicted_cells
        is_active = mask_of(self.columns, active_columns)
        correct = predicted[is_active[predicted // self.cells_per_column]]
        predicted_columns = distinct(predicted // self.cells_per_column)
        bursts = active_columns[~mask_of(self.columns, predicted_columns)[active_columns]]
        basal = self._basal_state
        learning, wanted, without = self._best_of_bursting_columns(bursts)
        matched = self.basal.owner[learning]
        right = mask_of(self.n_cells, correct)[self.basal.owner[basal.active]]
        learning = np.concatenate((basal.active[right], learning))
        wanted = np.concatenate((basal.active_potential[right], wanted))
        new_cells = np.empty(len(without), dtype=np.int64)
        temporal_kernels.least_used_cells(
            self.basal.arrays,
            without,
            self.cells_per_column,
            self.tie_break == "lowest_index",
            new_cells,
        )
        winners = np.sort(np.concatenate((correct, matched, new_cells))).astype(np.int64)
        if learn:
            self._learn(
                self.basal,
                basal,
                is_active,
                (learning, wanted, new_cells),
                basal_input,
                basal_candidates,
                self.basal_predicted_decrement,
            )
            self._learn(
                self.apical,
                self._apical_state,
                is_active,
                self._apical_learning(winners),
                apical_input,
                apical_candidates,
                self.apical_predicted_decrement,
            )
        burst_cells = bursts[:, None] * self.cells_per_column + np.arange(self.cells_per_column)
        self._active_columns = active_columns
        self._predicted_columns = predicted_columns
        self._column_bursts = bursts
        self._active_cells = np.sort(np.concatenate((correct, burst_cells.ravel())))
        self._winner_cells = winners

    def _best_of_bursting_columns(self, bursts: Indices) -> tuple[Indices, Indices, Indices]:
        """Return the best matching segments, their overlaps, and the columns that have none."""
        state = self._basal_state
        column = self.basal.owner[state.matching] // self.cells_per_column
        there = mask_of(self.columns, bursts)[column]
        best = first_of_largest(state.potential[there], column[there])
        with_match = mask_of(self.columns, column[there])
        return (
            state.matching[there][best],
            state.potential[there][best],
            bursts[~with_match[bursts]],
        )

    def _apical_learning(self, winners: Indices) -> tuple[Indices, Indices, Indices]:
        """Return the apical segments that learn, their overlaps, and cells that need a new one."""
        state, owner = self._apical_state, self.apical.owner
        active = mask_of(self.n_cells, winners)[owner[state.active]]
        rest = winners[~mask_of(self.n_cells, owner[state.active])[winners]]
        there = mask_of(self.n_cells, rest)[owner[state.matching]]
        best = first_of_largest(state.potential[there], owner[state.matching][there])
        return (
            np.concatenate((state.active[active], state.matching[there][best])),
            np.concatenate((state.active_potential[active], state.potential[there][best])),
            rest[~mask_of(self.n_cells, owner[state.matching])[rest]],
        )

    def _learn(
        self,
        store: SegmentStore,
        state: Depolarisation,
        is_active: NDArray[np.bool_],
        learning: tuple[Indices, Indices, Indices],
        inputs: Indices,
        candidates: Indices,
        predicted_decrement: float,
    ) -> None:
        """Adapt and grow the learning segments, punish wrong ones, create new ones."""
        segments, overlaps, new_cells = learning
        wrong = state.matching[~is_active[store.owner[state.matching] // self.cells_per_column]]
        n_growing = len(segments) + (len(new_cells) if len(candidates) else 0)
        if not n_growing and not len(wrong):
            return
        active = mask_of(store.n_inputs, inputs)
        sample, wanted = self.sample_size, self.sample_size - overlaps
        if sample == -1:
            sample, wanted = len(candidates), np.full(len(segments), len(candidates))
        affine = self._affine
        if affine is None:
            store.adapt(segments, active, self.permanence_rule)
            affine = (1.0, 0.0, 0.0)
        entries, lists = kernels.list_room(store.arrays, candidates, n_growing)
        largest = int(store.arrays.counters[layout.LARGEST]) + len(candidates)
        largest = min(largest, store.max_synapses_per_segment)
        slots = n_growing * (largest + layout.BLOCK)
        store.reserve(segments=len(new_cells), slots=slots, entries=entries, lists=lists)
        apical_kernels.learn(
            store.arrays,
            segments,
            wanted,
            wrong,
            new_cells,
            sample,
            active,
            candidates,
            *affine,
            self._prune_below,
            predicted_decrement,
            self.initial_permanence,
            self.tie_break == "lowest_index",
            self.iteration,
        )
